"""What is to be shared out: people with limits, offers with budgets, and a source of who suits what."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from matching.engine.arrays import Ints
from matching.engine.lists import Lists
from matching.engine.parameters import PRICE_SCALE

FIRST_SLOT_SCORES = 10
"""What a person's first offer is worth more than the next ones, in highest scores: coverage comes first."""


class Source(Protocol):
    """Who suits what: see `Ranker`. People and offers are ranks by id."""

    def lists(
        self, depth: int, per_employer: int, *, people: Ints | None = None, prices: Ints | None = None, threads: int = 1
    ) -> Lists: ...

    def everything(self, people: Ints) -> Lists: ...


@dataclass(frozen=True, eq=False)
class Market:
    """`employer` and `budget` by offer. No score is above `highest`."""

    source: Source
    people: int
    employer: Ints
    budget: Ints
    k: int
    per_employer: int
    highest: int
    threads: int = 1

    @property
    def offers(self) -> int:
        return len(self.budget)

    @property
    def first_slot(self) -> int:
        """In price units. Covering someone may cost others up to this much before the auction gives up on it."""
        return FIRST_SLOT_SCORES * self.highest * PRICE_SCALE

    @property
    def forbidding(self) -> int:
        """A price nobody pays, not even for a first offer."""
        return self.first_slot + self.highest * PRICE_SCALE

    def priced(self, prices: Ints) -> Ints:
        """The given prices, and nobody's where nothing can be shown."""
        return np.where(self.budget > 0, prices, self.forbidding).astype(np.int64)
