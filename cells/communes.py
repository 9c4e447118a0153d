"""From what a person types (« rouen », « 76000 », « Saint-Denis (93200) ») to communes."""

import re
from typing import NamedTuple

from django.db.models import QuerySet

from cells.models import Commune
from cells.text import normalise

PROPOSED = 8
LABEL = re.compile(r"(?P<name>.+?)\s*\((?P<postcode>\d{5})\)")


class FoundPlace(NamedTuple):
    """`commune` when there is no doubt, else what to choose from (empty: nothing is called so)."""

    commune: Commune | None
    choices: list[tuple[str, Commune]]


def find_place(words: str) -> FoundPlace:
    """`choices` are (label, commune); typing a label again finds its commune without doubt."""
    label = LABEL.fullmatch(words.strip())
    if label:
        found = list(placed(named(label["name"]).filter(postcodes__postcode=label["postcode"])))
    elif re.fullmatch(r"\d{5}", words.strip()):
        found = list(placed(Commune.objects.filter(postcodes__postcode=words.strip())))
    else:
        found = list(by_name(normalise(words))) if normalise(words) else []
    if len(found) == 1:
        return FoundPlace(found[0], [])
    return FoundPlace(None, [(label_of(commune), commune) for commune in found])


def by_name(name: str) -> QuerySet[Commune]:
    """Those called exactly so, else those whose name starts so, the most peopled first."""
    exact = placed(Commune.objects.filter(search_name__in=spellings(name)))
    return exact if exact.exists() else placed(Commune.objects.filter(search_name__startswith=name))


def spellings(name: str) -> list[str]:
    """« st denis » is also « saint denis »."""
    long = re.sub(r"\bste\b", "sainte", re.sub(r"\bst\b", "saint", name))
    return sorted({name, long})


def named(name: str) -> QuerySet[Commune]:
    return Commune.objects.filter(search_name=normalise(name))


def placed(communes: QuerySet[Commune]) -> QuerySet[Commune]:
    """The first ones with a point, the most peopled first."""
    known = (
        communes.exclude(latitude=None)
        .order_by("-population", "insee_code")
        .select_related("department")
        .prefetch_related("postcodes")
    )
    return known.distinct()[:PROPOSED]


def label_of(commune: Commune) -> str:
    """Name and first postcode, which together name one commune."""
    postcodes = sorted(one.postcode for one in commune.postcodes.all())
    return f"{commune.name} ({postcodes[0]})" if postcodes else commune.name
