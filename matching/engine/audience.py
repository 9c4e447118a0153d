"""The other direction: the people an offer would suit best."""

from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np

from matching.engine import scoring
from matching.engine.arrays import Bools, Ints, Offers, Ragged, expand
from matching.engine.compiled import counting_nothing
from matching.engine.grid import METRES_PER_DEGREE
from matching.engine.index import OfferIndex
from matching.engine.parameters import Parameters
from matching.engine.records import Records
from matching.engine.seekers import Seekers
from matching.engine.ways import Meeting, best_ways


class Reached(NamedTuple):
    """Rows of the seekers, best first: score without variety, then the nearest, then the lowest id."""

    people: Ints
    score: Ints


@dataclass(frozen=True, eq=False)
class PeopleIndex:
    """Who asks which domain: built once, it answers for any offer, known or new."""

    seekers: Seekers
    domain: Ints  # sorted
    person: Ints
    first_row: Ints
    end_row: Ints

    @classmethod
    def build(cls, seekers: Seekers) -> Self:
        groups, table = seekers.groups, seekers.table
        order = np.argsort(groups["domain"], kind="stable")
        person = np.repeat(np.arange(len(seekers)), table["end_group"] - table["first_group"])
        columns = (groups["domain"], person, groups["first_row"], groups["end_row"])
        return cls(seekers, *(column[order] for column in columns))

    def people_for(self, offers: Offers, row: int, k: int, parameters: Parameters) -> Reached:
        """The k people best suited to offers[row]; nobody when it is closed."""
        index = OfferIndex.build(offers.take(np.array([row])), parameters)
        if len(index) == 0:
            return Reached(np.zeros(0, np.int64), np.zeros(0, np.int64))
        people = self._around(index, parameters)
        people = people[~self._kept_away(people, int(offers.employer[row]), int(offers.id[row]))]
        ways = best_ways(self._meeting(index, parameters), people, np.zeros(len(people), np.int64))
        met = np.flatnonzero(ways.points >= 0)
        best = met[np.lexsort((people[met], ways.distance_m[met], -ways.points[met]))[:k]]
        return Reached(people[best], ways.points[best])

    def _meeting(self, index: OfferIndex, parameters: Parameters) -> Meeting:
        seekers, weights = self.seekers, parameters.weights
        return Meeting(
            seekers.table, seekers.groups, seekers.asked, index.table, index.named, scoring.rules_record(parameters),
            scoring.level_table(weights), scoring.wait_table(weights),
        )  # fmt: skip

    def _around(self, index: OfferIndex, parameters: Parameters) -> Ints:
        """Whoever asks one of its domains at about its latitude."""
        first = np.searchsorted(self.domain, index.domains, "left")
        last = np.searchsorted(self.domain, index.domains, "right")
        wanted = expand(first, last - first)
        if not index.offers.remote[0]:
            near = np.zeros(len(wanted), np.bool_)
            site_m = round(parameters.site_radius_km * 1000)
            columns = (self.seekers.table, self.seekers.asked, self.person, self.first_row, self.end_row)
            _near_latitude(*columns, wanted, float(index.offers.lat[0]), site_m, near)
            wanted = wanted[near]
        return np.unique(self.person[wanted])

    def _kept_away(self, people: Ints, employer: int, offer: int) -> Bools:
        everyone = self.seekers.people
        owners = [_owners(everyone.excluded_employers, employer), _owners(everyone.excluded_offers, offer)]
        return np.isin(people, np.concatenate(owners))


def _owners(lists: Ragged, value: int) -> Ints:
    """The rows whose list names the value."""
    owners: Ints = np.searchsorted(lists.offsets, np.flatnonzero(lists.values == value), "right") - 1
    return owners


@counting_nothing
def _near_latitude(
    table: Records, asked: Records, person: Ints, first_row: Ints, end_row: Ints, wanted: Ints, lat: float,
    site_m: int, near: Bools,
) -> None:  # fmt: skip
    """An unknown latitude is near nothing."""
    for i in range(len(wanted)):
        number = wanted[i]
        who = table[person[number]]
        near[i] = abs(who.lat - lat) * METRES_PER_DEGREE <= who.radius_m + 2
        for row in range(first_row[number], end_row[number]):
            near[i] |= abs(asked[row].site_lat - lat) * METRES_PER_DEGREE <= site_m + 2
