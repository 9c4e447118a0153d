"""The inner loops of the ranking: for each person, domain by domain, the offers around home and sites.

What cannot enter the list is discarded as cheaply as can be: whole rows of the grid by a bound on their distance (it
is read from the person outwards), then entries by a bound in single precision, computed for a block at once; the rest
has its exact score.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from matching.engine.arrays import Ints
from matching.engine.compiled import counting_nothing
from matching.engine.geometry import arc, point
from matching.engine.grid import plan
from matching.engine.parameters import PRICE_SCALE
from matching.engine.records import Record, Records
from matching.engine.scoring import NO_DISTANCE
from matching.engine.shelf import LOWEST, OFFER_MASK, put, tie_of
from matching.engine.ways import REFUSED, Meeting, best_way, date_points, distance_points, welcomes, wish_points

BLOCK = 512
NEVER = -1e9
EVERY_LEVEL = 0xFF
ROUNDING_M = 4  # what single precision loses at most of a distance
UNKNOWN = -2  # a group whose best offer was not looked for yet; -1: it has none


class Problem(NamedTuple):
    """`excluded`: see ranking; `price` by offer, empty for no prices; `best`: each group's best offer.

    By entry, for the screen: `screen` x, y, z, the points of freshness (and of an unknown start) less the price, and
    the start; `codes` those up to 63 it names, every one if it names others; `levels`. The rest is of index.Layers.
    """

    meeting: Meeting
    entries: Records
    screen: Ints  # float32
    codes: Ints
    levels: Ints
    parallels: Records
    height: float
    start: Ints
    cells: int
    remote: Ints
    excluded: Ints
    price: Ints
    best: Ints


class Scratch(NamedTuple):
    """Room for one thread: the person's list, the plans of two circles, the best (value, tie) of each of the
    person's groups, what a block of entries is worth at most.
    """

    shelf: Records
    around_home: Ints
    around_site: Ints
    champions: Ints
    most: Ints  # float32, points


class Circle(NamedTuple):
    """`ranges`: how many rows its plan has."""

    x: float
    y: float
    z: float
    radius_m: int
    ranges: int


@counting_nothing
def rank_people(
    problem: Problem, scratch: Scratch, people: Ints, known: bool, depth: int, cap: int, rows: Ints, out: Ints
) -> None:
    """Lists of `people` into rows `rows` of `out` (rows, 1 + 2 × depth): length, offers, scores.

    `known`: the best offers of these people's groups are in problem.best already. Else they are found and written,
    and there must be no prices.
    """
    for i in range(len(people)):
        who = problem.meeting.people[people[i]]
        home = drawn(problem, who.lat, who.lon, who.radius_m, scratch.around_home)
        size = raise_best(problem, scratch, people[i], known, 0, depth, cap) if known else 0
        for group in range(who.first_group, who.end_group):
            size = visit_group(problem, scratch, who, home, group, known, size, depth, cap)
        if not known:
            size = raise_best(problem, scratch, people[i], known, size, depth, cap)
        write_out(scratch.shelf, problem.price, size, depth, out[rows[i]])


@counting_nothing
def write_out(shelf: Records, price: Ints, size: int, depth: int, out: Ints) -> None:
    out[0] = size
    for j in range(size):
        offer = shelf[j].offer
        out[1 + j] = offer
        out[1 + depth + j] = (shelf[j].value + (price[offer] if len(price) else 0)) // PRICE_SCALE


@counting_nothing
def drawn(problem: Problem, lat: float, lon: float, radius_m: int, ranges: Ints) -> Circle:
    """A circle and its plan; no range when the place is unknown."""
    if math.isnan(lat) or math.isnan(lon):
        return Circle(0.0, 0.0, 0.0, 0, 0)
    x, y, z = point(lat, lon)
    count = plan(problem.parallels, problem.height, lat, lon, radius_m, ranges)
    return Circle(x, y, z, radius_m, count)


@counting_nothing
def visit_group(
    problem: Problem, scratch: Scratch, who: Record, home: Circle, number: int, known: bool, size: int, depth: int,
    cap: int,
) -> int:  # fmt: skip
    """Every way to meet the offers of one domain: around home, around each wish's site, remotely."""
    group, rules = problem.meeting.groups[number], problem.meeting.rules[0]
    first, last, ranges = group.first_row, group.end_row, scratch.around_site
    champion = scratch.champions[number - who.first_group]
    champion[0] = LOWEST
    if group.slot >= 0:
        if home.ranges:
            size = visit(
                problem, scratch, champion, who, home, scratch.around_home, group, first, last, known, size, depth, cap
            )
        for row in range(first, last):
            asked = problem.meeting.asked[row]
            site = drawn(problem, asked.site_lat, asked.site_lon, rules.site_radius_m, ranges)
            if site.ranges:
                size = visit(
                    problem, scratch, champion, who, site, ranges, group, row, row + 1, known, size, depth, cap
                )
        if problem.remote[group.slot] < problem.remote[group.slot + 1]:
            anywhere = Circle(0.0, 0.0, 0.0, NO_DISTANCE, 1)
            size = visit(problem, scratch, champion, who, anywhere, ranges, group, first, last, known, size, depth, cap)
    if not known:
        problem.best[number] = OFFER_MASK - (champion[1] & OFFER_MASK) if champion[0] > LOWEST else -1
    return size


