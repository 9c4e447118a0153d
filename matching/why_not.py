"""Why an offer is not proposed to a young person, in French, from the rows of this very moment."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

from django.utils import timezone

from employers.models import Contract, Offer
from matching.engine import Filter, Offers, People, Refusal, Wishes, why_not
from matching.engine.geometry import arc_m, has_place, points, squared_chord
from matching.inputs import read_offers, read_people, read_wishes, remaining_budget
from matching.models import Match, MatchRun
from matching.run_settings import RunSettings
from matching.wording import METRES_PER_KM, NBSP
from youth.models import Wish, YoungPerson


class Exclusion(NamedTuple):
    """`code` is a Filter name in lower case, or one of: situation, contract, status, objection, budget, no_run,
    outranked. The sentence says what excludes, by how much, and what would change it.
    """

    code: str
    sentence: str


@dataclass(frozen=True, eq=False)
class Pair:
    person: YoungPerson
    offer: Offer
    people: People
    wishes: Wishes
    offers: Offers
    settings: RunSettings


def explain_absence(person: YoungPerson, offer: Offer, *, settings: RunSettings | None = None) -> list[Exclusion]:
    """Everything that keeps the pair apart; empty when the last run proposes it and nothing has changed since."""
    pair = read_pair(person, offer, settings or RunSettings.resolve(timezone.localdate(), {}))
    refusals = why_not(pair.people, 0, pair.wishes, pair.offers, 0, pair.settings.engine)
    found = [
        *_person_exclusions(pair.person),
        *_offer_exclusions(pair.offer),
        *(
            Exclusion(refusal.filter.name.lower(), SENTENCES[refusal.filter](pair, refusal))
            for refusal in refusals
            if refusal.filter in SENTENCES
        ),
    ]
    return found or list(_choice_exclusions(pair))


def read_pair(person: YoungPerson, offer: Offer, settings: RunSettings) -> Pair:
    people = read_people(YoungPerson.objects.filter(pk=person.pk), settings)
    wishes = read_wishes(Wish.objects.open().filter(young_person=person), people)
    offers = read_offers(Offer.objects.filter(pk=offer.pk), settings)
    return Pair(person, offer, people, wishes, offers, settings)


def _person_exclusions(person: YoungPerson) -> Iterator[Exclusion]:
    if Contract.objects.current().filter(young_person=person).exists():
        yield Exclusion("contract", "Le jeune a un contrat signé ou en cours.")
    elif person.situation != YoungPerson.Situation.SEEKING:
        yield Exclusion(
            "situation", f"Le jeune n’est pas en recherche (« {person.get_situation_display()} » dans son dossier)."
        )


def _offer_exclusions(offer: Offer) -> Iterator[Exclusion]:
    if offer.status != Offer.Status.ACTIVE:
        yield Exclusion("status", f"L’offre n’est plus active : {offer.get_status_display().lower()}.")
    if offer.expires_at and offer.expires_at <= timezone.now():
        days = (timezone.localdate() - timezone.localdate(offer.expires_at)).days
        yield Exclusion("expired", f"L’offre a expiré {ago(days)}.")
    if offer.employer.objects_to_contact:
        yield Exclusion("objection", "L’employeur s’oppose à être contacté.")


def _choice_exclusions(pair: Pair) -> Iterator[Exclusion]:
    """Nothing excludes the pair: it lost against others."""
    one = Offer.objects.filter(pk=pair.offer.pk)
    if not remaining_budget(one, pair.offers, pair.settings).any():
        yield Exclusion(
            "budget",
            "L’offre a été envoyée à autant de jeunes que son plafond le permet sur les "
            f"{pair.settings.exposure_window_days} derniers jours.",
        )
    elif not MatchRun.objects.done().filter(cell=pair.person.cell_id).exists():
        yield Exclusion("no_run", "Rien n’exclut cette offre : aucun calcul n’a encore été fait pour la cellule.")
    elif not Match.objects.latest_for(pair.person).filter(offer=pair.offer).exists():
        yield Exclusion(
            "outranked",
            "Rien n’exclut cette offre : le dernier calcul en a préféré d’autres pour ce jeune, l’a réservée à "
            "d’autres jeunes, ou est antérieur à l’offre ou au vœu.",
        )


def _minor(pair: Pair, refusal: Refusal) -> str:
    sentence = "L’offre n’est pas ouverte aux mineurs"
    if pair.person.birth_date is None:
        return f"{sentence}, et le jeune compte comme mineur tant que sa date de naissance manque."
    return f"{sentence}."


def _start(pair: Pair, refusal: Refusal) -> str:
    return (
        f"L’offre commençait le {pair.offer.starts_on:%d/%m/%Y} : le délai de "
        f"{pair.settings.start_slack_days} jours pour la rejoindre est dépassé de {counted(refusal.excess, 'jour')}."
    )


def _trade(pair: Pair, refusal: Refusal) -> str:
    sentence = "Aucun vœu ouvert ne vise un métier de cette offre, ni un métier du même domaine."
    unresolved = Wish.objects.unresolved().filter(young_person=pair.person).count()
    if unresolved == 0:
        return sentence
    return f"{sentence} Formations à rattacher à un métier dans les vœux : {unresolved}."


def _level(pair: Pair, refusal: Refusal) -> str:
    return (
        f"Le niveau de l’offre est trop loin de celui du vœu « {_wish_label(pair, refusal)} » : "
        f"{counted(refusal.excess, 'niveau', 'niveaux')} de trop (un seul niveau d’écart est admis)."
    )


def _place_unknown(pair: Pair, refusal: Refusal) -> str:
    if has_place(pair.offers.lat, pair.offers.lon)[0]:
        return "Ni le domicile du jeune ni le lieu de formation ne sont situés : complétez l’adresse du jeune."
    return "Le lieu de l’offre n’est pas connu."


def _too_far(pair: Pair, refusal: Refusal) -> str:
    sentence = f"L’offre est trop loin de {kilometres_up(refusal.excess)}{NBSP}km"
    if not has_place(pair.people.lat, pair.people.lon)[0]:
        return f"{sentence} du lieu de formation."
    home, work = (points(place.lat, place.lon) for place in (pair.people, pair.offers))
    needed = kilometres_up(int(arc_m(squared_chord(home, work))[0]))
    return (
        f"{sentence} : le rayon de recherche est de {pair.person.radius_km}{NBSP}km, "
        f"il faudrait {needed}{NBSP}km autour du domicile."
    )


SENTENCES: dict[Filter, Callable[[Pair, Refusal], str]] = {
    Filter.NO_POSITION: lambda pair, refusal: "Tous les postes de l’offre sont pris par des contrats signés.",
    Filter.MINOR: _minor,
    Filter.EMPLOYER: lambda pair, refusal: "Un contrat du jeune avec cet employeur a été rompu.",
    Filter.START: _start,
    Filter.NO_WISHES: lambda pair, refusal: "Le jeune n’a aucun vœu ouvert.",
    Filter.TRADE: _trade,
    Filter.LEVEL: _level,
    Filter.PLACE_UNKNOWN: _place_unknown,
    Filter.TOO_FAR: _too_far,
}
"""Filter.EXPIRED counts whole days: the expiry of the row, to the minute, is worded instead."""


def _wish_label(pair: Pair, refusal: Refusal) -> str:
    return Wish.objects.get(pk=int(pair.wishes.id[refusal.wish_index])).label


def kilometres_up(metres: int) -> int:
    return ceil(metres / METRES_PER_KM)


def counted(number: int, one: str, several: str = "") -> str:
    return f"{number}{NBSP}{one if number < 2 else several or one + 's'}"


def ago(days: int) -> str:
    return {0: "aujourd’hui", 1: "hier"}.get(days, f"il y a {counted(days, 'jour')}")
