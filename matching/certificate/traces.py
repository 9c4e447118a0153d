"""What each person and each offer looked like when it was read: a number each, so that a later reading of the same run
tells what has changed since from what was falsified.
"""

import zlib
from typing import Any, NamedTuple

import numpy as np
from numba import njit

from matching.certificate.offers import Catalogue
from matching.certificate.people import Crowd
from matching.certificate.rows import Bools, Columns, Ints, places

ODD = 0x9E3779B97F4A7C15  # 2⁶⁴ divided by the golden ratio


class Traces(NamedTuple):
    """One 32-bit trace by id, ids sorted."""

    id: Ints
    trace: Ints

    def to_bytes(self) -> bytes:
        steps = np.diff(self.id, prepend=0).astype("<i8")
        return zlib.compress(steps.tobytes() + self.trace.astype("<u4").tobytes(), 1)

    @classmethod
    def from_bytes(cls, stored: bytes) -> "Traces":
        plain = zlib.decompress(stored)
        count = len(plain) // 12
        steps = np.frombuffer(plain, dtype="<i8", count=count)
        return cls(np.cumsum(steps), np.frombuffer(plain, dtype="<u4", offset=8 * count))

    def changed(self, ids: Ints, trace: Ints) -> Bools:
        """Which of these were not there, or were not the same."""
        at = places(self.id, ids)
        was = self.trace[at] if len(self.id) else np.zeros(len(ids), dtype=np.uint32)
        result: Bools = (at < 0) | (was != trace)
        return result


def join(parts: list[Traces]) -> Traces:
    return Traces(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def trace_people(crowd: Crowd) -> Traces:
    people, hopes = crowd.people, crowd.hopes
    trace = _of_columns({**crowd.rows, "minor": people.minor, "wishing": crowd.wishing, "naming": crowd.naming})
    wished = _of_columns({name: column for name, column in hopes._asdict().items() if not name.endswith("code")})
    _add_lists(wished, hopes.first_code, hopes.code)
    _add_lists(trace, people.first_hope, wished.view(np.int64))
    _add_lists(trace, people.first_barred, people.barred)
    return Traces(people.id, _short(trace))


def trace_offers(catalogue: Catalogue) -> Traces:
    trace = _of_columns(catalogue.rows)
    _add_lists(trace, catalogue.offers.first_code, catalogue.offers.code)
    return Traces(catalogue.id, _short(trace))


def _of_columns(columns: Columns) -> Ints:
    parts = [np.ascontiguousarray(column) for column in columns.values()]
    trace = np.zeros(len(parts[0]), dtype=np.uint64)
    for part in parts:
        _add(trace, (part if part.itemsize == 8 else part.astype(np.int64)).view(np.uint64))
    return trace


def _short(trace: Ints) -> Ints:
    return (trace >> np.uint64(32)).astype(np.uint32)


@njit(cache=True, nogil=True)
def _add(trace: Ints, column: Ints) -> None:
    for i in range(len(trace)):
        trace[i] = _mixed(trace[i], column[i])


@njit(cache=True, nogil=True)
def _add_lists(trace: Ints, first: Ints, values: Ints) -> None:
    for i in range(len(trace)):
        for j in range(first[i], first[i + 1]):
            trace[i] = _mixed(trace[i], np.uint64(values[j]))
        trace[i] = _mixed(trace[i], np.uint64(first[i + 1] - first[i]))


@njit(cache=True, nogil=True)
def _mixed(trace: Any, value: Any) -> Any:
    mixed = (trace ^ value) * np.uint64(ODD)
    return mixed ^ (mixed >> np.uint64(29))
