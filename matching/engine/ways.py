"""The best way for one person and one offer to meet, among all wishes and places."""

import math
from typing import Any, NamedTuple

import numpy as np

from matching.engine.arrays import NO_DAY, Ints
from matching.engine.codes import Via
from matching.engine.compiled import compiled, counting_nothing
from matching.engine.geometry import arc, point
from matching.engine.records import Record, Records
from matching.engine.scoring import NO_DISTANCE

REFUSED = -1
HOME, SITE, REMOTE = int(Via.HOME), int(Via.SITE), int(Via.REMOTE)


class Meeting(NamedTuple):
    """Both sides, and the points: `rules` has one record, `level` is [wish level, offer mask], `wait` by
    day of waiting.
    """

    people: Records
    groups: Records
    asked: Records
    offers: Records
    named: Records
    rules: Records
    level: Ints
    wait: Ints


class Way(NamedTuple):
    """Ordered as compared: the highest points, the shortest distance, the lowest wish, home before site before
    remote. Points are without variety; -1 when the two cannot meet.
    """

    points: int
    distance_m: int
    wish: int
    via: int
    exact: bool


@counting_nothing
def best_way(meeting: Meeting, person: int, offer: int) -> Way:
    """Excluded employers, open positions and expiry are left to the caller."""
    who, what = meeting.people[person], meeting.offers[offer]
    best = Way(-1, NO_DISTANCE, 0, 0, False)
    if not welcomes(who, what):
        return best
    fixed = date_points(meeting.wait, what, who.ready) + what.fresh
    home = metres_between(who.lat, who.lon, what)
    home = home if home <= who.radius_m else NO_DISTANCE
    for place in range(what.first_named, what.end_named):
        named = meeting.named[place]
        for group in range(who.first_group, who.end_group):
            if meeting.groups[group].domain == named.domain:
                for row in range(meeting.groups[group].first_row, meeting.groups[group].end_row):
                    way = way_by_row(meeting, meeting.asked[row], what, named, home, fixed)
                    if is_before(way, best):
                        best = way
    return best


@counting_nothing
def welcomes(who: Record, what: Record) -> bool:
    """Minors and the start window. `what`: an offer or an entry of the index."""
    return (what.minors | (who.minor == 0)) & ((what.start_to == NO_DAY) | (what.start_to >= who.ready))


@counting_nothing
def way_by_row(meeting: Meeting, asked: Record, what: Record, named: Record, home: int, fixed: int) -> Way:
    """By one wish in one domain: its nearest place within reach. `home`: metres, NO_DISTANCE out of reach."""
    rules = meeting.rules[0]
    site = metres_between(asked.site_lat, asked.site_lon, what)
    site = site if site <= rules.site_radius_m else NO_DISTANCE
    distance = min(home, site)
    points = wish_points(rules, meeting.level, asked, what.levels, named.low, named.high)
    if points == REFUSED or (distance == NO_DISTANCE and not what.remote):
        return Way(-1, NO_DISTANCE, 0, 0, False)
    via = REMOTE if distance == NO_DISTANCE else (HOME if home <= site else SITE)
    points += fixed + distance_points(rules, distance, what.remote)
    wish: Any = np.int64(asked.wish)
    return Way(points, distance, wish, via, names_same(asked, named.low, named.high))


@counting_nothing
def is_before(one: Way, other: Way) -> bool:
    if one.points != other.points:
        return one.points > other.points
    if one.distance_m != other.distance_m:
        return one.distance_m < other.distance_m
    return one.points >= 0 and (one.wish < other.wish or (one.wish == other.wish and one.via < other.via))


@counting_nothing
def names_same(asked: Record, low: int, high: int) -> bool:
    """Whether the two name a code of the domain in common."""
    return ((asked.low & low) | (asked.high & high)) != 0


@counting_nothing
def wish_points(rules: Record, level: Ints, asked: Record, levels: int, low: int, high: int) -> int:
    """Rank, trade and level; REFUSED when the level refuses the wish."""
    points = level[asked.level, levels]
    same = names_same(asked, low, high)
    total = points + asked.points + (rules.rome_exact if same else rules.rome_domain)
    return total if points >= 0 else REFUSED


@counting_nothing
def metres_between(lat: float, lon: float, what: Record) -> int:
    """NO_DISTANCE when a place is missing."""
    if math.isnan(lat) or math.isnan(lon) or math.isnan(what.x):
        return NO_DISTANCE
    x, y, z = point(lat, lon)
    dx, dy, dz = x - what.x, y - what.y, z - what.z
    return arc(dx * dx + dy * dy + dz * dz)


@counting_nothing
def distance_points(rules: Record, distance: int, remote: bool) -> int:
    """The quotient of whole numbers this small is never rounded up to the next one, and is had sooner so."""
    points = int(float(max(rules.reach_m - distance, 0) * rules.distance) / float(rules.reach_m))
    return max(points, rules.remote) if remote else points


@counting_nothing
def date_points(wait: Ints, what: Record, ready: int) -> int:
    """`wait` ends with the points of an unknown date."""
    unknown = what.start_from == NO_DAY and what.start_to == NO_DAY
    return wait[len(wait) - 1 if unknown else min(max(what.start_from - ready, 0), len(wait) - 2)]


class Ways(NamedTuple):
    """Column by column, one row per pair."""

    points: Ints
    distance_m: Ints
    wish: Ints
    via: Ints
    exact: Ints


@compiled
def best_ways(meeting: Meeting, person: Ints, offer: Ints) -> Ways:
    count = len(person)
    ways = Ways(
        np.empty(count, np.int64), np.empty(count, np.int64), np.empty(count, np.int64), np.empty(count, np.int8),
        np.empty(count, np.bool_),
    )  # fmt: skip
    for i in range(count):
        way = best_way(meeting, person[i], offer[i])
        ways.points[i], ways.distance_m[i], ways.wish[i] = way.points, way.distance_m, way.wish
        ways.via[i], ways.exact[i] = way.via, way.exact
    return ways
