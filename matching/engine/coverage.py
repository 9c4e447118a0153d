"""Serving as many people as any choice could, over every candidate.

Whoever has nothing looks for an offer among all their candidates. Three cases: it has room; or one of its holders has
another offer and gives this one up; or its holders have nothing else, and look for another offer in their turn. All
who have nothing search at once, layer by layer, each offer belonging to the first search that reaches it. A search
that ends well moves everyone on its path; then all start again, until none ends well. Then nobody else can be served:
the offers reached are full, each holder has nothing but them and no other candidate (König).
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from matching.engine.arrays import Ints
from matching.engine.market import Market
from matching.engine.shown import Shown

NOBODY = -1
BATCH = 4096  # people whose candidates are read at once


def cover(market: Market, shown: Shown, people: Ints) -> None:
    """Serves in `shown` as many of these people, by id, as can be without leaving anybody else with nothing."""
    waiting = people[shown.used[people] == 0]
    while len(waiting):
        search = Search.start(market, shown, waiting)
        served = [root for root in search.run() if search.serve(root)]
        if not served:
            return
        waiting = waiting[shown.used[waiting] == 0]


@dataclass(frozen=True, eq=False)
class Search:
    """`reached_by` and `worth`, by offer: who looked at it first, and its score for them. `root`, by person:
    for whom they look. `goal`, by root: where the search ended, an offer and the holder who gives it up (NOBODY: it
    has room).
    """

    market: Market
    shown: Shown
    reached_by: Ints
    worth: Ints
    root: Ints
    goal: dict[int, tuple[int, int]]

    @classmethod
    def start(cls, market: Market, shown: Shown, waiting: Ints) -> Self:
        root = np.full(market.people, NOBODY, dtype=np.int64)
        root[waiting] = waiting
        reached_by = np.full(market.offers, NOBODY, dtype=np.int64)
        return cls(market, shown, reached_by, np.zeros(market.offers, dtype=np.int32), root, {})

    def run(self) -> list[int]:
        """Searches everywhere; for whom it ended well."""
        looking = np.flatnonzero(self.root != NOBODY)
        while len(looking):
            offers = np.concatenate([self._reach(looking[at : at + BATCH]) for at in range(0, len(looking), BATCH)])
            looking = self._ask(offers)
        return sorted(self.goal)

    def _reach(self, people: Ints) -> Ints:
        """The offers these people are the first to look at; the highest score has the first look."""
        people = people[~np.isin(self.root[people], list(self.goal))]
        lists = self.market.source.everything(people)
        fresh = np.flatnonzero((self.reached_by[lists.offer] == NOBODY) & (self.market.budget[lists.offer] > 0))
        offer, score, person = lists.offer[fresh], lists.score[fresh], people[lists.owners()[fresh]]
        order = np.lexsort((person, -score, offer))
        first = order[np.flatnonzero(np.diff(offer[order], prepend=-1))]
        self.reached_by[offer[first]], self.worth[offer[first]] = person[first], score[first]
        return offer[first]

    def _ask(self, offers: Ints) -> Ints:
        """Notes the searches that end at these offers; the people who have to look further."""
        has_room = self.shown.room[offers] > 0
        self._note(offers[has_room], np.full(int(has_room.sum()), NOBODY), self.worth[offers[has_room]])
        holder, slot = self.shown.holders(offers[~has_room])
        held, lost = self.shown.offer[holder, slot], self.shown.score[holder, slot]
        gives = self.shown.used[holder] > 1
        self._note(held[gives], holder[gives], self.worth[held[gives]] - lost[gives])
        asked, last = holder[~gives], held[~gives]
        self.root[asked] = self.root[self.reached_by[last]]
        return asked

    def _note(self, offer: Ints, giver: Ints, gain: Ints) -> None:
        """One end per search: of the first layer that has one, the highest gain."""
        root = self.root[self.reached_by[offer]]
        for row in np.lexsort((giver, offer, -gain)).tolist():
            self.goal.setdefault(int(root[row]), (int(offer[row]), int(giver[row])))

    def serve(self, root: int) -> bool:
        """Everyone on the path takes the offer they looked at; False when the giver has just given their other one."""
        offer, giver = self.goal[root]
        if giver != NOBODY:
            if self.shown.used[giver] < 2:
                return False
            self.shown.take_back(giver, offer)
        person = int(self.reached_by[offer])
        while person != root:
            before = int(self.shown.offer[person, 0])
            self.shown.take_back(person, before)
            self.shown.give(person, offer, int(self.worth[offer]))
            offer, person = before, int(self.reached_by[before])
        self.shown.give(root, offer, int(self.worth[offer]))
        return True
