"""Which offers each person of a campaign is shown: an allocation of its own, under budgets all campaigns share."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from django.db.models import QuerySet

from employers.models import Offer
from matching.engine import Allocation, Lists, OfferIndex, Offers, People, Ranker, Ranking, Seekers, Wishes, allocate
from matching.engine.arrays import Bools, Ints
from matching.inputs import date_of, positions_in, reach, read_offers, read_people, read_wishes, remaining_budget
from matching.models import Campaign
from matching.models.reasons import pack_reasons, unpack_reasons
from matching.run_settings import RunSettings
from youth.models import Wish, YoungPerson

SPARE_OFFERS = 3
THREADS = os.cpu_count() or 1  # the answer does not depend on it
LIST_DEPTH = 30
LIST_PER_EMPLOYER = 6


def settings_of(campaign: Campaign, today: date) -> RunSettings:
    wanted = {"k": campaign.offers_per_mail, "exposure_factor": campaign.exposure_factor}
    return RunSettings.resolve(today, wanted)


@dataclass(frozen=True, eq=False)
class Table:
    """Everybody of the audience, and every open offer within their reach, spent or not."""

    people: People
    wishes: Wishes
    offers: Offers
    budget: Ints
    settings: RunSettings

    def index(self, offers: Bools) -> OfferIndex:
        return OfferIndex.build(self.offers.take(np.flatnonzero(offers)), self.settings.engine)

    def wishes_of(self, people: Ints) -> Wishes:
        """Of these rows of the people, as rows of them."""
        place = np.full(len(self.people), -1, dtype=np.int64)
        place[people] = np.arange(len(people))
        wishes = self.wishes.take(np.flatnonzero(place[self.wishes.person_index] >= 0))
        wishes.person_index[:] = place[wishes.person_index]
        return wishes

    def ranker(self, people: Ints, wishes: Wishes, index: OfferIndex) -> Ranker:
        seekers = Seekers.sort(self.people.take(people), wishes, self.settings.engine)
        return Ranker(seekers, index, self.settings.engine)

    def rows_of(self, ids: Iterable[int]) -> Ints:
        rows, known = positions_in(self.people.id, np.fromiter(sorted(ids), dtype=np.int64))
        return rows[known]


@dataclass(frozen=True, eq=False)
class Shares:
    """Who is shown what, by ids, sorted by person then rank; ranks go on after the shown offers with spare ones.

    `exposure` and `budget` have one row per offer of `offers`: those that could be shown to somebody.
    """

    person: Ints
    offer: Ints
    wish: Ints
    rank: Ints
    spare: Bools
    score: Ints
    distance_m: Ints
    reasons: Ints
    offers: Ints
    exposure: Ints
    budget: Ints

    def people(self) -> set[int]:
        return set(self.person.tolist())

    def rows_of(self, person_id: int) -> list[dict[str, Any]]:
        """The columns of RecipientOffer, shown and spare."""
        first, last = np.searchsorted(self.person, [person_id, person_id + 1])
        return [
            {
                "offer_id": int(self.offer[row]),
                "wish_id": int(self.wish[row]),
                "rank": int(self.rank[row]),
                "spare": bool(self.spare[row]),
                "score": int(self.score[row]),
                "distance_m": int(self.distance_m[row]) if self.distance_m[row] >= 0 else None,
                "reasons": unpack_reasons(int(self.reasons[row])),
            }
            for row in range(first, last)
        ]


def read_table(people: QuerySet[YoungPerson], settings: RunSettings) -> Table:
    seekers = read_people(people, settings)
    asked = Wish.objects.current(date_of(settings)).filter(young_person__in=people.order_by())
    wishes = read_wishes(asked, seekers)
    within_reach = Offer.objects.public().filter(reach(seekers, wishes, settings.engine))
    offers = read_offers(within_reach, settings)
    budget = remaining_budget(within_reach, offers, settings)
    return Table(seekers, wishes, offers, budget, settings)


def people_with_candidates(table: Table, people: set[int], *, spent: bool) -> set[int]:
    """Those whom an open offer suits: one that may still be shown, or (`spent`) one the other campaigns used up."""
    rows = table.rows_of(people)
    offers = table.index((table.budget > 0) != spent)
    found = table.ranker(rows, table.wishes_of(rows), offers).lists(1, 1)
    return set(table.people.id[rows[found.lengths() > 0]].tolist())


def share_out(table: Table, people: set[int]) -> Shares:
    """First as many people as possible, then the best scores; then, from what is left, a few spare offers each."""
    rows = table.rows_of(people)
    wishes, index = table.wishes_of(rows), table.index(table.budget > 0)
    ranker = table.ranker(rows, wishes, index)
    budget = table.budget[table.budget > 0][index.rows]
    lists = ranker.lists(LIST_DEPTH, LIST_PER_EMPLOYER)
    person, offer, spare = _with_spares(ranker, lists, _allocated(ranker, budget), budget)
    described = ranker.describe(person, offer)
    return Shares(
        person=ranker.seekers.people.id[person],
        offer=index.offers.id[offer],
        wish=wishes.id[described.wish_index],
        rank=_ranks(person),
        spare=spare,
        score=described.score,
        distance_m=described.distance_m,
        reasons=_packed(wishes, described),
        offers=index.offers.id,
        exposure=np.bincount(offer[~spare], minlength=len(index)),
        budget=budget,
    )


def _allocated(ranker: Ranker, budget: Ints) -> Allocation:
    """Rows of the ranker's people and of its index."""
    people, offers = ranker.seekers.people, ranker.index.offers
    return allocate(ranker, people, offers, ranker.parameters, budget=budget, threads=THREADS)


