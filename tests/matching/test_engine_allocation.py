"""The allocation: nobody and nothing over its limits, as many people served as a maximum flow can serve."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matching.engine import Parameters, allocate, default_budget, rank
from matching.engine.allocation import candidate_lists
from matching.engine.coverage import propose
from tests.matching.engine_oracle import (
    TODAY,
    arrays,
    cases,
    lists_of,
    maximum_flow,
    offer,
    person,
    settings_of_runs,
    wish,
)

PARAMETERS = Parameters(today=TODAY)
thorough = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))

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


def run(case, budget=None, parameters=PARAMETERS):
    tables = arrays(case)
    ranking = rank(*tables, parameters)
    return allocate(ranking, tables[0], tables[2], parameters, budget=budget), ranking, tables


@thorough
@given(crowds)
def test_as_many_people_are_served_as_a_maximum_flow_serves(drawn):
    reach, budget = drawn
    allocation, ranking, tables = run(crowd(reach), budget)
    lists = {who: [row[0] for row in rows] for who, rows in lists_of(ranking, *tables).items()}
    served = len(set(allocation.person_index.tolist()))
    assert served == maximum_flow(lists, {job: budget[job - 1] for job in range(1, 7)})
    assert served + len(allocation.uncovered) == len(lists)


@thorough
@given(crowds)
def test_no_budget_is_left_where_someone_could_still_be_shown_the_offer(drawn):
    reach, budget = drawn
    allocation, ranking, _ = run(crowd(reach), budget)
    shown = Counter(allocation.person_index.tolist())
    left_out = set(range(len(ranking))) - set(allocation.row.tolist())
    for row in left_out:
        full = allocation.exposure[ranking.offer_index[row]] == budget[ranking.offer_index[row]]
        assert full or shown[int(ranking.person_index[row])] == PARAMETERS.k


@thorough
@given(cases(), settings_of_runs, st.lists(st.integers(0, 2), min_size=12, max_size=12))
def test_every_limit_holds(case, parameters, budget):
    budget = budget[: len(case[2])]
    allocation, ranking, (_, _, offers) = run(case, budget, parameters)
    pairs = list(zip(allocation.person_index.tolist(), allocation.offer_index.tolist(), strict=True))
    employers = Counter((who, int(offers.employer[job])) for who, job in pairs)
    assert len(set(pairs)) == len(pairs)
    assert max(Counter(who for who, _ in pairs).values(), default=0) <= parameters.k
    assert max(employers.values(), default=0) <= parameters.per_employer
    assert (allocation.exposure <= budget).all()
    assert allocation.exposure.tolist() == [sum(job == i for _, job in pairs) for i in range(len(offers))]
    assert (ranking.person_index[allocation.row] == allocation.person_index).all()
    assert (ranking.offer_index[allocation.row] == allocation.offer_index).all()
    assert (ranking.score[allocation.row] == allocation.score).all()


@thorough
@given(cases(), settings_of_runs, st.randoms(use_true_random=False))
def test_row_order_changes_nothing(case, parameters, rng):
    answers = []
    for rows in (case, tuple(rng.sample(table, len(table)) for table in case)):
        allocation, _, (people, _, offers) = run(rows, parameters=parameters)
        named = people.id[allocation.person_index], offers.id[allocation.offer_index]
        uncovered = people.id[allocation.uncovered]
        answers.append([c.tobytes() for c in (*named, allocation.rank, allocation.score, uncovered)])
    assert answers[0] == answers[1]


@thorough
@given(cases(), settings_of_runs)
def test_without_scarcity_everyone_keeps_their_top(case, parameters):
    allocation, ranking, _ = run(case, [1000] * len(case[2]), parameters)
    assert len(allocation.uncovered) == 0
    assert (ranking.in_top[allocation.row]).all()
    assert len(allocation) == int(ranking.in_top.sum())


def test_the_only_offer_of_someone_is_left_to_them():
    """Everyone's favourite is offer 1; the third person has nothing else."""
    allocation, _, (_, _, offers) = run(crowd([{1, 2}, {1, 3}, {1}]), [1, 1, 1, 1, 1, 1])
    assert len(allocation.uncovered) == 0
    assert offers.id[allocation.offer_index[allocation.person_index == 2]].tolist() == [1]


def test_a_chain_of_moves_makes_room_for_the_last_one():
    """Served only if each of the others moves one offer along."""
    allocation, _, _ = run(crowd([{1, 2}, {2, 3}, {3, 4}, {4, 5}, {1}]), [1] * 6)
    assert len(allocation.uncovered) == 0


def test_people_beyond_the_budget_are_listed_by_id():
    """All three lists are as short: the one place goes to the best score, person 1 and their first wish."""
    case = crowd([{1}, {1}, {1}])
    allocation, _, (people, _, _) = run(case, [1] * 6)
    assert people.id[allocation.uncovered].tolist() == [2, 3]
    allocation, _, _ = run(case, [0] * 6)
    assert len(allocation) == 0
    assert len(allocation.uncovered) == 3


def test_ranks_count_from_the_best_offer_of_each_person():
    allocation, _, _ = run(crowd([{1, 2, 3}, {2, 4}]))
    assert allocation.rank.tolist() == [1, 2, 3, 1, 2]
    for who in (0, 1):
        scores = allocation.score[allocation.person_index == who]
        assert (np.diff(scores) <= 0).all()


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


def test_asking_down_the_lists_leaves_the_place_to_the_shortest_list():
    """Before any repair: by score alone, person 1 and their first wish would hold the only place of offer 1."""
    ranking, tables = run(crowd([{1, 2}, {1, 3}, {1}]))[1:]
    lists, _ = candidate_lists(ranking, tables[0], tables[2], np.ones(6, dtype=np.int64))
    assert lists.offer[propose(lists)].tolist() == [1, 2, 0]


def test_an_employer_is_shown_twice_to_one_person_however_much_budget_is_left():
    case = [person()], [wish()], [offer(id=i) for i in range(1, 7)]
    allocation, ranking, _ = run(case, [9] * 6)
    assert (len(ranking), len(allocation)) == (6, 2)
