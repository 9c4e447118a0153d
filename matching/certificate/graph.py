"""Every offer a person may be proposed, and what it is worth: the rules of matching/README.md, one person at a time.

Offers of a domain are read from south to north and measured by the haversine formula, on the engine's sphere.
A distance within a thousandth of a millimetre of half a metre may round either way, by the last bit of a sine: such
a person is read twice, once with each rounding, and what fits either reading is right.
"""

import math
from typing import NamedTuple

import numpy as np
from numba import njit

from matching.certificate.offers import Aisles, Offers
from matching.certificate.people import Hopes, People
from matching.certificate.rows import Bools, Ints
from matching.certificate.rules import Rules

EARTH_RADIUS_M = 6_371_008.8  # mean radius, IUGG
FAR_AWAY = 1 << 40  # metres of a remote offer out of reach: it comes after every distance
DOUBT_M = 1e-6
HOME, SITE, REMOTE = 0, 1, 2
LEVEL_EXACT, LEVEL_OPEN, LEVEL_UNKNOWN, LEVEL_NEAR, LEVEL_FAR = 0, 1, 2, 3, 4


class Options(NamedTuple):
    """One person's candidates, rows 0 … size - 1 in the order met; `row` says where an offer is, -1 nowhere.

    `base`, `distance`, `hope`, `via` and `exact` (same trade) are those of the best way; `best`: first of a domain.
    """

    row: Ints
    offer: Ints
    base: Ints
    distance: Ints
    hope: Ints
    via: Ints
    exact: Bools
    best: Bools
    leader: Ints  # base, distance and offer of the first in the domain being read
    near: Ints  # the offers just found around a point, and their distance
    near_m: Ints


class Look(NamedTuple):
    """Where one looks: around a point, for the hopes first … last - 1."""

    lat: float
    lon: float
    radius_m: int
    via: int
    first: int
    last: int


def no_options(offer_count: int) -> Options:
    def whole() -> Ints:
        return np.zeros(offer_count, dtype=np.int64)

    exact, best = np.zeros((2, offer_count), dtype=np.bool_)
    return Options(
        np.full(offer_count, -1), whole(), whole(), whole(), whole(), whole(), exact, best,
        np.zeros(3, dtype=np.int64), whole(), whole(),
    )  # fmt: skip


@njit(cache=True, nogil=True)
def metres(north: float, east: float, cosines: float) -> float:
    """`north`, `east`: differences of latitude and longitude; `cosines`: of the two latitudes, multiplied."""
    up, along = math.sin(north / 2), math.sin(east / 2)
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(up * up + cosines * along * along, 1.0)))


@njit(cache=True, nogil=True)
def rounded(length: float, up: bool) -> tuple[int, bool]:
    """Whole metres, and whether the other rounding would do as well."""
    below = math.floor(length)
    over = length - below - 0.5
    if abs(over) < DOUBT_M:
        return int(below) + up, True
    return int(below) + (over > 0), False


@njit(cache=True, nogil=True)
def half_width(lat: float, radius: float) -> float:
    """How far east or west, in radians, a circle goes; beyond half a turn when it holds a pole."""
    if abs(lat) + radius >= math.pi / 2:
        return 4.0
    return math.asin(math.sin(radius) / math.cos(lat))


@njit(cache=True, nogil=True)
def gather(
    person: int, people: People, hopes: Hopes, offers: Offers, aisles: Aisles, rules: Rules, options: Options, up: bool
) -> tuple[int, bool]:
    """Fill the options: how many there are, and whether a rounding is in doubt."""
    size, doubt = 0, False
    last = people.first_hope[person]
    while last < people.first_hope[person + 1]:
        first = last
        while last < people.first_hope[person + 1] and hopes.domain[last] == hopes.domain[first]:
            last += 1
        options.leader[:] = -1
        for hope in range(first, last + 2):  # each site, then home, then everywhere
            if hope < last:
                look = Look(hopes.lat[hope], hopes.lon[hope], rules.site_radius_m, SITE, hope, hope + 1)
            elif hope == last:
                look = Look(people.lat[person], people.lon[person], people.radius_m[person], HOME, first, last)
            else:
                look = Look(0.0, 0.0, 0, REMOTE, first, last)
            found, either = look_around(look, hopes.domain[first], aisles, options, up)
            doubt |= either
            size = meet(person, look, found, people, hopes, offers, rules, options, size)
        if options.leader[0] >= 0:
            options.best[options.row[options.leader[2]]] = True
    return size, doubt


@njit(cache=True, nogil=True)
def clear(options: Options, size: int) -> None:
    for i in range(size):
        options.row[options.offer[i]] = -1


