"""Who is shown what, while it is still being worked out."""

from typing import NamedTuple, Self

import numpy as np

from matching.engine.arrays import Ints
from matching.engine.lists import Lists
from matching.engine.market import Market

FREE = -1


class Shown(NamedTuple):
    """Person p is shown offer[p, s] in their slots s < used[p]; the other slots are FREE. `room` is by offer."""

    offer: Ints
    score: Ints
    used: Ints
    room: Ints

    @classmethod
    def of(cls, market: Market, lists: Lists, taken: Ints) -> Self:
        """What an auction sold: `taken` says which rows of the lists."""
        rows = np.flatnonzero(taken)
        person = np.searchsorted(lists.first, rows, "right") - 1
        count = np.bincount(person, minlength=lists.people)
        slot = np.arange(len(rows)) - np.repeat(np.cumsum(count) - count, count)
        offer = np.full((lists.people, market.k), FREE, dtype=np.int32)
        score = np.zeros((lists.people, market.k), dtype=np.int32)
        offer[person, slot], score[person, slot] = lists.offer[rows], lists.score[rows]
        return cls(offer, score, count, market.budget - np.bincount(lists.offer[rows], minlength=market.offers))

    @property
    def covered(self) -> int:
        return int(np.count_nonzero(self.used))

    @property
    def total(self) -> int:
        return int(self.score.sum(dtype=np.int64))

    def holders(self, offers: Ints) -> tuple[Ints, Ints]:
        """(person, slot) of everyone shown one of these offers."""
        asked = np.zeros(len(self.room) + 1, dtype=np.bool_)  # one more, where FREE points
        asked[offers] = True
        person, slot = np.nonzero(asked[self.offer])
        return person, slot

    def give(self, person: int, offer: int, score: int) -> None:
        slot = self.used[person]
        self.offer[person, slot], self.score[person, slot] = offer, score
        self.used[person] += 1
        self.room[offer] -= 1

    def take_back(self, person: int, offer: int) -> None:
        """The person's last slot fills the gap."""
        slot, last = np.flatnonzero(self.offer[person] == offer)[0], self.used[person] - 1
        self.offer[person, slot], self.score[person, slot] = self.offer[person, last], self.score[person, last]
        self.offer[person, last], self.score[person, last] = FREE, 0
        self.used[person] -= 1
        self.room[offer] += 1
