"""Rows of the database as columns of whole or real numbers, by plain SQL."""

from io import BytesIO
from typing import Any

import numpy as np
import numpy.typing as npt
from django.db import connection

Ints = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Columns = dict[str, npt.NDArray[Any]]

WIDTH = 8
HEADER_BYTES, TRAILER_BYTES = 19, 2
ROME = "((ascii({0}) - 64) * 10000 + substr({0}, 2)::int)::bigint"
"""A ROME code (a letter and four digits, by a constraint of the database) as a number: F1601 is 61601."""


def read(query: str, params: list[Any], **kinds: str) -> Columns:
    """One array per name, in the order of the query, whose columns are bigint ("i") or double precision ("f").

    Raises ValueError when a value is null or of another width.
    """
    row = _layout(kinds)
    with connection.cursor() as cursor:
        text = cursor.mogrify(query, params).decode()
        answer = BytesIO()
        cursor.copy_expert(f"COPY ({text}) TO STDOUT (FORMAT binary)", answer)
    sent = answer.getbuffer()[HEADER_BYTES:-TRAILER_BYTES]
    if len(sent) % row.itemsize:
        raise ValueError("read: a null, or a column that is not eight bytes wide")
    table = np.frombuffer(sent, dtype=row)
    if any((table[f"length of {name}"] != WIDTH).any() for name in kinds):
        raise ValueError("read: a null, or a column that is not eight bytes wide")
    return {name: table[name].astype(f"={kind}8") for name, kind in kinds.items()}


def _layout(kinds: dict[str, str]) -> np.dtype[Any]:
    """PostgreSQL sends the number of fields, then each as its length and its bytes, biggest end first."""
    fields = [("fields", ">i2")]
    for name, kind in kinds.items():
        fields += [(f"length of {name}", ">i4"), (name, f">{kind}8")]
    return np.dtype(fields)


def places(sorted_ids: Ints, wanted: Ints) -> Ints:
    """The row of each wanted id among sorted ids, -1 when it is not there."""
    if len(sorted_ids) == 0:
        return np.full(len(wanted), -1, dtype=np.int64)
    row = np.minimum(np.searchsorted(sorted_ids, wanted), len(sorted_ids) - 1)
    return np.where(sorted_ids[row] == wanted, row, -1)


def firsts(owner: Ints, count: int) -> Ints:
    """Where the rows of each owner 0 … count - 1 begin, in rows sorted by owner; one more entry for the end."""
    return np.searchsorted(owner, np.arange(count + 1)).astype(np.int64)


def owned(sorted_ids: Ints, pairs: Columns) -> tuple[Ints, Ints]:
    """(owner id, value) pairs as values by owner, sorted and without repetition: where each owner's begin, values."""
    owner = places(sorted_ids, pairs["owner"])
    order = np.lexsort((pairs["value"], owner))
    owner, value = owner[order], pairs["value"][order]
    new = owner >= 0
    new[1:] &= (np.diff(owner) != 0) | (np.diff(value) != 0)
    return firsts(owner[new], len(sorted_ids)), value[new]
