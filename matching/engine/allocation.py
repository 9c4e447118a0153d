"""Who is shown what when an offer may only be shown so many times: first everybody, then the best scores."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from matching.engine.arrays import Ints, Offers, People
from matching.engine.auction import auction
from matching.engine.bound import Bound, best_responses, bound
from matching.engine.compiled import counting_nothing
from matching.engine.coverage import cover
from matching.engine.filling import fill
from matching.engine.lists import Lists
from matching.engine.market import Market
from matching.engine.parameters import PRICE_SCALE, Parameters
from matching.engine.ranking import Ranker
from matching.engine.scoring import NO_DISTANCE
from matching.engine.shown import FREE, Shown

COUNTRY = 300_000
Columns = tuple[Ints, Ints, Ints]


@dataclass(frozen=True, slots=True)
class Effort:
    """Rounds of auction go on until the bound says `target`, at most one per ε (in points).

    The same for everybody who has as many people: a clock would make the answer depend on the machine.
    """

    depth: int = 32  # rows a person's list starts with, and gains at each round at most
    spread: int = 2  # employer caps' worth of rows a list may hold of one employer: choice, when prices change
    epsilons: tuple[float, ...] = (100, 30, 10)
    target: float = 0.998

    @classmethod
    def worth(cls, people: int) -> Self:
        """Minutes for a whole country, where the last half per cent would take as long as all the rest."""
        return cls() if people <= COUNTRY else cls(epsilons=(200, 100, 40), target=0.95)


@dataclass(frozen=True, eq=False)
class Allocation:
    """Sorted by person id, then rank (1 is the person's best).

    `uncovered` lists the people who have candidates and got nothing: no choice within the budgets could have served
    more people. `exposure`, `budget` and `price` have one row per offer; prices are in points × PRICE_SCALE.
    """

    person_index: Ints
    offer_index: Ints
    rank: Ints
    score: Ints
    uncovered: Ints
    exposure: Ints
    budget: Ints
    price: Ints
    bound: Bound

    def __len__(self) -> int:
        return len(self.score)


@dataclass(frozen=True, eq=False)
class Deal:
    """The outcome in the market's terms: people and offers are ranks by id."""

    shown: Shown
    price: Ints
    uncovered: Ints
    bound: Bound


def list_shape(parameters: Parameters) -> tuple[int, int]:
    """Depth and employer cap of the unpriced lists an allocation starts from."""
    return shape(Effort(), parameters.k, parameters.per_employer)


def default_budget(offers: Offers, parameters: Parameters) -> Ints:
    """factor × open positions, at least 1; 0 where no position is open."""
    shown = np.floor(offers.positions * parameters.exposure_factor).astype(np.int64)
    return np.where(offers.positions > 0, np.maximum(shown, 1), 0)


def allocate(
    ranker: Ranker,
    people: People,
    offers: Offers,
    parameters: Parameters,
    *,
    budget: Ints | None = None,
    threads: int = 1,
    lists: Lists | None = None,
    prices: Ints | None = None,
    effort: Effort | None = None,
) -> Allocation:
    """`ranker` knows these `people` and `offers`; `budget` and `prices` have one row per offer.

    `lists`, the ranker's unpriced ones, and `prices`, those of an earlier allocation, only save time.
    """
    budget = default_budget(offers, parameters) if budget is None else np.asarray(budget, dtype=np.int64)
    if len(budget) != len(offers) or (budget < 0).any():
        raise ValueError("allocate: budget needs one row per offer, none below 0")
    market = market_of(ranker, parameters, budget[ranker.index.rows], threads)
    known = None if prices is None else np.asarray(prices)[ranker.index.rows]
    deal = share_out(market, effort or Effort.worth(len(people)), lists, known)
    return _allocation(ranker, deal, budget)


def market_of(ranker: Ranker, parameters: Parameters, budget: Ints, threads: int) -> Market:
    """`budget`: of the open offers, by id."""
    return Market(
        source=ranker,
        people=len(ranker.seekers.people),
        employer=np.ascontiguousarray(ranker.index.employer),
        budget=budget,
        k=parameters.k,
        per_employer=parameters.per_employer,
        highest=parameters.weights.highest(),
        threads=threads,
    )


def _allocation(ranker: Ranker, deal: Deal, budget: Ints) -> Allocation:
    """Back to the caller's rows."""
    rows, people_rows = ranker.index.rows, ranker.seekers.people_rows
    person, offer, score = in_order(ranker, deal.shown)
    price = np.zeros(len(budget), dtype=np.int64)
    price[rows] = deal.price
    return Allocation(
        person_index=people_rows[person],
        offer_index=rows[offer],
        rank=(np.arange(len(person)) - np.searchsorted(person, person) + 1).astype(np.int16),
        score=score,
        uncovered=people_rows[deal.uncovered],
        exposure=np.bincount(rows[offer], minlength=len(budget)),
        budget=budget,
        price=price,
        bound=deal.bound,
    )


def share_out(market: Market, effort: Effort, lists: Lists | None = None, prices: Ints | None = None) -> Deal:
    """Rounds of auction over growing lists, then coverage and leftovers over every candidate.

    Lists cannot hold every candidate of everybody. After each round, all candidates are read again under its prices:
    this gives the bound, and the rows that have become attractive, which the next round may bid for too.
    """
    lists = _lists(market, effort, None) if lists is None else lists
    suited = np.flatnonzero(lists.lengths())
    if prices is not None:
        lists = union(lists, _lists(market, effort, market.priced(prices)), market.offers)
    for epsilon in effort.epsilons:
        taken, price = auction(market, lists, round(epsilon * PRICE_SCALE))
        fresh = _lists(market, effort, price)
        responses = best_responses(market, fresh, price)
        shown = Shown.of(market, lists, taken)
        if bound(market, price, responses, shown.covered, shown).ratio >= effort.target:
            break
        lists = union(lists, fresh, market.offers)
    cover(market, shown, suited)
    fill(market, shown)
    uncovered = suited[shown.used[suited] == 0]
    return Deal(shown, price, uncovered, bound(market, price, responses, shown.covered, shown))


def _lists(market: Market, effort: Effort, prices: Ints | None) -> Lists:
    depth, cap = shape(effort, market.k, market.per_employer)
    return market.source.lists(depth, cap, prices=prices, threads=market.threads)


def shape(effort: Effort, k: int, per_employer: int) -> tuple[int, int]:
    """Rows of a list, in all and of one employer: at least k within the employer cap, if there are."""
    return max(effort.depth, k * effort.spread), per_employer * effort.spread


def union(one: Lists, other: Lists, offers: int) -> Lists:
    """Each person's rows of `one`, then those of `other` that are not there."""
    first = np.zeros_like(one.first)
    offer = np.empty(len(one) + len(other), dtype=one.offer.dtype)
    score = np.empty(len(one) + len(other), dtype=one.score.dtype)
    seen_by = np.full(offers, -1, dtype=np.int32)
    size = append(columns(one), columns(other), (first, offer, score), seen_by)
    return Lists(first, offer[:size], score[:size])


def columns(lists: Lists) -> Columns:
    return lists.first, lists.offer, lists.score


@counting_nothing
def append(one: Columns, other: Columns, out: Columns, seen_by: Ints) -> int:
    """Writes the union into `out`; its rows. `seen_by`: the last person who listed each offer."""
    size = 0
    for person in range(len(one[0]) - 1):
        size = append_new(one, person, out, size, seen_by)
        size = append_new(other, person, out, size, seen_by)
        out[0][person + 1] = size
    return size


@counting_nothing
def append_new(lists: Columns, person: int, out: Columns, size: int, seen_by: Ints) -> int:
    first, offer, score = lists
    for row in range(first[person], first[person + 1]):
        if seen_by[offer[row]] != person:
            seen_by[offer[row]] = person
            out[1][size], out[2][size] = offer[row], score[row]
            size += 1
    return size


def in_order(ranker: Ranker, shown: Shown) -> tuple[Ints, Ints, Ints]:
    """(person, offer, score) by person, then in the order of lists: equal scores by distance, then offer id."""
    person, slot = np.nonzero(shown.offer != FREE)
    offer, score = shown.offer[person, slot].astype(np.int64), shown.score[person, slot]
    order = np.lexsort((offer, -score, person))
    person, offer, score = person[order], offer[order], score[order]
    same = (np.diff(person) == 0) & (np.diff(score) == 0)
    tied = np.flatnonzero(np.append(same, False) | np.append(False, same))
    metres = ranker.describe(person[tied], offer[tied]).distance_m.astype(np.int64)
    away = np.zeros(len(person), dtype=np.int64)
    away[tied] = np.where(metres < 0, NO_DISTANCE, metres)
    order = np.lexsort((offer, away, -score, person))
    return person, offer[order], score[order]
