"""A short list kept in order while pairs come in any order: one row per offer, so many per employer."""

import numpy as np

from matching.engine.compiled import counting_nothing
from matching.engine.records import Records
from matching.engine.scoring import NO_DISTANCE

LOWEST = np.iinfo(np.int64).min
OFFER_BITS, OFFER_MASK = 32, 0xFFFFFFFF
SHELF = np.dtype([("value", "i8"), ("tie", "i8"), ("offer", "i4"), ("employer", "i4")])
"""Rows 0 … size - 1, best first: the highest value, then the highest tie."""


@counting_nothing
def tie_of(distance_m: int, offer: int) -> int:
    """The nearest first, then the lowest offer id."""
    return ((NO_DISTANCE - distance_m) << OFFER_BITS) | (OFFER_MASK - offer)


@counting_nothing
def put(
    shelf: Records, size: int, depth: int, per_employer: int, value: int, tie: int, offer: int, employer: int
) -> int:
    """The new size. A pair that does not belong there changes nothing."""
    place, same, leaving = size, 0, -1
    for i in range(size):
        row = shelf[i]
        ahead = row.value > value or (row.value == value and row.tie >= tie)
        if not ahead and place == size:
            place = i
        if row.offer == offer:
            if ahead:
                return size
            leaving = i  # the same offer met in a worse way
            break
        if row.employer == employer:
            same += 1
            if same == per_employer:
                if ahead:
                    return size
                leaving = i  # the last this employer may keep
    if leaving < 0:
        leaving = min(size, depth - 1)
        size = min(size + 1, depth)
    if place <= leaving:
        for i in range(leaving, place, -1):
            shelf[i] = shelf[i - 1]
        shelf[place].value, shelf[place].tie = value, tie
        shelf[place].offer, shelf[place].employer = offer, employer
    return size
