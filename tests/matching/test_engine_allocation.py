"""The allocation from people, wishes and offers: limits, coverage over every candidate, order of rows."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matching.engine import OfferIndex, Parameters, Ranker, Seekers, allocate, default_budget
from matching.engine.allocation import Effort, list_shape
from tests.matching.engine_oracle import (
    TODAY,
    arrays,
    cases,
    maximum_flow,
    offer,
    person,
    ranked_lists,
    settings_of_runs,
    wish,
)

PARAMETERS = Parameters(today=TODAY)
SHORT = Effort(depth=1, spread=1, epsilons=(30, 5), target=1.0)
thorough = settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
budgets = st.lists(st.integers(0, 2), min_size=12, max_size=12)

# Many people after few offers: who gets what depends on everybody else.
crowds = st.integers(1, 12).flatmap(
    lambda count: st.tuples(
        st.lists(st.sets(st.integers(1, 6), max_size=4), min_size=count, max_size=count),
        st.lists(st.integers(0, 3), min_size=6, max_size=6),
    )
)


def crowd(reach):
    """Person i can only be shown the offers in reach[i], each of an employer of its own."""
    everyone = set(range(1, 7))
    people = [person(id=i, excluded=list(everyone - seen)) for i, seen in enumerate(reach, start=1)]
    wishes = [wish(id=row["id"], person=row["id"], rank=row["id"] % 5) for row in people]
    offers = [offer(id=i, employer=i, place=(48.85, 2.35 + i / 100)) for i in everyone]
    return people, wishes, offers


def run(case, budget=None, parameters=PARAMETERS, **options):
    people, wishes, offers = arrays(case)
    ranker = Ranker(Seekers.sort(people, wishes, parameters), OfferIndex.build(offers, parameters), parameters)
    return allocate(ranker, people, offers, parameters, budget=budget, **options), (people, wishes, offers), ranker


def named(allocation, people, offers):
    """The answer without the caller's order of rows."""
    by_offer, by_person = np.argsort(offers.id), people.id[allocation.uncovered]
    columns = (
        people.id[allocation.person_index], offers.id[allocation.offer_index], allocation.rank, allocation.score,
        by_person, allocation.exposure[by_offer], allocation.budget[by_offer], allocation.price[by_offer],
    )  # fmt: skip
    return [column.tobytes() for column in columns], allocation.bound


@thorough
@given(crowds)
def test_as_many_people_are_served_as_a_maximum_flow_over_every_candidate(drawn):
    reach, budget = drawn
    case = crowd(reach)
    allocation = run(case, budget, effort=SHORT)[0]
    lists = {who: [row[0] for row in rows] for who, rows in ranked_lists(case, PARAMETERS).items()}
    served = len(set(allocation.person_index.tolist()))
    assert served == maximum_flow(lists, {job: budget[job - 1] for job in range(1, 7)})
    assert served == allocation.bound.covered == allocation.bound.coverable
    assert served + len(allocation.uncovered) == sum(1 for rows in lists.values() if rows)


@thorough
@given(crowds)
def test_no_budget_is_left_where_someone_could_still_be_shown_the_offer(drawn):
    reach, budget = drawn
    case = crowd(reach)
    allocation = run(case, budget, effort=SHORT)[0]
    mine = Counter(allocation.person_index.tolist())
    shown = set(zip(allocation.person_index.tolist(), (allocation.offer_index + 1).tolist(), strict=True))
    for who, rows in ranked_lists(case, PARAMETERS).items():
        for job in {row[0] for row in rows} - {job for one, job in shown if one == who - 1}:
            assert allocation.exposure[job - 1] == budget[job - 1] or mine[who - 1] == PARAMETERS.k


@thorough
@given(cases(), settings_of_runs, budgets)
def test_every_limit_holds(case, parameters, budget):
    budget = budget[: len(case[2])]
    allocation, (_, _, offers), _ = run(case, budget, parameters, effort=SHORT)
    pairs = list(zip(allocation.person_index.tolist(), allocation.offer_index.tolist(), strict=True))
    employers = Counter((who, int(offers.employer[job])) for who, job in pairs)
    assert len(set(pairs)) == len(pairs)
    assert max(Counter(who for who, _ in pairs).values(), default=0) <= parameters.k
    assert max(employers.values(), default=0) <= parameters.per_employer
    assert (allocation.exposure <= budget).all()
    assert allocation.exposure.tolist() == [sum(job == i for _, job in pairs) for i in range(len(offers))]


@thorough
@given(cases(), settings_of_runs, budgets)
def test_pairs_are_candidates_with_their_score_in_the_order_of_the_list(case, parameters, budget):
    allocation, (people, _, offers), _ = run(case, budget[: len(case[2])], parameters)
    lists = ranked_lists(case, parameters)
    for who in set(allocation.person_index.tolist()):
        rows = np.flatnonzero(allocation.person_index == who)
        listed = [row[:2] for row in lists[int(people.id[who])]]
        ids, scores = offers.id[allocation.offer_index[rows]].tolist(), allocation.score[rows].tolist()
        shown = list(zip(ids, scores, strict=True))
        assert shown == [row for row in listed if row in shown]
        assert allocation.rank[rows].tolist() == list(range(1, len(rows) + 1))


