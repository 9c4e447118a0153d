"""Who is shown what when an offer may only be shown so many times: first everybody, then the best scores."""

from dataclasses import dataclass

import numpy as np

from matching.engine.arrays import Bools, Ints, Offers, People
from matching.engine.coverage import Lists, cover
from matching.engine.parameters import Parameters
from matching.engine.ranking import Ranking


@dataclass(frozen=True, eq=False)
class Allocation:
    """Sorted by person id, then rank (1 is the person's best). `row` points into the ranking: the reasons.

    `exposure` and `budget` have one row per offer; `uncovered` lists the people who have candidates and got
    nothing: no choice within these lists and budgets could have served more people.
    """

    person_index: Ints
    offer_index: Ints
    rank: Ints
    score: Ints
    row: Ints
    uncovered: Ints
    exposure: Ints
    budget: Ints

    def __len__(self) -> int:
        return len(self.score)


def default_budget(offers: Offers, parameters: Parameters) -> Ints:
    """factor × open positions, at least 1; 0 where no position is open."""
    shown = np.floor(offers.positions * parameters.exposure_factor).astype(np.int64)
    return np.where(offers.positions > 0, np.maximum(shown, 1), 0)


def allocate(
    ranking: Ranking, people: People, offers: Offers, parameters: Parameters, *, budget: Ints | None = None
) -> Allocation:
    """`ranking` holds rows of these `people` and `offers`; `budget` has one row per offer."""
    budget = default_budget(offers, parameters) if budget is None else np.asarray(budget, dtype=np.int64)
    if len(budget) != len(offers) or (budget < 0).any():
        raise ValueError("allocate: budget needs one row per offer, none below 0")
    lists, rows = candidate_lists(ranking, people, offers, budget)
    covering = cover(lists)
    taken = fill(lists, covering, ranking, rows, offers, parameters)
    kept = rows[taken]
    person = lists.person[taken]
    people_by_id = np.argsort(people.id, kind="stable")
    nothing = (covering < 0) & (lists.lengths() > 0)
    return Allocation(
        person_index=ranking.person_index[kept],
        offer_index=ranking.offer_index[kept],
        rank=(np.arange(len(kept)) - np.searchsorted(person, person) + 1).astype(np.int16),
        score=ranking.score[kept],
        row=kept,
        uncovered=people_by_id[nothing],
        exposure=np.bincount(ranking.offer_index[kept], minlength=len(offers)),
        budget=budget,
    )


def candidate_lists(ranking: Ranking, people: People, offers: Offers, budget: Ints) -> tuple[Lists, Ints]:
    """People and offers renamed by rank of id, and the ranking's row of each list row."""
    person = _places(people.id)[ranking.person_index]
    offers_by_id = np.argsort(offers.id, kind="stable")
    rows = np.argsort(person, kind="stable")
    person = person[rows]
    lists = Lists(
        first=np.searchsorted(person, np.arange(len(people) + 1)),
        person=person,
        offer=_places(offers.id)[ranking.offer_index[rows]],
        score=ranking.score[rows].astype(np.int64),
        budget=budget[offers_by_id],
    )
    return lists, rows


def _places(ids: Ints) -> Ints:
    places = np.empty(len(ids), dtype=np.int64)
    places[np.argsort(ids, kind="stable")] = np.arange(len(ids))
    return places


def fill(lists: Lists, covering: Ints, ranking: Ranking, rows: Ints, offers: Offers, parameters: Parameters) -> Bools:
    """Which rows are taken: the covering ones, then every row from the best score down that still fits."""
    distance = ranking.distance_m[rows]
    distance = np.where(distance < 0, np.iinfo(np.int32).max, distance)
    order = np.lexsort((lists.offer, lists.person, distance, -lists.score))
    employer = offers.employer[ranking.offer_index[rows]]
    _, pair = np.unique(np.stack([lists.person, employer]), axis=1, return_inverse=True)
    room = Room(lists, pair, parameters)
    for row in covering[covering >= 0].tolist():
        room.take(row)
    for row in order.tolist():
        if room.fits(row):
            room.take(row)
    return np.array(room.taken, dtype=np.bool_)


class Room:
    """What is left to every offer, person and (person, employer), in plain lists: read row by row."""

    def __init__(self, lists: Lists, pair: Ints, parameters: Parameters) -> None:
        self.person, self.offer, self.pair = lists.person.tolist(), lists.offer.tolist(), pair.tolist()
        self.of_offer = lists.budget.tolist()
        self.of_person = [parameters.k] * (len(lists.first) - 1)
        self.of_pair = [parameters.per_employer] * len(self.pair)
        self.taken = [False] * len(self.pair)

    def fits(self, row: int) -> bool:
        return (
            self.of_person[self.person[row]] > 0
            and self.of_offer[self.offer[row]] > 0
            and self.of_pair[self.pair[row]] > 0
            and not self.taken[row]
        )

    def take(self, row: int) -> None:
        self.taken[row] = True
        self.of_person[self.person[row]] -= 1
        self.of_offer[self.offer[row]] -= 1
        self.of_pair[self.pair[row]] -= 1
