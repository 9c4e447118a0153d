"""The best pairs of each person: order, one row per offer, a cap per employer, a depth."""

from typing import NamedTuple

import numpy as np

from matching.engine.arrays import Bools, Ints
from matching.engine.parameters import HIGHEST_SCORE

SCORE_BITS, DISTANCE_BITS = 16, 26


class Pairs(NamedTuple):
    """Scored ways to meet: one pair may come several times, by several wishes and places.

    `person`, `wish`, `offer` and `employer` are ranks by id: comparing them compares ids.
    """

    person: Ints
    offer: Ints
    employer: Ints
    wish: Ints
    via: Ints
    exact: Bools
    distance_m: Ints
    score: Ints

    def take(self, rows: Ints | Bools) -> "Pairs":
        return Pairs(*(column[rows] for column in self))


def in_order(pairs: Pairs) -> Pairs:
    """By person, score from the highest, distance, offer; then, within one pair, wish and way."""
    worth = HIGHEST_SCORE - pairs.score.astype(np.int64)
    first = ((pairs.person << SCORE_BITS | worth) << DISTANCE_BITS) | pairs.distance_m
    second = (pairs.offer.astype(np.int64) << 34) | (pairs.wish.astype(np.int64) << 2) | pairs.via
    return pairs.take(np.lexsort((second, first)))


def count_before(groups: Ints) -> Ints:
    """For each row, how many earlier rows have the same group number."""
    order = np.argsort(groups, kind="stable")
    ranked = groups[order]
    starts = np.flatnonzero(np.diff(ranked, prepend=-1))
    sizes = np.diff(starts, append=len(ranked))
    result = np.empty(len(groups), dtype=np.int64)
    result[order] = np.arange(len(ranked)) - np.repeat(starts, sizes)
    return result


def capped(person: Ints, employer: Ints, depth: int, per_employer: int) -> Bools:
    """Which rows stay when each person, read in order, keeps at most so many per employer and in all."""
    kept = count_before((person << 31) | employer) < per_employer
    rows = np.flatnonzero(kept)
    kept[rows] = count_before(person[rows]) < depth
    return kept


def best_pairs(pairs: Pairs, depth: int, per_employer: int) -> Pairs:
    pairs = in_order(pairs)
    pairs = pairs.take(count_before((pairs.person << 31) | pairs.offer) == 0)
    return pairs.take(capped(pairs.person, pairs.employer, depth, per_employer))
