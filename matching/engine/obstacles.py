"""What leaves people without any offer, and offers without anybody: the one thing that would have to change.

A pair is looked at when a wish of the person names a domain of the offer. It counts towards an obstacle when that
obstacle alone refuses it, by the wish that comes nearest. The filters are those of matching/README.md.
"""

import math
from enum import IntEnum
from typing import NamedTuple

import numpy as np

from matching.engine.arrays import NO_DAY, Bools, Floats, Ints, Offers, People, Ragged, Wishes, domain_of
from matching.engine.compiled import compiled, counting_nothing
from matching.engine.geometry import arc, points
from matching.engine.parameters import Parameters
from matching.engine.scoring import LEVEL_GAPS

STEPS_KM = (40, 50, 75, 100, 150)
NEARBY_STEPS = 4  # beyond, an offer is no reason to say that only the radius is missing
FAR_AWAY = 1 << 40
HIGHEST_DOMAIN = 2700  # Z99
Answer = tuple[Ints, Ints, Ints, Ints, Ints]  # the fields of Relief


class Obstacle(IntEnum):
    """Stored with runs: a value is never reused."""

    NONE = 0
    NO_WISHES = 1
    NO_TRADES = 2
    NO_PLACE = 3
    TAKEN = 4  # pairs are possible: others were preferred
    TRADE = 5  # nobody on the other side has the trade
    TOO_FAR = 6
    LEVEL = 7
    START = 8
    MINOR = 9
    EMPLOYER = 10
    SEVERAL = 11  # every pair has two obstacles or more
    CLOSED = 12  # the offer has no position left, or has expired


# Columns of Relief.sole; the bit of column c in a pair's mask is 1 << c.
SOLE = (Obstacle.TOO_FAR, Obstacle.LEVEL, Obstacle.START, Obstacle.MINOR, Obstacle.EMPLOYER, Obstacle.NO_PLACE)
FAR, LEVEL, START, MINOR, EMPLOYER, PLACE = (1 << column for column in range(len(SOLE)))
COLUMN = np.full(1 << len(SOLE), -1)
COLUMN[[1 << column for column in range(len(SOLE))]] = np.arange(len(SOLE))


class Relief(NamedTuple):
    """One row per person or offer asked about.

    `possible` counts the pairs nothing refuses, `met` all pairs in the trade. `sole` has a column per obstacle of
    SOLE, `within` one per distance of STEPS_KM: of the pairs that are only too far, those whose home lies within it.
    `nearest_m`: the nearest of these homes, FAR_AWAY when there is none.
    """

    possible: Ints
    met: Ints
    sole: Ints
    within: Ints
    nearest_m: Ints

    def binding(self) -> Ints:
        """The Obstacle of each row: what would open the most pairs; the radius counts up to 100 km only."""
        opened = self.sole.copy()
        opened[:, 0] = self.within[:, NEARBY_STEPS - 1]
        best = np.array(SOLE)[opened.argmax(axis=1)]
        any_far = np.where(self.sole[:, 0] > 0, Obstacle.TOO_FAR, Obstacle.SEVERAL)
        hindered = np.where(opened.any(axis=1), best, any_far)
        return np.where(self.possible > 0, Obstacle.TAKEN, np.where(self.met == 0, Obstacle.TRADE, hindered))


class Facts(NamedTuple):
    """What decides about a pair. A place is three coordinates, NaN when unknown."""

    home: Floats
    radius_m: Ints
    minor: Bools
    ready: Ints
    barred_first: Ints
    barred: Ints
    site: Floats
    site_radius_m: int
    wish_level: Ints
    place: Floats
    remote: Bools
    employer: Ints
    levels: Ints
    start_to: Ints
    takes_minors: Bools
    gaps: Ints


class Meetings(NamedTuple):
    """Wishes and offers by domain: rows first[d] … first[d + 1] - 1 belong to domain d."""

    wish_first: Ints
    wish: Ints
    offer_first: Ints
    offer: Ints


