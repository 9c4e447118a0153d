"""Proposals computed on the spot, from the offers and the files of this very moment. Nothing is stored.

For whoever arrived or changed since the last run, and for an offer just published. An offer whose budget is spent is
proposed to nobody, here as in a run; nor one that the person refused.
"""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

import numpy as np
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from cells.scoping import Viewer
from employers.models import Contract, Offer
from matching.engine import OfferIndex, Ranker, Ranking, Seekers, Wishes, decode_rome, domain_of
from matching.engine.arrays import Ints
from matching.engine.scoring import NO_DISTANCE, PARTS
from matching.inputs import read_offers, read_people, read_wishes, remaining_budget
from matching.models import Match, MatchRun
from matching.models.reasons import unpack_reasons
from matching.run_settings import RunSettings, threads
from matching.services.live_offers import KEEPER
from matching.services.results import packed_reasons
from youth.models import Wish, YoungPerson

PEOPLE = 20
VARIETY = PARTS.index("variety")
WORDED_OFFER = ("employer", "target_level")
UNREAD = ("description", "desired_skills", "to_be_acquired_skills", "access_conditions")


class Pairs(NamedTuple):
    """Ids and scores, one row per proposal."""

    person: Ints
    offer: Ints
    score: Ints


@dataclass(frozen=True)
class LiveProposals:
    """`matches` are not saved, best first; `is_spent`: the offer is shown to as many people as it may be."""

    matches: list[Match]
    is_spent: bool = False


def live_top(person: YoungPerson, k: int | None = None) -> LiveProposals:
    """What a run of this moment would find best for this person, if nobody else were there."""
    live = KEEPER.get()
    parameters = live.settings.engine
    people = read_people(YoungPerson.objects.filter(pk=person.pk), live.settings)
    wishes = read_wishes(Wish.objects.current(live.today).filter(young_person=person), people)
    ranker = Ranker(Seekers.sort(people, wishes, parameters), live.index, parameters)
    lists = ranker.lists(k or parameters.k, parameters.per_employer)
    found = ranker.describe(lists.owners(), lists.offer.astype(np.int64))
    offer_ids = live.index.offers.id[lists.offer]
    pairs = Pairs(np.full(len(found), person.pk), offer_ids, found.score)
    return LiveProposals(_matches(found, pairs, wishes, {person.pk: person}, _offers(offer_ids)))


def people_for_offer(offer: Offer, viewer: Viewer, k: int = PEOPLE) -> LiveProposals:
    """The people the viewer sees whom this offer suits best, each for their best wish; scores are without variety."""
    settings = RunSettings.resolve(timezone.localdate(), {})
    this = Offer.objects.public().filter(pk=offer.pk)
    offers = read_offers(this, settings)
    if not remaining_budget(this, offers, settings).any():
        return LiveProposals([], is_spent=len(offers) > 0)
    wishing = _wishing(offers.rome.values, viewer, timezone.localdate())
    # Found once: the reads that follow go by key.
    known = YoungPerson.objects.filter(pk__in=list(wishing.order_by().values_list("pk", flat=True)))
    people = read_people(known, settings)
    wishes = read_wishes(Wish.objects.current(timezone.localdate()).filter(young_person__in=known.order_by()), people)
    seekers = Seekers.sort(people, wishes, settings.engine)
    ranker = Ranker(seekers, OfferIndex.build(offers, settings.engine), settings.engine)
    found, score = _best_people(ranker, k)
    person_ids = people.id[found.person_index]
    pairs = Pairs(person_ids, np.full(len(found), offer.pk), score)
    by_id = YoungPerson.objects.select_related("commune").in_bulk(person_ids.tolist())
    return LiveProposals(_matches(found, pairs, wishes, by_id, {offer.pk: offer}))


def is_new_since(person: YoungPerson, run: MatchRun | None) -> bool:
    """Whether the run did not see the person's file as it is now."""
    if run is None or run.started_at is None:
        return True
    wishes = Wish.objects.filter(young_person=person, updated_at__gt=run.started_at)
    return person.updated_at > run.started_at or wishes.exists()


def _wishing(trades: Ints, viewer: Viewer, today: date) -> QuerySet[YoungPerson]:
    """Visible people who seek, and a wish of whom is in a domain of the trades."""
    asked = Q(pk__in=[])
    for domain in np.unique(domain_of(trades)).tolist():
        code = decode_rome(domain * 100)[:3]
        asked |= Q(occupation__code__startswith=code) | Q(training__occupations__code__startswith=code)
    wishes = Wish.objects.current(today).filter(asked)
    bound = Contract.objects.current().filter(young_person=OuterRef("pk"))
    seeking = YoungPerson.objects.visible_to(viewer).seeking()
    return seeking.filter(~Exists(bound), pk__in=wishes.order_by().values("young_person"))


def _best_people(ranker: Ranker, k: int) -> tuple[Ranking, Ints]:
    """By score without variety (an offer alone is everybody's best), then the nearest, then the lowest id."""
    lists = ranker.lists(1, 1, threads=threads())
    found = ranker.describe(lists.owners(), lists.offer.astype(np.int64))
    score = found.score - found.parts[:, VARIETY]
    distance = np.where(found.distance_m < 0, NO_DISTANCE, found.distance_m)
    order = np.lexsort((found.person_index, distance, -score.astype(np.int64)))[:k]
    return found.take(order), score[order]


def _offers(ids: Ints) -> dict[int, Offer]:
    return Offer.objects.select_related(*WORDED_OFFER).defer(*UNREAD).in_bulk(ids.tolist())


def _matches(
    found: Ranking, pairs: Pairs, wishes: Wishes, people: dict[int, YoungPerson], offers: dict[int, Offer]
) -> list[Match]:
    wish_ids = wishes.id[found.wish_index].tolist()
    wishes_by_id = Wish.objects.in_bulk(set(wish_ids))
    reasons = packed_reasons(wishes, found)
    return [
        Match(
            young_person=people[int(pairs.person[row])],
            offer=offers[int(pairs.offer[row])],
            wish=wishes_by_id[wish_ids[row]],
            rank=row + 1,
            score=int(pairs.score[row]),
            distance_m=int(found.distance_m[row]) if found.distance_m[row] >= 0 else None,
            reasons=unpack_reasons(int(reasons[row])),
        )
        for row in range(len(found))
    ]