def _with_spares(ranker: Ranker, lists: Lists, shown: Allocation, budget: Ints) -> tuple[Ints, Ints, Bools]:
    """Pairs sorted by person, the shown ones first. A spare offer takes a showing nobody was given."""
    left = budget - np.bincount(shown.offer_index, minlength=len(budget))
    spares = _Spares(ranker, lists, left)
    person, offer = spares.beside(shown.person_index, shown.offer_index)
    owners = np.concatenate([shown.person_index, person])
    offers = np.concatenate([shown.offer_index, offer])
    spare = np.arange(len(owners)) >= len(shown)
    order = np.lexsort((spare, owners))
    return owners[order], offers[order], spare[order]


class _Spares:
    """Reads every served person's list once, best first, in plain Python numbers."""

    def __init__(self, ranker: Ranker, lists: Lists, left: Ints) -> None:
        self.first, self.offers = lists.first.tolist(), lists.offer.tolist()
        self.employers = ranker.index.employer.tolist()
        self.per_employer = ranker.parameters.per_employer
        self.left = left.tolist()

    def beside(self, person: Ints, offer: Ints) -> tuple[Ints, Ints]:
        shown: dict[int, list[int]] = {}
        for one, given in zip(person.tolist(), offer.tolist(), strict=True):
            shown.setdefault(one, []).append(given)
        pairs = [(one, found) for one, given in shown.items() for found in self._pick(one, given)]
        columns = np.array(pairs, dtype=np.int64).reshape(-1, 2)
        return columns[:, 0], columns[:, 1]

    def _pick(self, person: int, given: list[int]) -> list[int]:
        picked: list[int] = []
        for offer in self.offers[self.first[person] : self.first[person + 1]]:
            if len(picked) == SPARE_OFFERS:
                break
            if self.left[offer] > 0 and offer not in given and self._fits(offer, given + picked):
                self.left[offer] -= 1
                picked.append(offer)
        return picked

    def _fits(self, offer: int, others: list[int]) -> bool:
        employer = self.employers[offer]
        return sum(self.employers[other] == employer for other in others) < self.per_employer


def _ranks(person: Ints) -> Ints:
    ranks: Ints = np.arange(len(person)) - np.searchsorted(person, person) + 1
    return ranks


def _packed(wishes: Wishes, described: Ranking) -> Ints:
    packed: Ints = pack_reasons(
        rank=wishes.rank[described.wish_index].astype(np.int64),
        rome=described.rome_kind.astype(np.int64),
        level=described.level_kind.astype(np.int64),
        date=described.date_kind.astype(np.int64),
        via=described.via.astype(np.int64),
        variety=described.variety.astype(np.int64),
        age=described.age_days.astype(np.int64),
    )
    return packed