def relieve_people(people: People, wishes: Wishes, offers: Offers, parameters: Parameters, rows: Ints) -> Relief:
    """What the given rows of people meet among the open offers."""
    opened = np.flatnonzero(is_open(offers, parameters))
    offers = offers.take(opened)
    facts, meetings = _facts(people, wishes, offers, parameters), _meetings(wishes, offers)
    order = np.argsort(wishes.person_index, kind="stable")
    first = np.searchsorted(wishes.person_index[order], np.arange(len(people) + 1))
    named = _domains(wishes.rome)
    return Relief(*_relieve_people(facts, meetings, rows, first, order, named.offsets, named.values))


def relieve_offers(
    people: People, wishes: Wishes, offers: Offers, parameters: Parameters, rows: Ints, *, fully: bool = False
) -> Relief:
    """Whom the given rows of offers meet. Unless `fully`, an offer with a possible pair is not counted further."""
    facts, meetings = _facts(people, wishes, offers, parameters), _meetings(wishes, offers)
    named = _domains(offers.rome)
    found = _relieve_offers(facts, meetings, wishes.person_index, rows, named.offsets, named.values, fully)
    return Relief(*found)


def is_open(offers: Offers, parameters: Parameters) -> Bools:
    current: Bools = (offers.expires == NO_DAY) | (offers.expires >= parameters.today)
    return current & (offers.positions > 0)


def _facts(people: People, wishes: Wishes, offers: Offers, parameters: Parameters) -> Facts:
    radius_km = np.where(np.isnan(people.radius_km), parameters.default_radius_km, people.radius_km)
    return Facts(
        home=_xyz(people.lat, people.lon),
        radius_m=np.rint(radius_km.astype(np.float64) * 1000).astype(np.int64),
        minor=people.is_minor,
        ready=np.maximum(people.available_from, parameters.today).astype(np.int64),
        barred_first=people.excluded_employers.offsets,
        barred=people.excluded_employers.values,
        site=_xyz(wishes.site_lat, wishes.site_lon),
        site_radius_m=round(parameters.site_radius_km * 1000),
        wish_level=wishes.level,
        place=_xyz(offers.lat, offers.lon),
        remote=offers.remote,
        employer=offers.employer,
        levels=offers.levels,
        start_to=np.where(offers.start_to == NO_DAY, FAR_AWAY, offers.start_to.astype(np.int64)),
        takes_minors=offers.minors_allowed,
        gaps=np.asarray(LEVEL_GAPS),
    )


def _xyz(lat: Floats, lon: Floats) -> Floats:
    return np.stack(points(lat, lon), axis=1)


def _domains(rome: Ragged) -> Ragged:
    """The domains of each row, once each."""
    keys = np.unique(rome.owners() * HIGHEST_DOMAIN + domain_of(rome.values))
    offsets = np.searchsorted(keys, np.arange(len(rome) + 1) * HIGHEST_DOMAIN)
    return Ragged(offsets, keys % HIGHEST_DOMAIN)


def _meetings(wishes: Wishes, offers: Offers) -> Meetings:
    return Meetings(*_by_domain(_domains(wishes.rome)), *_by_domain(_domains(offers.rome)))


def _by_domain(named: Ragged) -> tuple[Ints, Ints]:
    order = np.argsort(named.values, kind="stable")
    return np.searchsorted(named.values[order], np.arange(HIGHEST_DOMAIN + 1)), named.owners()[order]


@compiled
def _relieve_people(
    facts: Facts, meetings: Meetings, rows: Ints, first: Ints, order: Ints, named_first: Ints, named: Ints
) -> Answer:
    answer = _blank(len(rows))
    seen = np.full(len(facts.remote), -1)
    mask, home = np.zeros(len(facts.remote), np.int64), np.zeros(len(facts.remote), np.int64)
    for row in range(len(rows)):
        met = []
        for place in range(first[rows[row]], first[rows[row] + 1]):
            wish = order[place]
            for step in range(named_first[wish], named_first[wish + 1]):
                domain = named[step]
                for at in range(meetings.offer_first[domain], meetings.offer_first[domain + 1]):
                    offer = meetings.offer[at]
                    bits, metres = _obstacles(facts, rows[row], wish, offer)
                    if seen[offer] != row:
                        seen[offer], mask[offer], home[offer] = row, bits, metres
                        met.append(offer)
                    elif _count(bits) < _count(mask[offer]):
                        mask[offer] = bits
        for offer in met:
            _note(answer, row, mask[offer], home[offer])
    return answer


