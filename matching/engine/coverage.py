"""Who can get at least one offer: a maximum matching of people with offers that have a budget."""

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from matching.engine.arrays import Ints
from matching.engine.selection import count_before


@dataclass(frozen=True, eq=False)
class Lists:
    """Person p reads rows first[p] … first[p + 1] - 1, best first. People and offers are ranks by id."""

    first: Ints
    person: Ints
    offer: Ints
    score: Ints
    budget: Ints

    def lengths(self) -> Ints:
        return np.diff(self.first)


def cover(lists: Lists) -> Ints:
    """One row per person, -1 for none, over as many people as any choice could serve.

    Deferred acceptance first: it gives people offers high on their lists. Augmenting paths then serve
    whoever else can be; when none is left the matching is maximum (Berge).
    """
    chosen = propose(lists)
    repair = Repair.start(lists, chosen)
    for person in np.flatnonzero((chosen < 0) & (lists.lengths() > 0)).tolist():
        repair.serve(person)
    return np.array(repair.chosen, dtype=np.int64)


def propose(lists: Lists) -> Ints:
    """People propose down their lists; an offer keeps those with the shortest lists, then the best scores."""
    held = np.full(len(lists.first) - 1, -1, dtype=np.int64)
    following = lists.first[:-1].copy()
    free = np.flatnonzero(following < lists.first[1:])
    while len(free):
        rows = following[free]
        following[free] += 1
        asked = np.zeros(len(lists.budget), dtype=np.bool_)
        asked[lists.offer[rows]] = True
        holders = np.flatnonzero(held >= 0)
        contested = held[holders[asked[lists.offer[held[holders]]]]]
        kept, lost = _keep(lists, np.concatenate([rows, contested]))
        held[lists.person[kept]] = kept
        held[lists.person[lost]] = -1
        losers = np.sort(lists.person[lost])
        free = losers[following[losers] < lists.first[losers + 1]]
    return held


def _keep(lists: Lists, rows: Ints) -> tuple[Ints, Ints]:
    person, offer = lists.person[rows], lists.offer[rows]
    order = np.lexsort((person, -lists.score[rows], lists.lengths()[person], offer))
    rows = rows[order]
    kept = count_before(offer[order]) < lists.budget[offer[order]]
    return rows[kept], rows[~kept]


@dataclass(eq=False)
class Repair:
    """Serves one more person at a time along a shortest augmenting path."""

    first: list[int]
    offer: list[int]
    left: list[int]
    chosen: list[int]
    holders: dict[int, set[int]]
    dead: set[int] = field(default_factory=set)  # offers proved out of reach of any spare budget

    @classmethod
    def start(cls, lists: Lists, chosen: Ints) -> "Repair":
        rows = chosen[chosen >= 0]
        used = np.bincount(lists.offer[rows], minlength=len(lists.budget))
        holders: dict[int, set[int]] = {}
        for person, offer in zip(lists.person[rows].tolist(), lists.offer[rows].tolist(), strict=True):
            holders.setdefault(offer, set()).add(person)
        left = (lists.budget - used).tolist()
        return cls(lists.first.tolist(), lists.offer.tolist(), left, chosen.tolist(), holders)

    def serve(self, person: int) -> bool:
        """False when nobody can make room; the offers seen then are dead for every later search too."""
        reached: dict[int, tuple[int, int]] = {}  # offer → (person, row) it was reached from
        queue = deque([person])
        while queue:
            asking = queue.popleft()
            for row in range(self.first[asking], self.first[asking + 1]):
                offer = self.offer[row]
                if offer in reached or offer in self.dead:
                    continue
                reached[offer] = (asking, row)
                if self.left[offer] > 0:
                    self._shift(offer, person, reached)
                    return True
                queue.extend(sorted(self.holders.get(offer, ())))
        self.dead.update(reached)
        return False

    def _shift(self, offer: int, person: int, reached: dict[int, tuple[int, int]]) -> None:
        """Everyone on the path moves to the offer they asked for; the last one had none."""
        self.left[offer] -= 1
        while True:
            mover, row = reached[offer]
            before = self.chosen[mover]
            self.chosen[mover] = row
            self.holders.setdefault(offer, set()).add(mover)
            if mover == person:
                return
            offer = self.offer[before]
            self.holders[offer].discard(mover)
