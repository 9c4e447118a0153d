"""Offers by trade domain and place: those around a point are a few ranges of one sorted array."""

from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt

from matching.engine import scoring
from matching.engine.arrays import NO_DAY, Bools, Ints, Offers, Ragged, domain_of
from matching.engine.geometry import has_place, points
from matching.engine.grid import Grid, build_grid
from matching.engine.parameters import Parameters, Weights
from matching.engine.records import ENTRY, NAMED, OFFER, Records, records

Masks = npt.NDArray[np.uint64]
CODE_BITS = 20


class DomainRows(NamedTuple):
    """One row per (owner, domain). The masks say which of the domain's 100 possible codes the owner names."""

    owner: Ints
    domain: Ints
    low: Masks
    high: Masks

    def take(self, rows: Ints | Bools) -> "DomainRows":
        return DomainRows(*(column[rows] for column in self))


def domain_rows(rome: Ragged) -> DomainRows:
    """Sorted by owner, then domain."""
    owner, code = rome.owners(), rome.values
    order = np.argsort((owner << CODE_BITS) | code, kind="stable")
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


class Layers(NamedTuple):
    """Entries of domain d in cell c: start[d × cells + c] … start[d × cells + c + 1] - 1.

    The remote offers of domain d come once more: remote[d] … remote[d + 1] - 1.
    `screen`, `codes`, `levels`: see kernel.Problem.
    """

    entries: Records
    screen: Ints
    codes: Masks
    levels: Ints
    grid: Grid
    start: Ints
    remote: Ints


@dataclass(frozen=True, eq=False)
class OfferIndex:
    """Open offers, sorted by id; `rows` gives their rows in the caller's arrays. Built once, read by everybody."""

    offers: Offers
    rows: Ints
    employer_ids: Ints
    domains: Ints
    table: Records  # OFFER, by offer
    named: Records  # NAMED
    layers: Layers

    @classmethod
    def build(cls, offers: Offers, parameters: Parameters) -> Self:
        rows = np.argsort(offers.id, kind="stable")
        rows = rows[is_open(offers, parameters.today)[rows]]
        offers = offers.take(rows)
        asked = domain_rows(offers.rome)
        employer_ids, employer = np.unique(offers.employer, return_inverse=True)
        domains = np.unique(asked.domain)
        table = _table(offers, asked.owner, employer, parameters)
        named = records(NAMED, len(asked.owner), domain=asked.domain, low=asked.low, high=asked.high)
        return cls(
            offers, rows, employer_ids, domains, table, named, _layers(offers, asked, domains, table, parameters)
        )

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def employer(self) -> Ints:
        """Rank of the employer's id, by offer."""
        ranks: Ints = self.table["employer"]
        return ranks

    def slots(self, domain: Ints) -> Ints:
        """The layer of each domain, -1 when no offer is of it."""
        if len(self.domains) == 0:
            return np.full(len(domain), -1)
        place = np.minimum(np.searchsorted(self.domains, domain), len(self.domains) - 1)
        return np.where(self.domains[place] == domain, place, -1)


def known_ranks(sorted_ids: Ints, wanted: Ints) -> tuple[Ints, Ints]:
    """Which of the wanted ids there are, and their ranks."""
    place = np.searchsorted(sorted_ids, wanted)
    known = np.flatnonzero(place < len(sorted_ids))
    known = known[sorted_ids[place[known]] == wanted[known]]
    return known, place[known]


def is_open(offers: Offers, today: int) -> Bools:
    result: Bools = (offers.positions > 0) & ((offers.expires == NO_DAY) | (offers.expires >= today))
    return result


def _table(offers: Offers, owner: Ints, employer: Ints, parameters: Parameters) -> Records:
    placed = has_place(offers.lat, offers.lon)
    x, y, z = points(np.where(placed, offers.lat, np.nan), np.where(placed, offers.lon, np.nan))
    bounds = np.searchsorted(owner, np.arange(len(offers) + 1))
    fresh = scoring.fresh_points(scoring.ages(offers.published, parameters.today), parameters.weights)
    return records(
        OFFER, len(offers), x=x, y=y, z=z, first_named=bounds[:-1], end_named=bounds[1:], fresh=fresh,
        start_from=offers.start_from, start_to=offers.start_to, employer=employer, levels=offers.levels,
        remote=offers.remote, minors=offers.minors_allowed,
    )  # fmt: skip


def _layers(offers: Offers, asked: DomainRows, domains: Ints, table: Records, parameters: Parameters) -> Layers:
    slot = np.searchsorted(domains, asked.domain)
    placed = np.flatnonzero(has_place(offers.lat, offers.lon)[asked.owner])
    remote = np.flatnonzero(offers.remote[asked.owner])
    where = asked.owner[placed]
    grid = build_grid(offers.lat[where], offers.lon[where], len(domains))
    key = slot[placed] * grid.cells + grid.cells_of(offers.lat[where], offers.lon[where])
    by_cell = np.argsort(key, kind="stable")
    by_domain = np.argsort(slot[remote], kind="stable")
    entries = _entries(asked.take(np.concatenate([placed[by_cell], remote[by_domain]])), table)
    return Layers(
        entries,
        _screen(entries, parameters.weights),
        np.where(entries["high"] != 0, ~np.uint64(0), entries["low"]),
        entries["levels"].astype(np.int32),
        grid,
        np.searchsorted(key[by_cell], np.arange(len(domains) * grid.cells + 1)).astype(np.int32),
        len(placed) + np.searchsorted(slot[remote][by_domain], np.arange(len(domains) + 1)),
    )


def _entries(asked: DomainRows, table: Records) -> Records:
    offers = table[asked.owner]
    shared = ("x", "y", "z", "employer", "start_from", "start_to", "fresh", "levels", "remote", "minors")
    return records(
        ENTRY, len(offers), offer=asked.owner, low=asked.low, high=asked.high, **{name: offers[name] for name in shared}
    )


def _screen(entries: Records, weights: Weights) -> Ints:
    """What has no place is met remotely only, where the place does not count; no start to wait for is one too far."""
    unknown = (entries["start_from"] == NO_DAY) & (entries["start_to"] == NO_DAY)
    rest = entries["fresh"] + np.where(unknown, weights.date_unknown, 0)
    start = np.where(unknown, np.inf, entries["start_from"])
    return np.stack([*(np.nan_to_num(entries[axis]) for axis in "xyz"), rest, start]).astype(np.float32)
