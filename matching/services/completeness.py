"""What a campaign's mails would say with a hole in it. A hole that blocks must be filled before launch."""

from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from cells.errors import RefusedError
from employers.models import Offer
from matching.models import Campaign
from matching.services.recipients import Selection
from youth.models import Wish, YoungPerson

BLANK_CELL = {
    "reply_to": "La cellule n’a pas d’adresse de réponse.",
    "phone": "La cellule n’a pas de numéro de téléphone.",
}


class Missing(NamedTuple):
    """`example`: what to look at first, for whoever fills the hole."""

    said: str
    blocks: bool
    example: str = ""


def find_missing(campaign: Campaign, selection: Selection) -> list[Missing]:
    """Blocking ones first. Rows with a hole are few: they are looked for, then kept if a mail would show them."""
    cell = [Missing(said, True) for name, said in BLANK_CELL.items() if not getattr(campaign.cell, name).strip()]
    shares = selection.shares
    offers = set(shares.offers[shares.exposure > 0].tolist())
    people = YoungPerson.objects.filter(cell=campaign.cell_id)
    wishes = Wish.objects.filter(young_person__cell=campaign.cell_id)
    nowhere = Q(address="", commune=None) & ~Q(remote=Offer.Remote.REMOTE)
    public = Offer.objects.public()
    found = [
        _among(offers, public.filter(title=""), "partner_job_id", "offre sans intitulé", True),
        _among(offers, public.filter(employer__name=""), "title", "offre sans nom d’employeur", True),
        _among(set(selection.mailed()), people.filter(first_name=""), "last_name", "jeune sans prénom", True),
        _among(set(shares.wish.tolist()), wishes.filter(label=""), "external_key", "vœu sans intitulé", True),
        _among(offers, public.filter(nowhere), "title", "offre sans lieu : le mail ne dira pas où", False),
    ]
    return cell + [one for one in found if one]


def check_complete(campaign: Campaign, selection: Selection) -> None:
    """Raises RefusedError when something that blocks is missing."""
    holes = [one.said for one in find_missing(campaign, selection) if one.blocks]
    if holes:
        raise RefusedError("Il manque de quoi écrire les mails. " + " ".join(holes))


def _among(shown: set[int], rows: QuerySet[Any], example: str, said: str, blocks: bool) -> Missing | None:
    holes = [name for pk, name in rows.order_by("pk").values_list("pk", example) if pk in shown]
    if not holes:
        return None
    words = f"{len(holes)} {said}." if len(holes) == 1 else f"{len(holes)} × {said}."
    return Missing(words, blocks, str(holes[0]))
