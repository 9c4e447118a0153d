"""Small markets, and what the best choice in them is worth: by minimum cost flow, not by auction."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st
from ortools.graph.python import min_cost_flow

from matching.engine.allocation import Effort, share_out
from matching.engine.lists import Lists, firsts
from matching.engine.market import Market
from matching.engine.parameters import PRICE_SCALE
from matching.engine.shown import FREE

HIGHEST = 100


@dataclass(frozen=True)
class Graph:
    """`scores[person]`: offer → score. A source of lists in plain Python."""

    scores: list[dict[int, int]]
    employer: list[int]

    def lists(self, depth, per_employer, *, people=None, prices=None, threads=1):
        people = range(len(self.scores)) if people is None else people
        return as_lists([self.cut(self.ordered(person, prices), depth, per_employer) for person in people])

    def everything(self, people):
        return as_lists([self.ordered(person, None) for person in people])

    def ordered(self, person, prices):
        def order(row):
            return (0 if prices is None else int(prices[row[0]])) - row[1] * PRICE_SCALE, row[0]

        return sorted(self.scores[person].items(), key=order)

    def cut(self, rows, depth, per_employer):
        seen, kept = Counter(), []
        for offer, score in rows:
            if len(kept) < depth and seen[self.employer[offer]] < per_employer:
                seen[self.employer[offer]] += 1
                kept.append((offer, score))
        return kept


def as_lists(rows):
    flat = np.array([row for one in rows for row in one], dtype=np.int32).reshape(-1, 2)
    return Lists(firsts(np.array([len(one) for one in rows], dtype=np.int64)), flat[:, 0].copy(), flat[:, 1].copy())


def market(scores, budget, *, employer=None, k=2, per_employer=1, highest=HIGHEST):
    employer = list(range(len(budget))) if employer is None else employer
    return Market(
        Graph(scores, employer), len(scores), np.array(employer, dtype=np.int32), np.array(budget, dtype=np.int64),
        k, per_employer, highest,
    )  # fmt: skip


@st.composite
def markets(draw):
    """Few offers, many after them; some budgets 0, some employers with several offers, some scores equal."""
    offers = draw(st.integers(1, 7))
    score = st.integers(0, HIGHEST) | st.sampled_from([0, 50, HIGHEST])
    scores = draw(st.lists(st.dictionaries(st.integers(0, offers - 1), score), max_size=9))
    budget = draw(st.lists(st.integers(0, 3), min_size=offers, max_size=offers))
    employer = draw(st.lists(st.integers(0, 3), min_size=offers, max_size=offers))
    return market(scores, budget, employer=employer, k=draw(st.integers(1, 4)), per_employer=draw(st.integers(1, 2)))


def deal(trade, *, epsilons=(20, 5), target=1.0, prices=None):
    """With lists too short to hold what is best."""
    return share_out(trade, Effort(1, 1, epsilons, target), prices=prices)


def deal_in_whole_lists(trade, epsilon):
    return share_out(trade, Effort(20, 20, (epsilon,)))


def exact(trade):
    """ε × pairs is under a point: whole numbers of points leave no room for anything but the best."""
    return deal_in_whole_lists(trade, 0.01)


def pairs_of(shown):
    return [(who, int(job)) for who, row in enumerate(shown.offer) for job in row if job != FREE]


def optimum(trade):
    """(people covered, total score) of the best choice: coverage first."""
    flow, supply = min_cost_flow.SimpleMinCostFlow(), len(trade.source.scores) * trade.k
    number = {}

    def node(*name):
        return number.setdefault(name, len(number))

    def arc(tail, head, capacity, cost=0):
        return flow.add_arc_with_capacity_and_unit_cost(tail, head, capacity, cost)

    start, end, first_slot = node("start"), node("end"), 1000 * trade.highest
    arc(start, end, supply)
    covering, showing = [], {}
    for who, row in enumerate(trade.source.scores):
        covering.append(arc(start, node("person", who), 1, -first_slot))
        arc(start, node("person", who), trade.k - 1)
        for employer in {trade.source.employer[job] for job in row}:
            arc(node("person", who), node("cap", who, employer), trade.per_employer)
        for job, score in row.items():
            tail = node("cap", who, trade.source.employer[job])
            showing[arc(tail, node("offer", job), 1, -score)] = score
    for job, budget in enumerate(trade.budget.tolist()):
        arc(node("offer", job), end, budget)
    flow.set_node_supply(start, supply)
    flow.set_node_supply(end, -supply)
    assert flow.solve() == flow.OPTIMAL
    return sum(flow.flow(a) for a in covering), sum(flow.flow(a) * score for a, score in showing.items())
