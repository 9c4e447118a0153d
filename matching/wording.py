"""The reasons of a proposal in French: for the young person, for whoever follows them, for the employer."""

from datetime import date
from functools import lru_cache
from typing import Literal, Protocol

from django.utils import timezone
from django.utils.formats import date_format

from employers.models import Offer
from matching.engine import DateKind, LevelKind, RomeKind, Via
from youth.models import Wish

# A counsellor and a guardian read about the young person; the young person is spoken to.
Audience = Literal["young", "counsellor"]

HOME = {"young": "de chez vous", "counsellor": "de son domicile"}
SITE = "du lieu de formation"
THE_WISH = {"young": "votre {} vœu", "counsellor": "son {} vœu"}
A_WISH = {"young": "l’un de vos vœux", "counsellor": "l’un de ses vœux"}
LEVEL_OF_PERSON = {
    LevelKind.EXACT: "niveau demandé",
    LevelKind.OPEN: "tous niveaux acceptés",
    LevelKind.NEAR: "niveau voisin du niveau demandé",
}
DATE_OF_PERSON = {
    DateKind.FITS: "disponible à la date prévue",
    DateKind.UNKNOWN: "disponible",
    DateKind.LATER: "disponible avant la date prévue",
}
NO_AGE_AFTER_DAYS = 30
METRES_PER_KM = 1000
NBSP = "\N{NO-BREAK SPACE}"


class Proposal(Protocol):
    """A Match or a RecipientOffer. `reasons` holds the codes written by matching.services.results."""

    offer: Offer
    wish: Wish
    distance_m: int | None
    reasons: dict[str, int]


def word_reasons(proposal: Proposal, *, audience: Audience = "young", today: date | None = None) -> list[str]:
    """Short phrases without capital or full stop, most telling first. Read the proposal with `WORDED` relations."""
    today = today or timezone.localdate()
    phrases = (
        word_distance(proposal, audience),
        word_wish(proposal, audience),
        word_level(proposal),
        word_variety(proposal),
        word_start(proposal.offer.starts_on, today),
        word_age(timezone.localdate(proposal.offer.published_at), today),
    )
    return [phrase for phrase in phrases if phrase]


def word_distance(proposal: Proposal, audience: Audience = "young") -> str:
    via = proposal.reasons.get("via")
    if via == Via.REMOTE or proposal.distance_m is None:
        return "offre à distance" if via == Via.REMOTE else ""
    place = SITE if via == Via.SITE else HOME[audience]
    return f"à {kilometres(proposal.distance_m)} {place}"


def kilometres(metres: int) -> str:
    if metres < METRES_PER_KM:
        return f"moins d’un{NBSP}kilomètre"
    return f"{(metres + METRES_PER_KM // 2) // METRES_PER_KM}{NBSP}km"


def word_wish(proposal: Proposal, audience: Audience = "young") -> str:
    rank = proposal.reasons.get("rank", 0)
    wish = THE_WISH[audience].format(ordinal(rank)) if rank else A_WISH[audience]
    verb = "métier voisin de" if proposal.reasons.get("rome") == RomeKind.DOMAIN else "répond à"
    return f"{verb} {wish}{NBSP}: {proposal.wish.label}"


def ordinal(number: int) -> str:
    return "1er" if number == 1 else f"{number}e"


def word_level(proposal: Proposal) -> str:
    level = proposal.offer.target_level
    if level is None:
        return ""
    label = level.label if level.label.startswith("Niveau ") else f"Niveau {level.label}"
    near = proposal.reasons.get("level") == LevelKind.NEAR
    return f"niveau proche{NBSP}: {label.removeprefix('Niveau ')}" if near else label[0].lower() + label[1:]


def word_variety(proposal: Proposal) -> str:
    """Said only beyond the first wish: the first is no variety to the person."""
    varied = proposal.reasons.get("variety") and proposal.reasons.get("rank", 0) != 1
    return "pour varier les métiers" if varied else ""


@lru_cache(maxsize=1_000)
def word_start(starts_on: date | None, today: date) -> str:
    if starts_on is None:
        return ""
    if starts_on <= today:
        return "à pourvoir dès maintenant"
    return f"commence en {date_format(starts_on, 'F Y')}"


def word_age(published_on: date, today: date) -> str:
    """Nothing once the advert is old: that is no reason."""
    days = (today - published_on).days
    if days > NO_AGE_AFTER_DAYS:
        return ""
    return {0: "publiée aujourd’hui", 1: "publiée hier"}.get(max(days, 0), f"publiée il y a {days}{NBSP}jours")


def word_person(proposal: Proposal) -> list[str]:
    """Why this person for this offer, as an employer may hear it: nothing that the offer itself does not ask."""
    phrases = (
        word_nearness(proposal),
        word_motivation(proposal),
        LEVEL_OF_PERSON.get(LevelKind(proposal.reasons.get("level", LevelKind.UNKNOWN)), ""),
        DATE_OF_PERSON[DateKind(proposal.reasons.get("date", DateKind.UNKNOWN))],
    )
    return [phrase for phrase in phrases if phrase]


def word_nearness(proposal: Proposal) -> str:
    via = proposal.reasons.get("via")
    if via == Via.REMOTE or proposal.distance_m is None:
        return "peut travailler à distance" if via == Via.REMOTE else ""
    verb = "se forme" if via == Via.SITE else "habite"
    return f"{verb} à {kilometres(proposal.distance_m)}"


def word_motivation(proposal: Proposal) -> str:
    rank = proposal.reasons.get("rank", 0)
    wish = THE_WISH["counsellor"].format(ordinal(rank)) if rank else A_WISH["counsellor"]
    if proposal.reasons.get("rome") == RomeKind.DOMAIN:
        return f"métier voisin de {wish}"
    return f"c’est {wish}"
