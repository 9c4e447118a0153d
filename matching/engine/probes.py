"""Where each person looks, wish by wish: around home, around the wished site, among remote offers."""

from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np

from matching.engine.arrays import Floats, Ints, People, Wishes, expand
from matching.engine.codes import Via
from matching.engine.geometry import has_place
from matching.engine.index import DomainRows, OfferIndex, Ranges, domain_rows
from matching.engine.parameters import Parameters


def radii_m(people: People, parameters: Parameters) -> Ints:
    known = np.where(np.isnan(people.radius_km), parameters.default_radius_km, people.radius_km)
    return np.rint(known.astype(np.float64) * 1000).astype(np.int64)


@dataclass(frozen=True, eq=False)
class Seekers:
    """People sorted by id and their wishes sorted by person, then id, whatever the caller's order."""

    people: People
    wishes: Wishes
    people_rows: Ints
    wish_rows: Ints
    first_wish: Ints
    radius_m: Ints
    ready: Ints
    named: DomainRows

    @classmethod
    def sort(cls, people: People, wishes: Wishes, parameters: Parameters) -> Self:
        if len(wishes) and not 0 <= wishes.person_index.min() <= wishes.person_index.max() < len(people):
            raise ValueError("Wishes.person_index: names a person who is not there")
        people_rows = np.argsort(people.id, kind="stable")
        place = np.empty(len(people), dtype=np.int64)
        place[people_rows] = np.arange(len(people))
        owner = place[wishes.person_index]
        wish_rows = np.lexsort((wishes.id, owner))
        people, wishes, owner = people.take(people_rows), wishes.take(wish_rows), owner[wish_rows]
        wishes.person_index[:] = owner
        return cls(
            people, wishes, people_rows, wish_rows, np.searchsorted(owner, np.arange(len(people) + 1)),
            radii_m(people, parameters), np.maximum(people.available_from, parameters.today),
            domain_rows(wishes.rome),
        )  # fmt: skip

    def domains_of(self, first: int, last: int) -> DomainRows:
        """Rows (wish, domain) of people first … last - 1."""
        bounds = np.searchsorted(self.named.owner, self.first_wish[[first, last]])
        return self.named.take(slice(int(bounds[0]), int(bounds[1])))


class Probes(NamedTuple):
    """Ranges of index entries with, for each range, the (wish, domain) row, the circle and the way."""

    named: Ints  # row of the DomainRows asked
    via: Ints
    lat: Floats
    lon: Floats
    radius_m: Ints
    start: Ints
    stop: Ints

    def size(self) -> int:
        return int((self.stop - self.start).sum())

    def spread(self) -> tuple[Ints, Ints]:
        """(range, entry) of every pair to look at."""
        lengths = self.stop - self.start
        return np.repeat(np.arange(len(lengths)), lengths), expand(self.start, lengths)


def probe(seekers: Seekers, named: DomainRows, index: OfferIndex, parameters: Parameters) -> Probes:
    people, wishes = seekers.people, seekers.wishes
    person = wishes.person_index[named.owner]
    home = people.lat[person], people.lon[person]
    site = wishes.site_lat[named.owner], wishes.site_lon[named.owner]
    site_radius = np.full(len(person), round(parameters.site_radius_km * 1000), dtype=np.int64)
    circles = [
        (Via.HOME, *home, seekers.radius_m[person], np.flatnonzero(has_place(*home))),
        (Via.SITE, *site, site_radius, np.flatnonzero(has_place(*site))),
    ]
    found = []
    for via, lat, lon, radius, rows in circles:
        ranges = index.around(named.domain[rows], lat[rows], lon[rows], radius[rows])
        found.append(_probes(rows, via, lat, lon, radius, ranges))
    everyone, zeros = np.arange(len(person)), np.zeros(len(person))
    found.append(_probes(everyone, Via.REMOTE, zeros, zeros, site_radius, index.remote(named.domain)))
    return Probes(*map(np.concatenate, zip(*found, strict=True)))


def _probes(rows: Ints, via: Via, lat: Floats, lon: Floats, radius_m: Ints, ranges: Ranges) -> Probes:
    named = rows[ranges.probe]
    ways = np.full(len(named), int(via), dtype=np.int8)
    return Probes(named, ways, lat[named], lon[named], radius_m[named], ranges.start, ranges.stop)
