"""The settings of a campaign, checked together."""

from dataclasses import dataclass, field
from datetime import time
from typing import Any, Self

from cells.errors import RefusedError
from matching.audiences import OLDEST, YOUNGEST, Audience
from matching.models import Campaign

FEWEST_OFFERS, MOST_OFFERS = 3, 8
MOST_HELD_OUT = 50
LOWEST_EXPOSURE, HIGHEST_EXPOSURE = 0.5, 200


@dataclass(frozen=True, slots=True)
class Plan:
    """What a draft says. `exposure_factor`: how many people one open position may be shown to, all campaigns of the
    exposure window together. The screens offer 3 to 8 offers per mail; 1 and 2 are for tests and small files.
    """

    name: str
    audience: Audience = field(default_factory=Audience)
    offers_per_mail: int = 5
    exposure_factor: float = 15
    hold_out_percent: int = 0
    dedupe: str = Campaign.Dedupe.PERSON
    wording: str = Campaign.Wording.FIRST
    sends_from: time = time(8)
    sends_until: time = time(20)
    sends_on_rest_days: bool = False

    @classmethod
    def of(cls, campaign: Campaign) -> Self:
        values = {name: getattr(campaign, name) for name in COLUMNS}
        return cls(**values, audience=Audience.from_json(campaign.audience))

    def columns(self) -> dict[str, Any]:
        """Values of Campaign's fields, by name. Raises RefusedError on the first setting that is out of bounds."""
        for holds, refusal in self._rules():
            if not holds:
                raise RefusedError(refusal)
        title = " ".join(self.name.split())
        return {name: getattr(self, name) for name in COLUMNS} | {"name": title, "audience": self.audience.to_json()}

    def _rules(self) -> list[tuple[bool, str]]:
        ages = [age for age in (self.audience.age_from, self.audience.age_to) if age is not None]
        return [
            (
                1 <= len(" ".join(self.name.split())) <= 120,
                "Le nom de la campagne doit compter entre 1 et 120 caractères.",
            ),
            (1 <= self.offers_per_mail <= MOST_OFFERS, "Le nombre d’offres par mail doit être compris entre 1 et 8."),
            (
                LOWEST_EXPOSURE <= self.exposure_factor <= HIGHEST_EXPOSURE,
                "Le nombre de jeunes par poste doit être compris entre 0,5 et 200.",
            ),
            (
                0 <= self.hold_out_percent <= MOST_HELD_OUT,
                "La part du groupe témoin doit être comprise entre 0 et 50 %.",
            ),
            (self.sends_from < self.sends_until, "L’heure de fin d’envoi doit venir après l’heure de début."),
            (
                all(YOUNGEST <= age <= OLDEST for age in ages),
                f"L’âge doit être compris entre {YOUNGEST} et {OLDEST} ans.",
            ),
            (ages == sorted(ages), "L’âge le plus bas doit venir avant l’âge le plus élevé."),
        ]


COLUMNS = (
    "name",
    "offers_per_mail",
    "exposure_factor",
    "hold_out_percent",
    "dedupe",
    "wording",
    "sends_from",
    "sends_until",
    "sends_on_rest_days",
)
