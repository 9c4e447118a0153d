"""People and their wishes, sorted, as the ranking reads them."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from matching.engine import scoring
from matching.engine.arrays import Ints, People, Wishes
from matching.engine.geometry import has_place
from matching.engine.index import domain_rows
from matching.engine.parameters import Parameters
from matching.engine.records import GROUP, PERSON, ROW, Records, records

DOMAIN_BITS = 16


@dataclass(frozen=True, eq=False)
class Seekers:
    """People sorted by id and their wishes sorted by person, then id, whatever the caller's order.

    `table` (PERSON), `groups` (GROUP: person, domain) and `asked` (ROW: person, domain, wish) are sorted so; what
    depends on the offers, a group's slot and a person's excluded employers, is filled by the Ranker.
    """

    people: People
    wishes: Wishes
    people_rows: Ints
    wish_rows: Ints
    table: Records
    groups: Records
    asked: Records

    @classmethod
    def sort(cls, people: People, wishes: Wishes, parameters: Parameters) -> Self:
        if len(wishes) and not 0 <= wishes.person_index.min() <= wishes.person_index.max() < len(people):
            raise ValueError("Wishes.person_index: names a person who is not there")
        people_rows = np.argsort(people.id, kind="stable")
        place = np.empty(len(people), dtype=np.int64)
        place[people_rows] = np.arange(len(people))
        owner = place[wishes.person_index]
        wish_rows = _sorted(_sorted(np.arange(len(wishes)), wishes.id), owner)
        people, wishes, owner = people.take(people_rows), wishes.take(wish_rows), owner[wish_rows]
        wishes.person_index[:] = owner
        asked, groups, bounds = _asked(len(people), wishes, parameters)
        return cls(people, wishes, people_rows, wish_rows, _table(people, bounds, parameters), groups, asked)

    def __len__(self) -> int:
        return len(self.people)

    @property
    def ready(self) -> Ints:
        """First day, never before today."""
        days: Ints = self.table["ready"]
        return days


def _sorted(rows: Ints, by: Ints) -> Ints:
    """Stable: quick where the order is nearly right, as it is when it comes from a database."""
    return rows[np.argsort(by[rows], kind="stable")]


def radii_m(people: People, parameters: Parameters) -> Ints:
    known = np.where(np.isnan(people.radius_km), parameters.default_radius_km, people.radius_km)
    return np.rint(known.astype(np.float64) * 1000).astype(np.int64)


def _table(people: People, bounds: Ints, parameters: Parameters) -> Records:
    return records(
        PERSON, len(people), lat=people.lat, lon=people.lon, radius_m=radii_m(people, parameters),
        ready=np.maximum(people.available_from, parameters.today), minor=people.is_minor,
        first_group=bounds[:-1], end_group=bounds[1:],
    )  # fmt: skip


def _asked(count: int, wishes: Wishes, parameters: Parameters) -> tuple[Records, Records, Ints]:
    """Rows, groups, and where each person's groups begin."""
    named = domain_rows(wishes.rome)
    person = wishes.person_index[named.owner]
    order = np.argsort((person << DOMAIN_BITS) | named.domain, kind="stable")
    named, person = named.take(order), person[order]
    placed = has_place(wishes.site_lat, wishes.site_lon)
    points = scoring.rank_points(wishes.rank, parameters.weights)[named.owner]
    rows = records(
        ROW, len(person), low=named.low, high=named.high, wish=named.owner, level=wishes.level[named.owner],
        points=points, site_lat=np.where(placed, wishes.site_lat, np.nan)[named.owner],
        site_lon=np.where(placed, wishes.site_lon, np.nan)[named.owner],
    )  # fmt: skip
    begins = np.flatnonzero(np.diff(person, prepend=-1) | np.diff(named.domain, prepend=-1))
    groups = records(
        GROUP, len(begins), domain=named.domain[begins], slot=-1, first_row=begins,
        end_row=np.append(begins, len(person))[1:],
        points=np.maximum.reduceat(points, begins) if len(begins) else 0,
    )  # fmt: skip
    return rows, groups, np.searchsorted(person[begins], np.arange(count + 1))
