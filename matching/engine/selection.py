"""Counting rows by group."""

import numpy as np

from matching.engine.arrays import Ints


def count_before(groups: Ints) -> Ints:
    """For each row, how many earlier rows have the same group number."""
    order = np.argsort(groups, kind="stable")
    ranked = groups[order]
    starts = np.flatnonzero(np.diff(ranked, prepend=-1))
    sizes = np.diff(starts, append=len(ranked))
    result = np.empty(len(groups), dtype=np.int64)
    result[order] = np.arange(len(ranked)) - np.repeat(starts, sizes)
    return result
