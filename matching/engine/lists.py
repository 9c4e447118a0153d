"""Candidate lists: what the ranking hands to the allocation."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from matching.engine.arrays import Ints, expand


@dataclass(frozen=True, eq=False)
class Lists:
    """Person p reads rows first[p] … first[p + 1] - 1, best first.

    People and offers are ranks by id: `offer` (int32) among the open offers of the index, `score` (int32) with variety.
    """

    first: Ints
    offer: Ints
    score: Ints

    def __len__(self) -> int:
        return len(self.offer)

    @property
    def people(self) -> int:
        return len(self.first) - 1

    def lengths(self) -> Ints:
        return np.diff(self.first)

    def owners(self) -> Ints:
        """The person of each row."""
        return np.repeat(np.arange(self.people), self.lengths())

    def take(self, people: Ints) -> "Lists":
        """The lists of these people, in this order."""
        lengths = self.lengths()[people]
        rows = expand(self.first[:-1][people], lengths)
        return Lists(firsts(lengths), self.offer[rows], self.score[rows])

    @classmethod
    def join(cls, parts: Sequence["Lists"]) -> "Lists":
        """Lists of people who follow one another."""
        lengths = np.concatenate([part.lengths() for part in parts])
        return cls(
            firsts(lengths),
            np.concatenate([part.offer for part in parts]),
            np.concatenate([part.score for part in parts]),
        )


def firsts(lengths: Ints) -> Ints:
    """Where each list begins, and the end of the last."""
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
