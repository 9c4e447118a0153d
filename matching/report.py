"""A run's figures as its pages say them: the proof, the congestion report, its chart."""

from typing import Any, NamedTuple

from cells.models import Department
from employers.models import Offer
from matching.services.congestion import LORENZ_STEPS
from matching.wording import NBSP

NARROW = "\N{NARROW NO-BREAK SPACE}"
AXES = {
    "department": "Par département de résidence",
    "age": "Par âge",
    "town": "Par taille de la commune de résidence",
}
GROUPS = {
    "minor": "Moins de 18 ans",
    "adult": "18 ans et plus",
    "village": f"Moins de 2{NARROW}000 habitants",
    "town": f"De 2{NARROW}000 à 20{NARROW}000 habitants",
    "city": f"20{NARROW}000 habitants et plus",
}
CHART_SIZE = 300
TOLD_SHARES = (20, 40, 50, 60, 80, 90)


class Figure(NamedTuple):
    """One figure of the plan beside the same one if everyone had their own best offers; empty: makes no sense there."""

    label: str
    meaning: str
    allocated: str
    top: str


class GroupLine(NamedTuple):
    label: str
    people: int
    coverage: tuple[str, str]
    gini: tuple[str, str]
    busiest: tuple[int, int]
    never: tuple[str, str]
    cost: str


def percent(share: float, digits: int = 1) -> str:
    return f"{100 * share:.{digits}f}".replace(".", ",") + f"{NBSP}%"


def decimal(number: float) -> str:
    return f"{number:.2f}".replace(".", ",")


def word_bound(bound: dict[str, Any]) -> str:
    """How far from the best this plan may be at most; empty when the run proved nothing."""
    upper, score = bound.get("upper") or 0, bound.get("score") or 0
    if upper <= 0:
        return ""
    missing = max(upper - score, 0)
    if missing == 0:
        return "Aucune autre répartition ne ferait mieux : c’est prouvé."
    hundredths = -(-missing * 10_000 // upper)  # rounded up: « au plus » must stay true
    return f"Le total des points est au plus {percent(hundredths / 10_000, 2)} sous l’optimum : c’est prouvé."


def word_coverage(bound: dict[str, Any]) -> str:
    """Whether more people could have been given an offer."""
    covered, coverable = bound.get("covered"), bound.get("coverable")
    if covered is None or not coverable:
        return ""
    if covered >= coverable:
        return "Personne de plus ne pouvait être servi avec ces offres et ces plafonds."
    return f"{coverable - covered} de plus auraient peut-être pu être servis."


def figures_of(report: dict[str, Any]) -> list[Figure]:
    plan, top = report["overall"]["allocated"], report["overall"]["top"]
    return [
        Figure(
            "Jeunes servis",
            "Part des jeunes en recherche qui ont au moins une offre.",
            percent(plan["coverage"]),
            percent(top["coverage"]),
        ),
        Figure(
            "Inégalité entre offres (Gini)",
            "0 quand chaque offre est proposée aussi souvent, 1 quand une seule offre l’est à tout le monde.",
            decimal(plan["gini"]),
            decimal(top["gini"]),
        ),
        Figure(
            "Offre la plus proposée",
            "Nombre de jeunes à qui elle l’est.",
            str(plan["busiest"]),
            str(top["busiest"]),
        ),
        Figure(
            "Offres jamais proposées",
            "Part des offres examinées qui ne le sont à personne.",
            percent(plan["never_share"]),
            percent(top["never_share"]),
        ),
        Figure(
            "Coût du partage",
            "Part des points que les jeunes perdent parce que chaque offre a un plafond.",
            percent(report["overall"]["cost"], 2),
            "",
        ),
    ]


def groups_of(report: dict[str, Any]) -> list[tuple[str, str, list[GroupLine]]]:
    """(axis, title, lines) for each axis with at least two groups: one alone has nothing to be compared with."""
    names = GROUPS | dict(Department.objects.values_list("code", "name"))
    found = report.get("groups", {})
    return [
        (axis, title, [_group_line(names, line) for line in found[axis]])
        for axis, title in AXES.items()
        if len(found.get(axis, [])) > 1
    ]


def _group_line(names: dict[str, str], line: dict[str, Any]) -> GroupLine:
    plan, top = line["allocated"], line["top"]
    return GroupLine(
        label=names.get(line["label"], line["label"]),
        people=line["people"],
        coverage=(percent(plan["coverage"]), percent(top["coverage"])),
        gini=(decimal(plan["gini"]), decimal(top["gini"])),
        busiest=(plan["busiest"], top["busiest"]),
        never=(percent(plan["never_share"]), percent(top["never_share"])),
        cost=percent(line["cost"], 2),
    )


def busiest_offers(report: dict[str, Any]) -> list[tuple[str, Offer]]:
    """The most shown offer of each plan, when it is still in the database."""
    wanted = {
        "Avec partage": report["overall"]["allocated"]["busiest_offer"],
        "Sans partage": report["overall"]["top"]["busiest_offer"],
    }
    offers = Offer.objects.filter(pk__in=[pk for pk in wanted.values() if pk]).select_related("employer").in_bulk()
    return [(label, offers[pk]) for label, pk in wanted.items() if pk in offers]


def lorenz_lines(report: dict[str, Any]) -> dict[str, str]:
    """Points of the two curves, ready for an SVG polyline of CHART_SIZE."""
    return {
        name: " ".join(
            f"{CHART_SIZE * step / LORENZ_STEPS:g},{CHART_SIZE * (1 - share):.1f}" for step, share in enumerate(shares)
        )
        for name, shares in report["lorenz"].items()
    }


def lorenz_rows(report: dict[str, Any]) -> list[tuple[str, str, str]]:
    """The curves as a table: (the least shown part of the offers, its share of the proposals in each plan)."""
    plan, top = report["lorenz"]["allocated"], report["lorenz"]["top"]
    steps = [(share, share * LORENZ_STEPS // 100) for share in TOLD_SHARES]
    return [(f"{share}{NBSP}%", percent(plan[step]), percent(top[step])) for share, step in steps]
