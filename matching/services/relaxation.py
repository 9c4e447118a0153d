"""What would give an offer to people who have none, and people to offers nobody was shown, as things stand now.

A few rows at a time (a page): each call reads the database a fixed number of times, whatever their number.
"""

from dataclasses import replace

import numpy as np
from django.db.models import Q, QuerySet

from employers.models import Offer
from matching.engine import Offers, People, Ragged, Wishes
from matching.engine.arrays import Ints
from matching.engine.obstacles import STEPS_KM, Relief, relieve_offers, relieve_people
from matching.inputs import date_of, positions_in, reach, read_offers, read_people, read_wishes, remaining_budget
from matching.run_settings import RunSettings
from matching.standing import in_domains, offers_of_domains
from youth.models import Wish, YoungPerson
from youth.models.people import YoungPersonQuerySet


def relief_of_people(person_ids: list[int], settings: RunSettings) -> tuple[Relief, Ints]:
    """What each person meets among the public offers that may still be shown. Rows are those of the returned ids."""
    people = read_people(YoungPerson.objects.filter(pk__in=person_ids), settings)
    wishes = read_wishes(Wish.objects.current(date_of(settings)).filter(young_person__in=person_ids), people)
    near = Offer.objects.public().filter(widest_reach(people, wishes, settings), offers_of_domains(wishes.rome))
    offers = showable(near, settings)
    return relieve_people(people, wishes, offers, settings.engine, np.arange(len(people))), people.id


def relief_of_offers(offer_ids: list[int], among: YoungPersonQuerySet, settings: RunSettings) -> tuple[Relief, Ints]:
    """Whom each offer meets among the given people who seek. Rows are those of the returned ids."""
    offers = read_offers(Offer.objects.filter(pk__in=offer_ids), settings)
    seeking = among.seeking().filter(pk__in=wishing(offers.rome, settings).values("young_person"))
    people = read_people(seeking, settings)
    wishes = read_wishes(Wish.objects.current(date_of(settings)).filter(young_person__in=seeking), people)
    rows = np.arange(len(offers))
    return relieve_offers(people, wishes, offers, settings.engine, rows, fully=True), offers.id


def widest_reach(people: People, wishes: Wishes, settings: RunSettings) -> Q:
    """As far as a radius is ever proposed."""
    farthest = np.maximum(people.radius_km, max(STEPS_KM)).astype(np.float32)
    return reach(replace(people, radius_km=farthest), wishes, settings.engine)


def showable(offers: QuerySet[Offer], settings: RunSettings) -> Offers:
    """Those whose budget is not spent."""
    rows = read_offers(offers, settings)
    return rows.take(np.flatnonzero(remaining_budget(offers, rows, settings) > 0))


def wishing(rome: Ragged, settings: RunSettings) -> QuerySet[Wish]:
    """Wishes for a trade of these domains."""
    typed, taught = in_domains(rome, "occupation__code"), in_domains(rome, "training__occupations__code")
    return Wish.objects.current(date_of(settings)).filter(typed | taught)


def row_of(ids: Ints, wanted: int) -> int | None:
    """None when the row went away between two reads."""
    place, known = positions_in(ids, np.array([wanted]))
    return int(place[0]) if known[0] else None