@counting_nothing
def visit(
    problem: Problem, scratch: Scratch, champion: Ints, who: Record, circle: Circle, ranges: Ints, group: Record,
    first: int, last: int, known: bool, size: int, depth: int, cap: int,
) -> int:  # fmt: skip
    """The entries of one domain inside a circle, by wishes first … last - 1; radius NO_DISTANCE: the remote ones."""
    rules, base, shelf = problem.meeting.rules[0], group.slot * problem.cells, scratch.shelf
    hope = hope_of(problem.meeting, first, last)
    for step in range(circle.ranges):
        if circle.radius_m == NO_DISTANCE:
            begin, end, nearest = problem.remote[group.slot], problem.remote[group.slot + 1], NO_DISTANCE
        else:
            nearest = ranges[step, 2]
            begin, end = problem.start[base + ranges[step, 0]], problem.start[base + ranges[step, 1]]
        bound = group.points + rules.rest_best + distance_points(rules, nearest, True)
        if begin == end or bound * PRICE_SCALE < least(shelf, champion, known, size, depth):
            continue
        for start in range(begin, end, BLOCK):
            stop = min(start + BLOCK, end)
            screen(problem, who, circle, start, stop, hope, scratch.most)
            size = judge(problem, scratch, champion, who, circle, start, stop, first, last, known, size, depth, cap)
    return size


class Hope(NamedTuple):
    """Some wishes of one domain at their best: points of rank, codes named (every one, if beyond 63), levels asked
    (every one, if some wish names none) and those beside.
    """

    points: Any
    codes: Any
    levels: Any
    beside: Any


@counting_nothing
def hope_of(meeting: Meeting, first: int, last: int) -> Hope:
    most, codes, high, levels, beside = np.int64(0), np.uint64(0), np.uint64(0), 0, 0
    for row in range(first, last):
        asked = meeting.asked[row]
        most, codes, high = max(most, asked.points), codes | asked.low, high | asked.high
        level = (1 << asked.level) >> 1 if asked.level else EVERY_LEVEL
        levels, beside = levels | level, beside | level << 1 | level >> 1
    codes = codes if high == 0 else ~np.uint64(0)
    return Hope(np.float32(most), codes, np.int32(levels), np.int32(beside))