@thorough
@given(cases(), settings_of_runs, budgets, st.randoms(use_true_random=False))
def test_neither_row_order_nor_threads_nor_ready_lists_change_anything(case, parameters, budget, rng):
    budget = dict(zip(sorted(row["id"] for row in case[2]), budget, strict=False))
    answers = []
    for rows, threads in ((case, 1), (tuple(rng.sample(table, len(table)) for table in case), 3)):
        shares = [budget[row["id"]] for row in rows[2]]
        allocation, (people, _, offers), ranker = run(rows, shares, parameters, threads=threads)
        answers.append(named(allocation, people, offers))
    lists = ranker.lists(*list_shape(parameters))
    answers.append(named(run(rows, shares, parameters, lists=lists)[0], people, offers))
    assert all(answer == answers[0] for answer in answers)


@thorough
@given(cases(), settings_of_runs)
def test_without_scarcity_everyone_keeps_their_top(case, parameters):
    allocation, (people, _, offers), ranker = run(case, [1000] * len(case[2]), parameters)
    top = ranker.lists(parameters.k, parameters.per_employer)
    assert len(allocation.uncovered) == 0
    assert (allocation.price == 0).all()
    assert offers.id[allocation.offer_index].tolist() == ranker.index.offers.id[top.offer].tolist()
    assert people.id[allocation.person_index].tolist() == ranker.seekers.people.id[top.owners()].tolist()


@thorough
@given(crowds, st.lists(st.integers(0, 2_000_000), min_size=6, max_size=6))
def test_prices_of_an_earlier_run_never_cost_coverage_or_a_limit(drawn, prices):
    reach, budget = drawn
    fresh = run(crowd(reach), budget, effort=SHORT)[0]
    warm = run(crowd(reach), budget, effort=SHORT, prices=np.array(prices))[0]
    assert warm.bound.covered == fresh.bound.covered
    assert (warm.exposure <= budget).all()


def test_the_only_offer_of_someone_is_left_to_them():
    """Everyone's favourite is offer 1; the third person has nothing else."""
    allocation, (_, _, offers), _ = run(crowd([{1, 2}, {1, 3}, {1}]), [1, 1, 1, 1, 1, 1])
    assert len(allocation.uncovered) == 0
    assert offers.id[allocation.offer_index[allocation.person_index == 2]].tolist() == [1]


def test_a_chain_of_moves_makes_room_for_the_last_one():
    """Served only if each of the others moves one offer along."""
    allocation = run(crowd([{1, 2}, {2, 3}, {3, 4}, {4, 5}, {1}]), [1] * 6)[0]
    assert len(allocation.uncovered) == 0


def test_the_best_score_wins_where_not_everybody_can_be_served():
    case = crowd([{1}, {1}, {1}])
    allocation, (people, _, _), _ = run(case, [1] * 6)
    assert people.id[allocation.uncovered].tolist() == [2, 3]
    allocation = run(case, [0] * 6)[0]
    assert len(allocation) == 0
    assert len(allocation.uncovered) == 3


def test_ranks_count_from_the_best_offer_of_each_person():
    allocation = run(crowd([{1, 2, 3}, {2, 4}]))[0]
    assert allocation.rank.tolist() == [1, 2, 3, 1, 2]
    for who in (0, 1):
        scores = allocation.score[allocation.person_index == who]
        assert (np.diff(scores) <= 0).all()


def test_equal_scores_are_told_apart_by_distance():
    """Offer 1 is fresher than offer 2 by as many points as it is farther; offer 3 is the best of the trade."""
    farther = offer(id=1, employer=1, place=(48.8716, 2.35), published=TODAY - 90)
    case = [person()], [wish()], [farther, offer(id=2, employer=2), offer(id=3, employer=3, published=TODAY)]
    allocation, (_, _, offers), _ = run(case)
    assert allocation.score[1] == allocation.score[2]
    assert offers.id[allocation.offer_index].tolist() == [3, 2, 1]


@pytest.mark.parametrize(
    ("factor", "positions", "expected"), [(15, 2, 30), (0.5, 1, 1), (0.5, 5, 2), (0, 3, 1), (15, 0, 0)]
)
def test_the_default_budget_is_factor_times_positions_and_at_least_one(factor, positions, expected):
    offers = arrays(([], [], [offer(positions=positions)]))[2]
    assert default_budget(offers, Parameters(today=TODAY, exposure_factor=factor)).tolist() == [expected]


@pytest.mark.parametrize("budget", [[-1], [1, 1], []])
def test_a_budget_that_does_not_fit_the_offers_is_refused(budget):
    with pytest.raises(ValueError, match="budget"):
        run(([person()], [wish()], [offer()]), budget)


def test_nothing_to_allocate_is_no_error():
    assert len(run(([], [], []))[0]) == 0
    assert len(run(([person()], [], []))[0].uncovered) == 0
    assert len(run(([], [], [offer()]))[0]) == 0


def test_a_closed_offer_is_neither_shown_nor_priced():
    allocation = run(([person()], [wish()], [offer(positions=0), offer(id=2)]))[0]
    assert allocation.offer_index.tolist() == [1]
    assert (allocation.exposure[0], allocation.price[0]) == (0, 0)


def test_an_employer_is_shown_twice_to_one_person_however_much_budget_is_left():
    allocation = run(([person()], [wish()], [offer(id=i) for i in range(1, 7)]), [9] * 6)[0]
    assert len(allocation) == 2
