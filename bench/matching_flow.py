"""The optimum of the allocation by general solvers: a maximum flow for coverage, a minimum-cost flow for the score."""

from typing import NamedTuple

import numpy as np
from ortools.graph.python import min_cost_flow
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow

FIRST_SLOT = 10**8  # one more person covered is worth more than any change of scores


class Market(NamedTuple):
    """One row per candidate pair; `budget` and `employer` have one per offer."""

    people: int
    person: np.ndarray
    offer: np.ndarray
    score: np.ndarray
    budget: np.ndarray
    employer: np.ndarray


def coverable(market: Market) -> int:
    """How many people can be shown an offer at all."""
    offers, people = len(market.budget), market.people
    source, sink = people + offers, people + offers + 1
    tail = np.concatenate([np.full(people, source), market.person, people + np.arange(offers)])
    head = np.concatenate([np.arange(people), people + market.offer, np.full(offers, sink)])
    room = np.concatenate([np.ones(people + len(market.person)), market.budget]).astype(np.int32)
    graph = csr_array((room, (tail, head)), shape=(sink + 1, sink + 1))
    return int(maximum_flow(graph, source, sink).flow_value)


def optimum(market: Market, k: int, per_employer: int) -> tuple[int, int]:
    """People covered and total score of the best allocation: first the most people, then the highest score."""
    people, offers = market.people, len(market.budget)
    pair = market.person << 32 | market.employer[market.offer]
    groups, group, sizes = np.unique(pair, return_inverse=True, return_counts=True)
    capped = np.flatnonzero(sizes > per_employer)  # the employer cap binds: a node of their own
    node = np.full(len(groups), -1)
    node[capped] = people + offers + np.arange(len(capped))
    source = people + offers + len(capped)
    sink = source + 1
    tail = np.where(node[group] < 0, market.person, node[group])
    everyone = np.arange(people)
    arcs = [
        (np.full(people, source), everyone, np.ones(people), np.full(people, -FIRST_SLOT)),
        (np.full(people, source), everyone, np.full(people, k - 1), np.zeros(people)),
        (groups[capped] >> 32, node[capped], np.full(len(capped), per_employer), np.zeros(len(capped))),
        (tail, people + market.offer, np.ones(len(tail)), -market.score),
        (people + np.arange(offers), np.full(offers, sink), market.budget, np.zeros(offers)),
        ([source], [sink], [people * k], [0]),
    ]
    solver = min_cost_flow.SimpleMinCostFlow()
    tails, heads, rooms, costs = (np.concatenate(column).astype(np.int64) for column in zip(*arcs, strict=True))
    slots = solver.add_arcs_with_capacity_and_unit_cost(tails.astype(np.int32), heads.astype(np.int32), rooms, costs)
    solver.set_nodes_supplies(np.array([source, sink], dtype=np.int32), np.array([people * k, -people * k]))
    status = solver.solve()
    if status != solver.OPTIMAL:
        raise RuntimeError(f"min-cost flow: status {status}")
    covered = int(solver.flows(slots[:people]).sum())
    return covered, -solver.optimal_cost() - covered * FIRST_SLOT