@counting_nothing
def screen(problem: Problem, who: Record, circle: Circle, start: int, stop: int, hope: Hope, out: Ints) -> None:
    """What each entry is worth at most, in points: within two of the truth when there is one wish, several entries
    an instruction.
    """
    rules, codes, levels = problem.meeting.rules[0], problem.codes[start:stop], problem.levels[start:stop]
    xs, ys, zs = problem.screen[0, start:stop], problem.screen[1, start:stop], problem.screen[2, start:stop]
    rest, starts = problem.screen[3, start:stop], problem.screen[4, start:stop]
    x, y, z, ready = np.float32(circle.x), np.float32(circle.y), np.float32(circle.z), np.float32(who.ready)
    per_metre, per_day = np.float32(rules.distance / rules.reach_m), np.float32(1 / rules.date_days)
    close, remote, fits = np.float32(rules.distance), np.float32(rules.remote), np.float32(rules.date_fits)
    base = hope.points + np.float32(2 + ROUNDING_M * rules.distance // rules.reach_m)
    same, other = base + np.float32(rules.rome_exact), base + np.float32(rules.rome_domain)
    asked, any_level = np.float32(rules.level_best), np.float32(rules.level_open)
    beside, none = np.float32(rules.level_near), np.float32(NEVER)
    for i in range(len(xs)):
        dx, dy, dz = xs[i] - x, ys[i] - y, zs[i] - z
        near = max(close - np.sqrt(dx * dx + dy * dy + dz * dz) * per_metre, remote)
        date = max(fits - max(starts[i] - ready, np.float32(0)) * per_day, np.float32(0))
        level = asked if levels[i] & hope.levels else (beside if levels[i] & hope.beside else none)
        level = any_level if levels[i] == 0 else level
        out[i] = (same if codes[i] & hope.codes else other) + level + date + rest[i] + near


@counting_nothing
def judge(
    problem: Problem, scratch: Scratch, champion: Ints, who: Record, circle: Circle, start: int, stop: int,
    first: int, last: int, known: bool, size: int, depth: int, cap: int,
) -> int:  # fmt: skip
    """Puts into the list the entries that belong there."""
    threshold = least(scratch.shelf, champion, known, size, depth)
    for i in range(stop - start):
        if scratch.most[i] * PRICE_SCALE < threshold:
            continue
        entry = problem.entries[start + i]
        value, tie = worth(problem, who, circle, entry, first, last)
        if value < threshold or value == LOWEST or is_excluded(problem, who, entry):
            continue
        if not known and (value > champion[0] or (value == champion[0] and tie > champion[1])):
            champion[0], champion[1] = value, tie
        if size < depth or value >= scratch.shelf[depth - 1].value:
            size = put(scratch.shelf, size, depth, cap, value, tie, entry.offer, entry.employer)
        threshold = least(scratch.shelf, champion, known, size, depth)
    return size


@counting_nothing
def worth(problem: Problem, who: Record, circle: Circle, entry: Record, first: int, last: int) -> tuple[int, int]:
    """Value without variety, and tie; LOWEST when a filter refuses the pair."""
    meeting, rules, metres = problem.meeting, problem.meeting.rules[0], NO_DISTANCE
    if circle.radius_m < NO_DISTANCE:
        dx, dy, dz = entry.x - circle.x, entry.y - circle.y, entry.z - circle.z
        metres = arc(dx * dx + dy * dy + dz * dz)
    wish = REFUSED
    for row in range(first, last):
        wish = max(wish, wish_points(rules, meeting.level, meeting.asked[row], entry.levels, entry.low, entry.high))
    points = wish + entry.fresh + date_points(meeting.wait, entry, who.ready)
    points += distance_points(rules, metres, entry.remote)
    price = problem.price[entry.offer] if len(problem.price) else 0
    fits = (metres <= circle.radius_m) & (wish > REFUSED) & welcomes(who, entry)
    return points * PRICE_SCALE - price if fits else LOWEST, tie_of(metres, entry.offer)


@counting_nothing
def least(shelf: Records, champion: Ints, known: bool, size: int, depth: int) -> int:
    """The value below which a pair neither enters the list nor becomes its domain's best."""
    if size < depth:
        return LOWEST
    last = shelf[depth - 1].value
    return last if known else min(last, champion[0])


@counting_nothing
def is_excluded(problem: Problem, who: Record, entry: Record) -> bool:
    for i in range(who.first_excluded, who.end_excluded):
        if problem.excluded[i] == entry.employer or problem.excluded[i] == ~entry.offer:
            return True
    return False


@counting_nothing
def raise_best(problem: Problem, scratch: Scratch, person: int, known: bool, size: int, depth: int, cap: int) -> int:
    """Puts every domain's best offer into the list with the points for variety, whatever is met of it elsewhere."""
    who, meeting = problem.meeting.people[person], problem.meeting
    for group in range(who.first_group, who.end_group):
        offer = problem.best[group]
        if offer >= 0:
            what, champion = meeting.offers[offer], scratch.champions[group - who.first_group]
            value, tie = champion[0], champion[1]
            if known or what.end_named - what.first_named > 1:  # it may do better in another domain
                way = best_way(meeting, person, offer)
                value, tie = way.points * PRICE_SCALE, tie_of(way.distance_m, offer)
            price = problem.price[offer] if len(problem.price) else 0
            value += meeting.rules[0].variety * PRICE_SCALE - price
            size = put(scratch.shelf, size, depth, cap, value, tie, offer, what.employer)
    return size
