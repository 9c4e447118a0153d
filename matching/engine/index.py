"""Offers by trade domain and place: those around a point are a few ranges of one sorted array."""

from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from matching.engine.arrays import NO_DAY, Bools, Floats, Ints, Offers, Ragged, domain_of
from matching.engine.geometry import Points, box_spans, has_place, points

BAND_DEGREES = 0.1
REMOTE_BAND = 2047  # beyond every real band of latitude
LON_STEPS = 1_000_000  # per degree
LON_BITS, BAND_BITS = 32, 11
Masks = npt.NDArray[np.uint64]


class DomainRows(NamedTuple):
    """One row per (owner, domain). The masks say which of the domain's 100 possible codes the owner names."""

    owner: Ints
    domain: Ints
    low: Masks
    high: Masks

    def take(self, rows: Ints | slice) -> "DomainRows":
        return DomainRows(*(column[rows] for column in self))


def domain_rows(rome: Ragged) -> DomainRows:
    """Sorted by owner, then domain."""
    owner, code = rome.owners(), rome.values
    order = np.lexsort((code, owner))
    owner, code = owner[order], code[order]
    domain, digit = domain_of(code), (code % 100).astype(np.uint64)
    bit = np.uint64(1) << (digit % np.uint64(64))
    low, high = np.where(digit < 64, bit, 0), np.where(digit >= 64, bit, 0)
    first = np.flatnonzero(np.diff(owner, prepend=-1) | np.diff(domain, prepend=-1))
    if len(first) == 0:
        return DomainRows(owner, domain, low, high)
    return DomainRows(
        owner[first], domain[first], np.bitwise_or.reduceat(low, first), np.bitwise_or.reduceat(high, first)
    )


def cell_keys(domain: Ints, band: Ints, lon: Floats) -> Ints:
    """Sorts by domain, band of latitude, longitude."""
    step = np.floor((lon + 180.0) * LON_STEPS).astype(np.int64)
    return (((domain << BAND_BITS) | band) << LON_BITS) | step


def bands(lat: Floats) -> Ints:
    return np.floor((np.clip(lat, -90.0, 90.0) + 90.0) / BAND_DEGREES).astype(np.int64)


class Ranges(NamedTuple):
    """Entries start … stop - 1 of the index answer the given probe (a row of what was asked)."""

    probe: Ints
    start: Ints
    stop: Ints


@dataclass(frozen=True, eq=False)
class OfferIndex:
    """Open offers, one entry per (offer, domain) at its place and one more in the remote band when remote.

    `offers` are sorted by id; `rows` gives their rows in the caller's arrays.
    """

    offers: Offers
    rows: Ints
    employer_ids: Ints
    employer_rank: Ints
    keys: Ints
    offer: Ints
    low: Masks
    high: Masks
    points: Points

    @classmethod
    def build(cls, offers: Offers, today: int) -> Self:
        rows = np.argsort(offers.id, kind="stable")
        rows = rows[is_open(offers, today)[rows]]
        offers = offers.take(rows)
        named = domain_rows(offers.rome)
        placed = named.take(has_place(offers.lat, offers.lon)[named.owner])
        remote = named.take(offers.remote[named.owner])
        entries = DomainRows(*map(np.concatenate, zip(placed, remote, strict=True)))
        lat, lon = offers.lat[placed.owner], offers.lon[placed.owner]
        away = np.zeros(len(remote.owner))
        band = np.concatenate([bands(lat), np.full(len(away), REMOTE_BAND)])
        keys = cell_keys(entries.domain, band, np.concatenate([lon, away]))
        order = np.lexsort((entries.owner, keys))
        place = tuple(np.concatenate([axis, away])[order] for axis in points(lat, lon))
        employer_ids, employer_rank = np.unique(offers.employer, return_inverse=True)
        return cls(
            offers, rows, employer_ids, employer_rank, keys[order], entries.owner[order],
            entries.low[order], entries.high[order], (place[0], place[1], place[2]),
        )  # fmt: skip

    def around(self, domain: Ints, lat: Floats, lon: Floats, radius_m: Ints) -> Ranges:
        """Entries in the box around each circle: a superset of those in the circle."""
        height, width = box_spans(lat, radius_m)
        lowest, highest = bands(lat - height), bands(lat + height)
        counts = highest - lowest + 1
        probe = np.repeat(np.arange(len(domain)), counts)
        first = np.cumsum(counts) - counts
        band = np.arange(len(probe)) - np.repeat(first - lowest, counts)
        row, west, east = longitudes((lon - width)[probe], (lon + width)[probe])
        return self._between(probe[row], domain[probe[row]], band[row], west, east)

    def remote(self, domain: Ints) -> Ranges:
        """Remote entries of each domain."""
        band, anywhere = np.full(len(domain), REMOTE_BAND), np.zeros(len(domain))
        return self._between(np.arange(len(domain)), domain, band, anywhere, anywhere)

    def _between(self, probe: Ints, domain: Ints, band: Ints, west: Floats, east: Floats) -> Ranges:
        start = np.searchsorted(self.keys, cell_keys(domain, band, west), "left")
        stop = np.searchsorted(self.keys, cell_keys(domain, band, east), "right")
        found = np.flatnonzero(stop > start)
        return Ranges(probe[found], start[found], stop[found])


def longitudes(west: Floats, east: Floats) -> tuple[Ints, Floats, Floats]:
    """Intervals cut at the date line: (row, west, east), two of them for a row that crosses it."""
    whole = east - west >= 360.0
    crossing = ~whole & ((west < -180.0) | (east > 180.0))
    row = np.concatenate([np.arange(len(west)), np.flatnonzero(crossing)])
    beyond_west = (west < -180.0)[crossing]
    rest_west = np.where(beyond_west, west[crossing] + 360.0, -180.0)
    rest_east = np.where(beyond_west, 180.0, east[crossing] - 360.0)
    west, east = np.clip(west, -180.0, 180.0), np.clip(east, -180.0, 180.0)
    west, east = np.where(whole, -180.0, west), np.where(whole, 180.0, east)
    return row, np.concatenate([west, rest_west]), np.concatenate([east, rest_east])


def is_open(offers: Offers, today: int) -> Bools:
    result: Bools = (offers.positions > 0) & ((offers.expires == NO_DAY) | (offers.expires >= today))
    return result
