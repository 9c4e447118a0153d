"""Auction, coverage and bound on small markets: as good as a minimum cost flow, and never better than the bound."""

from collections import Counter

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matching.engine.auction import auction
from matching.engine.bound import best_responses, bound
from matching.engine.coverage import cover
from matching.engine.parameters import PRICE_SCALE
from matching.engine.shown import Shown
from tests.matching.allocation_oracle import HIGHEST, deal, exact, market, markets, optimum, pairs_of

thorough = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
prices_of = st.lists(st.integers(0, 2 * HIGHEST * PRICE_SCALE), min_size=7, max_size=7)


def assert_within_limits(trade, shown):
    pairs = pairs_of(shown)
    assert len(set(pairs)) == len(pairs)
    assert all(job in trade.source.scores[who] for who, job in pairs)
    assert max(Counter(who for who, _ in pairs).values(), default=0) <= trade.k
    employers = Counter((who, trade.source.employer[job]) for who, job in pairs)
    assert max(employers.values(), default=0) <= trade.per_employer
    exposure = Counter(job for _, job in pairs)
    assert all(exposure[job] <= budget for job, budget in enumerate(trade.budget))
    assert shown.room.tolist() == [budget - exposure[job] for job, budget in enumerate(trade.budget)]
    assert shown.total == sum(trade.source.scores[who][job] for who, job in pairs)


@thorough
@given(markets())
def test_with_a_small_enough_epsilon_the_total_is_the_best_there_is(trade):
    outcome = exact(trade)
    assert (outcome.shown.covered, outcome.shown.total) == optimum(trade)
    assert outcome.bound.upper == outcome.bound.score


@thorough
@given(markets())
def test_short_lists_and_a_coarse_epsilon_cost_score_but_never_coverage(trade):
    outcome = deal(trade)
    covered, best = optimum(trade)
    assert_within_limits(trade, outcome.shown)
    assert outcome.bound.covered == outcome.bound.coverable == outcome.shown.covered == covered
    assert outcome.bound.score == outcome.shown.total <= best <= outcome.bound.upper


@thorough
@given(markets(), st.integers(1, 30))
def test_whole_lists_cost_at_most_epsilon_for_each_pair(trade, epsilon):
    lists = trade.source.lists(20, 20)
    shown = Shown.of(trade, lists, auction(trade, lists, epsilon * PRICE_SCALE).taken)
    covered, best = optimum(trade)
    assert shown.covered == covered
    assert shown.total >= best - epsilon * min(trade.budget.sum(), trade.people * trade.k)


@thorough
@given(markets(), prices_of)
def test_the_bound_holds_at_any_prices(trade, prices):
    covered, best = optimum(trade)
    prices = np.array(prices[: trade.offers])
    lists = trade.source.lists(trade.k, trade.per_employer, prices=trade.priced(prices))
    responses = best_responses(trade, lists, trade.priced(prices))
    assert bound(trade, trade.priced(prices), responses, covered, exact(trade).shown).upper >= best


@thorough
@given(markets(), prices_of)
def test_starting_from_any_prices_changes_neither_limits_nor_coverage(trade, prices):
    outcome = deal(trade, prices=np.array(prices[: trade.offers]))
    assert_within_limits(trade, outcome.shown)
    assert outcome.shown.covered == optimum(trade)[0]


@thorough
@given(markets())
def test_no_budget_is_left_where_somebody_could_still_be_shown_the_offer(trade):
    shown = deal(trade).shown
    pairs = set(pairs_of(shown))
    for who, row in enumerate(trade.source.scores):
        mine = [job for one, job in pairs if one == who]
        employers = Counter(trade.source.employer[job] for job in mine)
        for job in set(row) - set(mine):
            capped = employers[trade.source.employer[job]] == trade.per_employer
            assert shown.room[job] == 0 or len(mine) == trade.k or capped


@thorough
@given(markets())
def test_coverage_from_nothing_is_maximum_too(trade):
    """Without any auction before: every path is found by the search."""
    lists = trade.source.lists(20, 20)
    shown = Shown.of(trade, lists, np.zeros(len(lists), dtype=np.bool_))
    cover(trade, shown, np.flatnonzero(lists.lengths()))
    assert_within_limits(trade, shown)
    assert shown.covered == optimum(trade)[0]


@thorough
@given(markets())
def test_the_same_market_gives_the_same_bytes(trade):
    first, second = deal(trade), deal(trade)
    assert first.shown.offer.tobytes() == second.shown.offer.tobytes()
    assert first.price.tobytes() == second.price.tobytes()
    assert first.bound == second.bound


@thorough
@given(markets())
def test_who_has_candidates_and_nothing_is_listed(trade):
    outcome = deal(trade)
    wanting = {who for who, row in enumerate(trade.source.scores) if row}
    assert set(outcome.uncovered.tolist()) == wanting - {who for who, _ in pairs_of(outcome.shown)}


def test_an_offer_that_is_not_full_costs_nothing():
    trade = market([{0: 90, 1: 80}, {0: 70}], [1, 5], k=1)
    _, price = auction(trade, trade.source.lists(9, 9), 1)
    assert price[0] > 10 * PRICE_SCALE
    assert price[1] == 0


def test_a_first_offer_goes_before_any_better_second_one():
    """Person 0 would be worth 100 there, person 1 only 1; but person 1 has nothing else."""
    outcome = exact(market([{0: 100, 1: 100}, {0: 1}], [1, 1]))
    assert pairs_of(outcome.shown) == [(0, 1), (1, 0)]


def test_someone_with_a_second_offer_gives_it_up_for_who_has_none():
    """The lists of the auction hold one row each: only the search sees that person 1 may have offer 0."""
    trade = market([{0: 9, 1: 8}, {2: 9, 0: 1}, {2: 9}], [1, 1, 1])
    assert deal(trade).bound.covered == 3


def test_a_chain_of_moves_makes_room_for_the_last_one():
    chain = [{0: 9, 1: 1}, {1: 9, 2: 1}, {2: 9, 3: 1}, {0: 9}]
    trade = market(chain, [1] * 4, k=1)
    assert deal(trade).bound.covered == 4


def test_everybody_wants_one_offer():
    trade = market([{0: 50} for _ in range(20)], [3])
    outcome = exact(trade)
    assert outcome.bound.covered == outcome.bound.coverable == 3
    assert outcome.bound.upper == 150


def test_one_employer_owns_everything():
    trade = market([{job: 50 + job for job in range(6)}] * 3, [9] * 6, employer=[4] * 6, k=5, per_employer=2)
    assert sorted(pairs_of(exact(trade).shown)) == [(who, job) for who in range(3) for job in (4, 5)]


def test_nothing_can_be_shown():
    outcome = deal(market([{0: 50}, {}], [0]))
    assert (outcome.bound.covered, outcome.bound.coverable, outcome.bound.upper) == (0, 0, 0)
    assert outcome.bound.ratio == 1.0
    assert outcome.uncovered.tolist() == [0]


def test_nobody_asks():
    outcome = deal(market([], [1, 2]))
    assert (len(pairs_of(outcome.shown)), outcome.bound.ratio) == (0, 1.0)
