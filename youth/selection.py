"""Which people a list shows, in which order, and what it needs of each."""

from collections.abc import Mapping
from typing import Any

from django.db.models import Exists, OuterRef, Prefetch

from youth.models import Wish
from youth.models.people import YoungPersonQuerySet

ORDERS = {
    "nom": ("search_name", "pk"),
    "recents": ("-created_at", "-pk"),
    "modifies": ("-updated_at", "-pk"),
}
FIRST_ORDER = "nom"


def select_people(people: YoungPersonQuerySet, criteria: Mapping[str, Any]) -> YoungPersonQuerySet:
    """`criteria` is what youth.forms.PersonFilterForm cleaned; an empty one does not narrow."""
    if criteria.get("q"):
        people = people.search(criteria["q"])
    if criteria.get("situation"):
        people = people.filter(situation=criteria["situation"])
    if criteria.get("departement"):
        people = people.filter(commune__department=criteria["departement"])
    if criteria.get("origine"):
        asked = Wish.objects.open().filter(young_person=OuterRef("pk"), source=criteria["origine"])
        people = people.filter(Exists(asked))
    return people.order_by(*ORDERS[criteria.get("tri") or FIRST_ORDER])


def with_open_wishes(people: YoungPersonQuerySet) -> YoungPersonQuerySet:
    """Each person carries `open_wishes`, best ranked first."""
    open_wishes = Wish.objects.open().order_by("rank", "pk")
    return people.select_related("commune").prefetch_related(Prefetch("wishes", open_wishes, to_attr="open_wishes"))
