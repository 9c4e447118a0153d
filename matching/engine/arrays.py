"""What the engine reads: people, wishes and offers as structures of arrays."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]

NO_DAY = int(np.iinfo(np.int32).min)
"""Stands for "no date" wherever a day number (days since 1970-01-01) is expected."""

ROME_PATTERN = re.compile(r"[A-Z][0-9]{4}")
LOWEST_LEVEL, HIGHEST_LEVEL = 1, 8


def encode_rome(code: str) -> int:
    """F1601 → 61601. Raises ValueError on anything but a letter and four digits."""
    if not ROME_PATTERN.fullmatch(code):
        raise ValueError(f"code ROME illisible : {code!r} (attendu : une lettre et quatre chiffres)")
    return (ord(code[0]) - ord("A") + 1) * 10_000 + int(code[1:])


def decode_rome(number: int) -> str:
    letter, digits = divmod(number, 10_000)
    return f"{chr(letter - 1 + ord('A'))}{digits:04d}"


def domain_of(codes: Ints) -> Ints:
    """The ROME domain, first three characters: F1601 → F16."""
    return codes // 100


def level_mask(levels: Iterable[int]) -> int:
    """Diploma levels (1 to 8) as the bits an offer carries; no level means any level, 0."""
    mask = 0
    for level in levels:
        if not LOWEST_LEVEL <= level <= HIGHEST_LEVEL:
            raise ValueError(f"niveau de diplôme {level} inconnu (attendu : de 1 à 8)")
        mask |= 1 << (level - 1)
    return mask


@dataclass(frozen=True, eq=False)
class Ragged:
    """One list of integers per row: row i holds values[offsets[i]:offsets[i + 1]]."""

    offsets: Ints
    values: Ints

    def __post_init__(self) -> None:
        offsets = np.asarray(self.offsets, dtype=np.int64)
        values = np.asarray(self.values, dtype=np.int64)
        if len(offsets) == 0 or offsets[0] != 0 or offsets[-1] != len(values) or (np.diff(offsets) < 0).any():
            raise ValueError("Ragged: offsets must rise from 0 to the number of values")
        object.__setattr__(self, "offsets", offsets)
        object.__setattr__(self, "values", values)

    @classmethod
    def of(cls, rows: Iterable[Iterable[int]]) -> Self:
        lists = [list(row) for row in rows]
        offsets = np.cumsum([0, *(len(row) for row in lists)])
        return cls(offsets, np.array([value for row in lists for value in row], dtype=np.int64))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def lengths(self) -> Ints:
        return np.diff(self.offsets)

    def owners(self) -> Ints:
        """The row of each value."""
        return np.repeat(np.arange(len(self)), self.lengths())

    def row(self, index: int) -> Ints:
        return self.values[self.offsets[index] : self.offsets[index + 1]]

    def take(self, rows: Ints) -> "Ragged":
        lengths = self.lengths()[rows]
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        return Ragged(offsets, self.values[expand(self.offsets[:-1][rows], lengths)])


def expand(starts: Ints, lengths: Ints) -> Ints:
    """Every position of the ranges start … start + length - 1, one range after the other."""
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if len(ends) else 0
    return np.repeat(starts - (ends - lengths), lengths) + np.arange(total)


NOTHING = Ragged(np.zeros(1, np.int64), np.zeros(0, np.int64))


def has_twice(ids: Ints) -> bool:
    """Ids mostly come sorted."""
    rising = np.diff(ids) > 0
    return not rising.all() and bool((np.diff(np.sort(ids)) == 0).any())


class Table:
    """Columns of one length, coerced to their dtype at construction. Rows are named by a unique id."""

    DTYPES: ClassVar[dict[str, type]] = {}
    PLACES: ClassVar[tuple[tuple[str, str], ...]] = ()
    id: Ints

    def __post_init__(self) -> None:
        for name, dtype in self.DTYPES.items():
            object.__setattr__(self, name, np.asarray(getattr(self, name), dtype=dtype).reshape(-1))
        kind = type(self).__name__
        for name in self.names():
            if len(getattr(self, name)) != len(self):
                raise ValueError(f"{kind}.{name}: {len(getattr(self, name))} rows where id has {len(self)}")
        if has_twice(self.id):
            raise ValueError(f"{kind}.id: the same id twice")
        for lat, lon in self.PLACES:
            self._check_place(lat, 90.0)
            self._check_place(lon, 180.0)

    def __len__(self) -> int:
        return len(self.id)

    def take(self, rows: Ints) -> Self:
        """The given rows, in the given order."""
        columns = {name: getattr(self, name) for name in self.names()}
        return type(self)(**{name: c.take(rows) if isinstance(c, Ragged) else c[rows] for name, c in columns.items()})

    @classmethod
    def names(cls) -> list[str]:
        return [field.name for field in fields(cls)]  # type: ignore[arg-type]  # every Table is a dataclass

    def _check_place(self, name: str, limit: float) -> None:
        if (np.abs(getattr(self, name)) > limit).any():
            raise ValueError(f"{type(self).__name__}.{name}: beyond ±{limit:g} degrees")

    def _check_range(self, name: str, lowest: int, highest: int) -> None:
        column = getattr(self, name)
        if ((column < lowest) | (column > highest)).any():
            raise ValueError(f"{type(self).__name__}.{name}: outside {lowest}…{highest}")


@dataclass(frozen=True, eq=False)
class People(Table):
    """`lat`, `lon` NaN: no known place. `radius_km` NaN: the run's default. `available_from` NO_DAY: now.

    `excluded_employers`, `excluded_offers` (none by default): ids of what is never proposed to the person.
    """

    DTYPES: ClassVar[dict[str, type]] = {
        "id": np.int64, "lat": np.float64, "lon": np.float64, "radius_km": np.float32,
        "is_minor": np.bool_, "available_from": np.int32,
    }  # fmt: skip
    PLACES: ClassVar[tuple[tuple[str, str], ...]] = (("lat", "lon"),)

    id: Ints
    lat: Floats
    lon: Floats
    radius_km: npt.NDArray[np.float32]
    is_minor: Bools
    available_from: Ints
    excluded_employers: Ragged
    excluded_offers: Ragged = NOTHING

    def __post_init__(self) -> None:
        if self.excluded_offers is NOTHING:
            nothing = Ragged(np.zeros(len(self.id) + 1, np.int64), NOTHING.values)
            object.__setattr__(self, "excluded_offers", nothing)
        super().__post_init__()
        if (self.radius_km < 0).any():
            raise ValueError("People.radius_km: below 0")


@dataclass(frozen=True, eq=False)
class Wishes(Table):
    """`rank` 0: unranked (Parcoursup). `level` 0: unknown. `rome` empty: unresolved, never matches."""

    DTYPES: ClassVar[dict[str, type]] = {
        "id": np.int64, "person_index": np.int64, "rank": np.int16, "level": np.int8,
        "site_lat": np.float64, "site_lon": np.float64,
    }  # fmt: skip
    PLACES: ClassVar[tuple[tuple[str, str], ...]] = (("site_lat", "site_lon"),)

    id: Ints
    person_index: Ints
    rank: Ints
    level: Ints
    site_lat: Floats
    site_lon: Floats
    rome: Ragged

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_range("rank", 0, np.iinfo(np.int16).max)
        self._check_range("level", 0, HIGHEST_LEVEL)


@dataclass(frozen=True, eq=False)
class Offers(Table):
    """`levels`: see `level_mask`. `positions`: still open. NO_DAY: unknown day; last days are included."""

    DTYPES: ClassVar[dict[str, type]] = {
        "id": np.int64, "lat": np.float64, "lon": np.float64, "employer": np.int64, "levels": np.uint8,
        "start_from": np.int32, "start_to": np.int32, "positions": np.int16, "remote": np.bool_,
        "minors_allowed": np.bool_, "published": np.int32, "expires": np.int32,
    }  # fmt: skip
    PLACES: ClassVar[tuple[tuple[str, str], ...]] = (("lat", "lon"),)

    id: Ints
    lat: Floats
    lon: Floats
    employer: Ints
    rome: Ragged
    levels: Ints
    start_from: Ints
    start_to: Ints
    positions: Ints
    remote: Bools
    minors_allowed: Bools
    published: Ints
    expires: Ints
