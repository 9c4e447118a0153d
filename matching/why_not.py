"""Why an offer is not proposed to a young person, in French, from the rows of this very moment."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from math import ceil
from typing import NamedTuple

from django.utils import timezone
from django.utils.formats import date_format

from employers.models import Contract, Offer
from matching.engine import Filter, Offers, People, Refusal, Wishes, why_not
from matching.engine.geometry import arc_m, has_place, points, squared_chord
from matching.engine.parameters import PRICE_SCALE
from matching.inputs import date_of, read_offers, read_people, read_wishes, remaining_budget
from matching.models import Match, MatchRun, OfferRefusal, RunOffer, RunPerson
from matching.models.answers import RefusalReason
from matching.run_settings import RunSettings
from matching.standing import Standing, standing_of
from matching.wording import METRES_PER_KM, NBSP
from youth.models import Wish, YoungPerson
from youth.models.people import ADULT_AGE
from youth.models.wishes import WishQuerySet
from youth.services.search_area import WIDEST_KM


class Act(StrEnum):
    """Where a counsellor makes the change; the screens know the addresses."""

    RADIUS = "radius"
    PLACE = "place"
    BIRTH_DATE = "birth_date"
    WISH = "wish"
    TRAINING = "training"
    CONTRACT = "contract"
    OFFER = "offer"
    RUN = "run"
    PROPOSALS = "proposals"


class Exclusion(NamedTuple):
    """`code` is a Filter name in lower case, or one of: situation, contract, status, objection, refused, budget,
    no_run, new, shared, outranked. `sentence` says what excludes and by how much, `change` what would include the pair
    (empty: nothing a counsellor can do), `act` where that is done and `value` with what (the radius, in km).
    """

    code: str
    sentence: str
    change: str = ""
    act: Act | None = None
    value: int = 0


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
        *_refusal(pair),
        *(EXCLUSIONS[refusal.filter](pair, refusal) for refusal in refusals if refusal.filter in EXCLUSIONS),
    ]
    return found or list(_choice_exclusions(pair))


def read_pair(person: YoungPerson, offer: Offer, settings: RunSettings) -> Pair:
    people = read_people(YoungPerson.objects.filter(pk=person.pk), settings)
    wishes = read_wishes(current_wishes(person, settings), people)
    offers = read_offers(Offer.objects.filter(pk=offer.pk), settings)
    return Pair(person, offer, people, wishes, offers, settings)


def current_wishes(person: YoungPerson, settings: RunSettings) -> WishQuerySet:
    wishes: WishQuerySet = Wish.objects.current(date_of(settings)).filter(young_person=person)
    return wishes


def _person_exclusions(person: YoungPerson) -> Iterator[Exclusion]:
    if Contract.objects.current().filter(young_person=person).exists():
        yield Exclusion(
            "contract",
            "Le jeune a un contrat signé ou en cours.",
            "S’il est rompu ou terminé, enregistrez-le.",
            Act.CONTRACT,
        )
    elif person.situation != YoungPerson.Situation.SEEKING:
        situation = person.get_situation_display()
        yield Exclusion("situation", f"Le jeune n’est pas en recherche (« {situation} » dans son dossier).")


def _offer_exclusions(offer: Offer) -> Iterator[Exclusion]:
    if offer.status != Offer.Status.ACTIVE:
        status = offer.get_status_display().lower()
        yield Exclusion("status", f"L’offre n’est plus active : {status}.", REOPENED, Act.OFFER)
    if offer.expires_at and offer.expires_at <= timezone.now():
        days = (timezone.localdate() - timezone.localdate(offer.expires_at)).days
        yield Exclusion("expired", f"L’offre a expiré {ago(days)}.", REOPENED, Act.OFFER)
    if offer.employer.objects_to_contact:
        yield Exclusion("objection", "L’employeur s’oppose à être contacté.")


def _refusal(pair: Pair) -> Iterator[Exclusion]:
    refused = OfferRefusal.objects.filter(young_person=pair.person, offer=pair.offer).first()
    if refused:
        reason = RefusalReason(refused.reason).label.lower()
        yield Exclusion("refused", f"Le jeune a dit que cette offre n’était pas pour lui ({reason}).")


REOPENED = "Si l’employeur recrute encore, demandez-lui de republier l’annonce."


def _choice_exclusions(pair: Pair) -> Iterator[Exclusion]:
    """Nothing excludes the pair: it lost against others, or no run has seen it."""
    one = Offer.objects.filter(pk=pair.offer.pk)
    run = MatchRun.objects.latest_done_of(pair.person.cell_id).first()
    if not remaining_budget(one, pair.offers, pair.settings).any():
        yield Exclusion(
            "budget",
            "L’offre a été envoyée à autant de jeunes que son plafond le permet sur les "
            f"{pair.settings.exposure_window_days} derniers jours.",
        )
    elif run is None:
        yield Exclusion(
            "no_run",
            "Rien n’exclut cette offre : aucun calcul n’a encore été fait pour la cellule.",
            "Lancez un rapprochement.",
            Act.RUN,
        )
    elif not Match.objects.filter(run=run, young_person=pair.person, offer=pair.offer).exists():
        yield _lost(pair, run, standing_of(pair.people, pair.wishes, pair.offer, pair.settings))


def _lost(pair: Pair, run: MatchRun, standing: Standing) -> Exclusion:
    """`run` saw neither the pair, or gave the offer to others, or gave the person better ones."""
    shown = RunOffer.objects.filter(run=run, offer=pair.offer).first()
    known = RunPerson.objects.filter(run=run, young_person=pair.person).exists()
    place = f"elle serait {ordinal(standing.rank)} de sa liste, avec {counted(standing.score, 'point')}"
    if shown is None or not known:
        who = "cette offre" if known else "ce jeune"
        return Exclusion(
            "new",
            f"Rien n’exclut cette offre : {place}. Le dernier calcul n’avait pas vu {who}.",
            "Elle peut lui être proposée dès maintenant ; le prochain calcul en tiendra compte.",
            Act.PROPOSALS,
        )
    if shown.exposure >= shown.budget and standing.is_listed:
        return Exclusion("shared", _shared(place, shown, standing))
    return Exclusion("outranked", _outranked(place, standing))


def _shared(place: str, shown: RunOffer, standing: Standing) -> str:
    given = f"L’offre est déjà proposée à {counted(shown.exposure, 'autre jeune', 'autres jeunes')}, son plafond"
    price = shown.price // PRICE_SCALE
    if price == 0:
        return f"{given} ; {place}."
    return (
        f"{given} ; {place}. Son prix d’ombre, ce que vaudrait une place de plus, est de {counted(price, 'point')} : "
        f"une fois ce prix retiré, elle n’en vaut plus que {max(standing.score - price, 0)} pour ce jeune, et d’autres "
        "offres le servent mieux."
    )


def _outranked(place: str, standing: Standing) -> str:
    sentence = f"Rien n’exclut cette offre : {place}"
    if standing.same_employer:
        return f"{sentence}, après {counted(standing.same_employer, 'autre')} du même employeur."
    if standing.is_listed:
        return f"{sentence}. Le dossier ou les offres ont changé depuis le calcul : le prochain peut la retenir."
    last = f"la {ordinal(standing.last_rank)} en a {standing.last_score}"
    return f"{sentence} ; {last}, et une liste s’arrête là."


def ordinal(number: int) -> str:
    return "1re" if number == 1 else f"{number}e"


def _minor(pair: Pair, refusal: Refusal) -> Exclusion:
    sentence = "L’offre n’est pas ouverte aux mineurs"
    born = pair.person.birth_date
    if born is None:
        sentence += ", et le jeune compte comme mineur tant que sa date de naissance manque."
        return Exclusion("minor", sentence, "Complétez sa date de naissance.", Act.BIRTH_DATE)
    of_age = date_format(date(born.year + ADULT_AGE, born.month, 1), "F Y")
    return Exclusion("minor", f"{sentence} : le jeune aura {ADULT_AGE} ans en {of_age}.")


def _start(pair: Pair, refusal: Refusal) -> Exclusion:
    return Exclusion(
        "start",
        f"L’offre commençait le {pair.offer.starts_on:%d/%m/%Y} : le délai de "
        f"{pair.settings.start_slack_days} jours pour la rejoindre est dépassé de {counted(refusal.excess, 'jour')}.",
        "Si l’employeur accepte encore un début plus tardif, demandez-lui de changer la date de l’annonce.",
        Act.OFFER,
    )


def _no_wishes(pair: Pair, refusal: Refusal) -> Exclusion:
    return Exclusion("no_wishes", "Le jeune n’a aucun vœu ouvert.", "Ajoutez un vœu pour ce métier.", Act.WISH)


def _trade(pair: Pair, refusal: Refusal) -> Exclusion:
    sentence = "Aucun vœu ouvert ne vise un métier de cette offre, ni un métier du même domaine."
    unresolved = Wish.objects.unresolved().filter(young_person=pair.person).count()
    if unresolved == 0:
        return Exclusion("trade", sentence, "Ajoutez un vœu pour ce métier.", Act.WISH)
    sentence = f"{sentence} Formations à rattacher à un métier dans les vœux : {unresolved}."
    return Exclusion("trade", sentence, "Reconnaissez ces formations, ou ajoutez un vœu.", Act.TRAINING)


def _level(pair: Pair, refusal: Refusal) -> Exclusion:
    level = pair.offer.target_level
    return Exclusion(
        "level",
        f"Le niveau de l’offre est trop loin de celui du vœu « {_wish_label(pair, refusal)} » : "
        f"{counted(refusal.excess, 'niveau', 'niveaux')} de trop (un seul niveau d’écart est admis).",
        f"Ajoutez un vœu pour ce métier au niveau « {level.label} »." if level else "",
        Act.WISH,
    )


def _place_unknown(pair: Pair, refusal: Refusal) -> Exclusion:
    if has_place(pair.offers.lat, pair.offers.lon)[0]:
        sentence = "Ni le domicile du jeune ni le lieu de formation ne sont situés."
        return Exclusion("place_unknown", sentence, "Complétez la commune du jeune.", Act.PLACE)
    return Exclusion("place_unknown", "Le lieu de l’offre n’est pas connu.", "Il manque à l’annonce.", Act.OFFER)


def _too_far(pair: Pair, refusal: Refusal) -> Exclusion:
    sentence = f"L’offre est trop loin de {kilometres_up(refusal.excess)}{NBSP}km"
    if not has_place(pair.people.lat, pair.people.lon)[0]:
        sentence = f"{sentence} du lieu de formation."
        return Exclusion("too_far", sentence, "Complétez la commune du jeune.", Act.PLACE)
    home, work = (points(place.lat, place.lon) for place in (pair.people, pair.offers))
    needed = kilometres_up(int(arc_m(squared_chord(home, work))[0]))
    sentence = f"{sentence} : le rayon de recherche est de {pair.person.radius_km}{NBSP}km."
    if needed > WIDEST_KM:
        return Exclusion("too_far", sentence, f"Le domicile est à {needed}{NBSP}km : aucun rayon n’y suffit.")
    return Exclusion("too_far", sentence, f"Un rayon de {needed}{NBSP}km y suffirait.", Act.RADIUS, needed)


EXCLUSIONS: dict[Filter, Callable[[Pair, Refusal], Exclusion]] = {
    Filter.NO_POSITION: lambda pair, refusal: Exclusion(
        "no_position", "Tous les postes de l’offre sont pris par des contrats signés."
    ),
    Filter.MINOR: _minor,
    Filter.EMPLOYER: lambda pair, refusal: Exclusion(
        "employer", "Un contrat du jeune avec cet employeur a été rompu : il ne lui est plus proposé."
    ),
    Filter.START: _start,
    Filter.NO_WISHES: _no_wishes,
    Filter.TRADE: _trade,
    Filter.LEVEL: _level,
    Filter.PLACE_UNKNOWN: _place_unknown,
    Filter.TOO_FAR: _too_far,
}
"""Filter.EXPIRED counts whole days: the expiry of the row, to the minute, is worded instead; Filter.OFFER does not
say why: the answer of the person does."""


def _wish_label(pair: Pair, refusal: Refusal) -> str:
    return Wish.objects.get(pk=int(pair.wishes.id[refusal.wish_index])).label


def kilometres_up(metres: int) -> int:
    return ceil(metres / METRES_PER_KM)


def counted(number: int, one: str, several: str = "") -> str:
    return f"{number}{NBSP}{one if number < 2 else several or one + 's'}"


def ago(days: int) -> str:
    return {0: "aujourd’hui", 1: "hier"}.get(days, f"il y a {counted(days, 'jour')}")
