"""Rows as the compiled loops read them. A record goes by its address; a tuple of many arrays is copied at each call."""

from typing import Any

import numpy as np
import numpy.typing as npt

Records = npt.NDArray[Any]
Record = Any  # one row of Records

PERSON = np.dtype([
    ("lat", "f8"), ("lon", "f8"), ("radius_m", "i8"), ("ready", "i4"), ("minor", "i4"),
    ("first_group", "i8"), ("end_group", "i8"), ("first_excluded", "i8"), ("end_excluded", "i8"),
])  # fmt: skip
"""`lat`, `lon` NaN: no place. Groups and excluded employers are ranges of their own arrays."""

GROUP = np.dtype([("domain", "i8"), ("slot", "i8"), ("first_row", "i8"), ("end_row", "i8"), ("points", "i8")])
"""All that one person asks of one domain. `slot`: its layer of the index, -1 when no offer is of it; `points`: of the
best ranked wish."""

ROW = np.dtype([
    ("low", "u8"), ("high", "u8"), ("site_lat", "f8"), ("site_lon", "f8"),
    ("wish", "i8"), ("points", "i4"), ("level", "i4"),
])  # fmt: skip
"""One wish in one domain. The masks say which of the domain's 100 possible codes it names; `points` are its rank's."""

OFFER = np.dtype([
    ("x", "f8"), ("y", "f8"), ("z", "f8"), ("first_named", "i8"), ("end_named", "i8"),
    ("start_from", "i4"), ("start_to", "i4"), ("fresh", "i4"), ("employer", "i4"),
    ("levels", "i4"), ("remote", "?"), ("minors", "?"), ("padding", "i2"),
])  # fmt: skip
"""`x` NaN: no place. The domains it names are a range of their own array."""

NAMED = np.dtype([("domain", "i8"), ("low", "u8"), ("high", "u8")])

ENTRY = np.dtype([
    ("x", "f8"), ("y", "f8"), ("z", "f8"), ("low", "u8"), ("high", "u8"), ("offer", "i4"), ("employer", "i4"),
    ("start_from", "i4"), ("start_to", "i4"), ("fresh", "i4"), ("levels", "u1"), ("remote", "?"), ("minors", "?"),
    ("padding", "u1"),
])  # fmt: skip
"""One offer in one domain, 64 bytes."""

PARALLEL = np.dtype([("base", "i8"), ("end", "i8"), ("first", "i8"), ("around", "i8")])
"""A row of the grid: its cells base … end - 1 go east from column `first`; the whole parallel would have `around`."""

RULES = np.dtype([
    (name, "i8")
    for name in (
        "rome_exact", "rome_domain", "distance", "reach_m", "remote", "variety", "site_radius_m",
        "date_fits", "date_days", "level_best", "level_open", "level_near",
        "wish_best", "rest_best",
    )
])  # fmt: skip
"""Points (see Weights); `wish_best` bounds trade and level, `rest_best` those with date and freshness."""


def records(dtype: np.dtype[Any], count: int, **columns: Any) -> Records:
    table = np.zeros(count, dtype=dtype)
    for name, column in columns.items():
        table[name] = column
    return table