@compiled
def _relieve_offers(
    facts: Facts, meetings: Meetings, owner: Ints, rows: Ints, named_first: Ints, named: Ints, fully: bool
) -> Answer:
    answer = _blank(len(rows))
    seen = np.full(len(facts.minor), -1)
    mask, home = np.zeros(len(facts.minor), np.int64), np.zeros(len(facts.minor), np.int64)
    for row in range(len(rows)):
        met = []
        possible = False
        for step in range(named_first[rows[row]], named_first[rows[row] + 1]):
            domain = named[step]
            for at in range(meetings.wish_first[domain], meetings.wish_first[domain + 1]):
                wish = meetings.wish[at]
                person = owner[wish]
                bits, metres = _obstacles(facts, person, wish, rows[row])
                if seen[person] != row:
                    seen[person], mask[person], home[person] = row, bits, metres
                    met.append(person)
                elif _count(bits) < _count(mask[person]):
                    mask[person] = bits
                possible = possible or (bits == 0 and not fully)
                if possible:
                    break
            if possible:
                break
        for person in met:
            _note(answer, row, mask[person], home[person])
    return answer


@counting_nothing
def _obstacles(facts: Facts, person: int, wish: int, offer: int) -> tuple[int, int]:
    """The mask of what refuses the pair by this wish, and the metres from home (FAR_AWAY: unknown, or not needed)."""
    bits = 0
    if facts.minor[person] and not facts.takes_minors[offer]:
        bits |= MINOR
    if facts.start_to[offer] < facts.ready[person]:
        bits |= START
    for at in range(facts.barred_first[person], facts.barred_first[person + 1]):
        if facts.barred[at] == facts.employer[offer]:
            bits |= EMPLOYER
    if facts.gaps[facts.wish_level[wish], facts.levels[offer]] > 1:
        bits |= LEVEL
    if facts.remote[offer]:
        return bits, FAR_AWAY
    if math.isnan(facts.place[offer, 0]):
        return bits | PLACE, FAR_AWAY
    x, y, z = facts.place[offer, 0], facts.place[offer, 1], facts.place[offer, 2]
    home = _metres(x - facts.home[person, 0], y - facts.home[person, 1], z - facts.home[person, 2])
    site = _metres(x - facts.site[wish, 0], y - facts.site[wish, 1], z - facts.site[wish, 2])
    if home == FAR_AWAY and site == FAR_AWAY:
        return bits | PLACE, FAR_AWAY
    if home > facts.radius_m[person] and site > facts.site_radius_m:
        bits |= FAR
    return bits, home


@counting_nothing
def _metres(x: float, y: float, z: float) -> int:
    """On the ground, between two points so far apart on each axis."""
    if math.isnan(x):
        return FAR_AWAY
    return arc(x * x + y * y + z * z)


@counting_nothing
def _count(bits: int) -> int:
    count = 0
    while bits:
        bits &= bits - 1
        count += 1
    return count


@compiled
def _blank(rows: int) -> Answer:
    return (
        np.zeros(rows, np.int64),
        np.zeros(rows, np.int64),
        np.zeros((rows, len(SOLE)), np.int64),
        np.zeros((rows, len(STEPS_KM)), np.int64),
        np.full(rows, FAR_AWAY),
    )


@counting_nothing
def _note(answer: Answer, row: int, bits: int, metres: int) -> None:
    possible, met, sole, within, nearest = answer
    met[row] += 1
    if bits == 0:
        possible[row] += 1
    elif COLUMN[bits] >= 0:
        sole[row, COLUMN[bits]] += 1
    if bits == FAR:
        nearest[row] = min(nearest[row], metres)
        for step in range(len(STEPS_KM)):
            within[row, step] += metres <= STEPS_KM[step] * 1000
