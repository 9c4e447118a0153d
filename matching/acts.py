"""Where a counsellor makes the change that would bring a person and an offer together."""

from typing import NamedTuple
from urllib.parse import urlencode

from django.urls import reverse

from employers.models import Offer
from matching.why_not import Act
from matching.wording import NBSP
from youth.models import YoungPerson

LABELS = {
    Act.PLACE: "Compléter la commune",
    Act.BIRTH_DATE: "Compléter la date de naissance",
    Act.WISH: "Ajouter un vœu",
    Act.TRAINING: "Reconnaître les formations",
    Act.CONTRACT: "Voir les contrats",
    Act.OFFER: "Voir l’annonce",
    Act.RUN: "Aller aux rapprochements",
    Act.PROPOSALS: "Voir ses propositions",
}
OF_PERSON = {
    Act.RADIUS: "youth:search-area",
    Act.PLACE: "youth:search-area",
    Act.BIRTH_DATE: "youth:search-area",
    Act.WISH: "youth:wish-add",
    Act.CONTRACT: "employers:for-young-person",
    Act.PROPOSALS: "matching:for-young-person",
}
OF_NOBODY = {Act.TRAINING: "youth:training-unresolved", Act.RUN: "matching:run-list"}


class Link(NamedTuple):
    label: str
    url: str


def link_to(act: Act | None, person: YoungPerson, offer: Offer | None = None, value: int = 0) -> Link | None:
    """None when nobody here can do it. `value`: the radius to propose, in km."""
    if act == Act.RADIUS:
        url = reverse(OF_PERSON[act], args=[person.uuid])
        return Link(f"Porter le rayon à {value}{NBSP}km", f"{url}?{urlencode({'rayon': value})}")
    if act in OF_PERSON:
        return Link(LABELS[act], reverse(OF_PERSON[act], args=[person.uuid]))
    if act in OF_NOBODY:
        return Link(LABELS[act], reverse(OF_NOBODY[act]))
    if act == Act.OFFER and offer:
        return Link(LABELS[act], reverse("employers:offer-detail", args=[offer.uuid]))
    return None