@njit(cache=True, nogil=True)
def look_around(look: Look, domain: int, aisles: Aisles, options: Options, up: bool) -> tuple[int, bool]:
    """Offers within the circle (or remote), into `near`: how many, and whether a rounding is in doubt."""
    if look.via == REMOTE:
        return remote_ones(domain, aisles, options), False
    found, doubt = 0, False
    radius = (look.radius_m + 1) / EARTH_RADIUS_M
    begin, end = aisles.first[domain], aisles.first[domain + 1]
    if begin == end or math.isnan(look.lat + look.lon):
        return found, doubt
    width, cos_lat = half_width(look.lat, radius), math.cos(look.lat)
    start = begin + np.searchsorted(aisles.lat[begin:end], look.lat - radius)
    for i in range(start, end):
        north, east = aisles.lat[i] - look.lat, aisles.lon[i] - look.lon
        if north > radius:
            break
        if width < abs(east) < 2 * math.pi - width:
            continue
        distance, either = rounded(metres(north, east, cos_lat * aisles.cos_lat[i]), up)
        doubt |= either and distance <= look.radius_m + 1
        if distance <= look.radius_m:
            options.near[found], options.near_m[found] = aisles.offer[i], distance
            found += 1
    return found, doubt


@njit(cache=True, nogil=True)
def remote_ones(domain: int, aisles: Aisles, options: Options) -> int:
    first, last = aisles.first_remote[domain], aisles.first_remote[domain + 1]
    for i in range(first, last):
        options.near[i - first], options.near_m[i - first] = aisles.remote_offer[i], FAR_AWAY
    return last - first


@njit(cache=True, nogil=True)
def meet(
    person: int, look: Look, found: int, people: People, hopes: Hopes, offers: Offers, rules: Rules, options: Options,
    size: int,
) -> int:  # fmt: skip
    """Of the offers just found, keep the best way to meet each, and the first of the domain. How many options then."""
    minor = people.minor[person]
    barred = people.barred[people.first_barred[person] : people.first_barred[person + 1]]
    for i in range(found):
        offer, distance = options.near[i], options.near_m[i]
        if minor and not offers.minors[offer]:
            continue
        if holds(barred, offers.employer[offer]) or holds(barred, -offers.id[offer]):
            continue
        codes = offers.code[offers.first_code[offer] : offers.first_code[offer + 1]]
        fixed = offers.worth[offer] + distance_points(distance, offers.remote[offer], rules)
        for hope in range(look.first, look.last):
            kind = level_kind(hopes.level[hope], offers.level[offer])
            if kind == LEVEL_FAR:
                continue
            exact = shares(hopes.code, hopes.first_code[hope], hopes.first_code[hope + 1], codes)
            base = fixed + rank_points(hopes.rank[hope], rules) + level_points(kind, rules)
            base += rules.rome_exact if exact else rules.rome_domain
            row = options.row[offer]
            if row < 0:
                row, size = size, size + 1
                options.row[offer], options.offer[row], options.base[row], options.best[row] = row, offer, -1, False
            old = (-options.base[row], options.distance[row], hopes.wish[options.hope[row]], options.via[row])
            if (-base, distance, hopes.wish[hope], look.via) < old:
                options.base[row], options.distance[row], options.hope[row] = base, distance, hope
                options.via[row], options.exact[row] = look.via, exact
            lead(options.leader, base, distance, offer)
    return size


@njit(cache=True, nogil=True)
def lead(leader: Ints, base: int, distance: int, offer: int) -> None:
    """Offers are numbered by id: the lowest number is the lowest id."""
    if base > leader[0] or (base == leader[0] and (distance, offer) < (leader[1], leader[2])):
        leader[0], leader[1], leader[2] = base, distance, offer


@njit(cache=True, nogil=True)
def holds(values: Ints, value: int) -> bool:
    found = False
    for other in values:
        found |= other == value
    return found


@njit(cache=True, nogil=True)
def shares(codes: Ints, first: int, last: int, others: Ints) -> bool:
    found = False
    for i in range(first, last):
        found |= holds(others, codes[i])
    return found


@njit(cache=True, nogil=True)
def level_kind(wished: int, taken: int) -> int:
    if taken == 0:
        return LEVEL_OPEN
    if wished == 0:
        return LEVEL_UNKNOWN
    gap = abs(wished - taken)
    return LEVEL_EXACT if gap == 0 else LEVEL_NEAR if gap == 1 else LEVEL_FAR


@njit(cache=True, nogil=True)
def level_points(kind: int, rules: Rules) -> int:
    if kind == LEVEL_EXACT:
        return rules.level_exact
    return rules.level_near if kind == LEVEL_NEAR else rules.level_open


@njit(cache=True, nogil=True)
def rank_points(rank: int, rules: Rules) -> int:
    return rules.rank_none if rank == 0 else max(rules.rank_first - (rank - 1) * rules.rank_step, 0)


@njit(cache=True, nogil=True)
def distance_points(distance: int, remote: bool, rules: Rules) -> int:
    left = max(rules.distance_reach_m - distance, 0)
    near = left * rules.distance // rules.distance_reach_m
    return max(near, rules.distance_remote) if remote else near
