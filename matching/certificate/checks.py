"""What is checked, in words, and what was found."""

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from matching.certificate.rows import Bools, Ints

EXAMPLES = 5  # named in each check

# Name: what a reader learns, and what is said when it does not hold.
WORDS = {
    "rules": ("Les règles du calcul sont celles que la vérification connaît", "le calcul suit d’autres règles"),
    "people": (
        "Tous les jeunes en recherche de la cellule, et eux seuls, ont pris part",
        "des jeunes ont été oubliés ou ajoutés",
    ),
    "offers": (
        "Toutes les offres ouvertes à portée, et elles seules, ont pris part",
        "des offres ont été oubliées ou ajoutées",
    ),
    "references": (
        "Chaque proposition nomme un jeune, un vœu et une offre du calcul",
        "des propositions nomment un jeune, un vœu ou une offre étrangers au calcul",
    ),
    "eligibility": (
        "Chaque proposition passe tous les filtres : poste, dates, mineurs, employeur, métier, niveau, distance",
        "des propositions ne passent pas tous les filtres",
    ),
    "score": ("Chaque score est la somme de ses sept parties", "des scores sont faux"),
    "distance": ("Chaque distance est exacte, au mètre", "des distances sont fausses"),
    "reasons": ("Chaque raison donnée est vraie", "des raisons sont fausses"),
    "rank": ("Les propositions d’un jeune se suivent, de la meilleure à la dernière", "des rangs sont faux"),
    "duplicate": ("Aucune offre n’est proposée deux fois à la même personne", "des offres sont proposées deux fois"),
    "person_limit": ("Personne ne reçoit plus d’offres que prévu", "des jeunes reçoivent trop d’offres"),
    "employer_limit": (
        "Personne ne reçoit trop d’offres d’un même employeur",
        "des jeunes reçoivent trop d’offres d’un même employeur",
    ),
    "budget": (
        "Le plafond de chaque offre suit ses postes ouverts et les campagnes passées",
        "des plafonds sont faux",
    ),
    "exposure": (
        "Aucune offre n’est proposée au-delà de son plafond, et le compte en est exact",
        "des offres dépassent leur plafond ou sont mal comptées",
    ),
    "counts": ("Les totaux affichés sont exacts", "des totaux sont faux"),
    "status": ("La situation de chaque jeune est exacte", "des jeunes ont une situation fausse"),
    "coverage": (
        "Aucun autre partage ne servirait plus de jeunes",
        "un autre partage servirait plus de jeunes",
    ),
    "prices": ("Aucun prix n’est négatif", "des prix sont négatifs"),
    "bound": ("L’écart à l’optimum est prouvé", "l’écart à l’optimum n’est pas celui annoncé"),
}

Example = dict[str, int]  # "person", "offer": ids


@dataclass(slots=True)
class Check:
    """`faults`: how many rows break the rule. `changed`: how many could not be judged, changed since the run."""

    name: str
    faults: int = 0
    changed: int = 0
    examples: list[Any] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return self.faults == 0

    @property
    def title(self) -> str:
        return WORDS[self.name][0]

    @property
    def complaint(self) -> str:
        return WORDS[self.name][1]

    def add(self, wrong: Bools, **ids: Ints) -> None:
        """Count the rows where `wrong`, and keep the ids of the first."""
        rows = np.flatnonzero(wrong)
        self.faults += len(rows)
        for row in rows[: EXAMPLES - len(self.examples)].tolist():
            self.examples.append({name: int(column[row]) for name, column in ids.items()})

    def judge(self, wrong: Bools, changed: Bools, **ids: Ints) -> None:
        """Like `add`, when rows that changed since the run cannot be judged."""
        self.changed += int((wrong & changed).sum())
        self.add(wrong & ~changed, **ids)

    def fail_if(self, wrong: bool) -> None:
        self.faults += wrong

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def all_checks() -> dict[str, Check]:
    return {name: Check(name) for name in WORDS}
