"""The best ranking numpy and scipy give without compiling anything: one k-d tree of offers per trade domain.

Answers are the engine's, to the bit; the second baseline of the matching bench.
"""

from typing import NamedTuple

import numpy as np
from scipy.spatial import cKDTree

from bench.data import Country, only
from bench.matching_sql import NOWHERE, Top, by_domain, cartesian
from matching.engine import EARTH_RADIUS_M, NO_DAY

CHUNK = 2_000  # people at a time: memory stays below a gigabyte


class Shelf(NamedTuple):
    """Open offers of one domain: `offer` and `mask` by row, rows `placed` in the tree, rows `remote`."""

    offer: np.ndarray
    mask: np.ndarray
    spots: np.ndarray
    tree: cKDTree
    remote: np.ndarray


class Ways(NamedTuple):
    """Row `asked` of the wished domains meets an offer so many metres away."""

    asked: np.ndarray
    offer: np.ndarray
    mask: np.ndarray
    metres: np.ndarray


class Asked(NamedTuple):
    """One row per (wish, domain)."""

    wish: np.ndarray
    domain: np.ndarray
    mask: np.ndarray
    person: np.ndarray


def shelves(country: Country) -> dict[int, Shelf]:
    offers = country.offers
    owner, domain, mask = by_domain(offers.rome)
    still = (offers.positions > 0) & (offers.expires >= country.parameters.today)
    found = {}
    for one in np.unique(domain).tolist():
        rows = np.flatnonzero((domain == one) & still[owner])
        spots = np.stack(cartesian(offers.lat[owner[rows]], offers.lon[owner[rows]]), axis=1)
        remote = np.flatnonzero(offers.remote[owner[rows]])
        found[one] = Shelf(owner[rows], mask[rows], spots, cKDTree(spots), remote)
    return found


def top_by_trees(country: Country) -> Top:
    """Person id → (offer id, score), best first. Every offer has a place in this data."""
    found: Top = {}
    trees = shelves(country)
    for first in range(0, len(country.people), CHUNK):
        rows = np.arange(first, min(first + CHUNK, len(country.people)))
        found |= top_of(only(country, rows), trees)
    return found


def top_of(country: Country, trees: dict[int, Shelf]) -> Top:
    offers, parameters = country.offers, country.parameters
    wish, domain, mask = by_domain(country.wishes.rome)
    asked = Asked(wish, domain, mask, country.wishes.person_index[wish])
    ways = met(country, asked, trees)
    kept, points = scored(country, asked, ways)
    who, offer, domain = asked.person[ways.asked][kept], ways.offer[kept], domain[ways.asked][kept]
    key, pair = points << 27 | NOWHERE - ways.metres[kept], who << 32 | offer
    best = first_of(np.lexsort((offers.id[offer], -key, domain, who)), who << 20 | domain)
    rows = first_of(np.lexsort((-key, pair)), pair)
    total = key[rows] + (np.isin(pair[rows], pair[best]).astype(np.int64) * parameters.weights.variety << 27)
    return cut(country, who[rows], offer[rows], total)


def met(country: Country, asked: Asked, trees: dict[int, Shelf]) -> Ways:
    people, wishes, _, parameters = country
    home = np.stack(cartesian(people.lat, people.lon), axis=1)[asked.person]
    site = np.stack(cartesian(wishes.site_lat, wishes.site_lon), axis=1)[asked.wish]
    radius = np.rint(people.radius_km.astype(np.float64) * 1000)[asked.person]
    site_radius = np.full(len(radius), round(parameters.site_radius_km * 1000))
    order = np.argsort(asked.domain, kind="stable")
    parts = []
    for rows in np.split(order, np.flatnonzero(np.diff(asked.domain[order])) + 1):
        shelf = trees.get(int(asked.domain[rows[0]])) if len(rows) else None
        if shelf:
            parts += [around(shelf, rows, home, radius), around(shelf, rows, site, site_radius), remotely(shelf, rows)]
    return Ways(*map(np.concatenate, zip(*parts, strict=True)))


def around(shelf: Shelf, rows: np.ndarray, centre: np.ndarray, radius: np.ndarray) -> Ways:
    rows = rows[~np.isnan(centre[rows, 0])]
    chord = 2 * EARTH_RADIUS_M * np.sin((radius[rows] + 1) / (2 * EARTH_RADIUS_M))
    lists = shelf.tree.query_ball_point(centre[rows], chord)
    near = np.concatenate([*lists, []]).astype(np.int64)
    rows = np.repeat(rows, [len(one) for one in lists])
    length = np.sqrt(((shelf.spots[near] - centre[rows]) ** 2).sum(axis=1))
    metres = np.rint(2 * EARTH_RADIUS_M * np.arcsin(length / (2 * EARTH_RADIUS_M))).astype(np.int64)
    inside = metres <= radius[rows]
    return Ways(rows[inside], shelf.offer[near[inside]], shelf.mask[near[inside]], metres[inside])


def remotely(shelf: Shelf, rows: np.ndarray) -> Ways:
    everyone, far = np.repeat(rows, len(shelf.remote)), np.tile(shelf.remote, len(rows))
    return Ways(everyone, shelf.offer[far], shelf.mask[far], np.full(len(far), NOWHERE))


def scored(country: Country, asked: Asked, ways: Ways) -> tuple[np.ndarray, np.ndarray]:
    """The ways no filter refuses, and their points."""
    people, wishes, offers, parameters = country
    weights, offer = parameters.weights, ways.offer
    who, hope = asked.person[ways.asked], asked.wish[ways.asked]
    ready = np.maximum(people.available_from[who], parameters.today).astype(np.int64)
    start_from, start_to = offers.start_from[offer].astype(np.int64), offers.start_to[offer].astype(np.int64)
    level = level_points(wishes.level[hope].astype(np.int64), offers.levels[offer].astype(np.int64), weights)
    passed = (level >= 0) & (offers.minors_allowed[offer] | ~people.is_minor[who])
    passed &= (start_to == NO_DAY) | (start_to >= ready)
    rank = wishes.rank[hope].astype(np.int64)
    points = np.where(rank == 0, weights.rank_none, np.maximum(weights.rank_first - weights.rank_step * (rank - 1), 0))
    points += level + np.where(asked.mask[ways.asked] & ways.mask, weights.rome_exact, weights.rome_domain)
    left = weights.distance_reach_m - np.minimum(ways.metres, weights.distance_reach_m)
    near = left * weights.distance // weights.distance_reach_m
    points += np.maximum(near, np.where(offers.remote[offer], weights.distance_remote, 0))
    waiting = np.maximum(start_from - ready, 0) // weights.date_days
    undated = (start_from == NO_DAY) & (start_to == NO_DAY)
    points += np.where(undated, weights.date_unknown, np.maximum(weights.date_fits - waiting, 0))
    age = np.maximum(parameters.today - offers.published[offer].astype(np.int64), 0)
    points += np.maximum(weights.fresh - age // weights.fresh_days, 0)
    return np.flatnonzero(passed), points[passed]


def level_points(level: np.ndarray, masks: np.ndarray, weights) -> np.ndarray:
    """-1: refused."""
    bit = 1 << np.maximum(level, 1) - 1
    cases = [(level == 0) | (masks == 0), masks & bit != 0, (masks << 1 | masks >> 1) & bit != 0]
    return np.select(cases, [weights.level_open, weights.level_exact, weights.level_near], -1)


def first_of(order: np.ndarray, group: np.ndarray) -> np.ndarray:
    """The first row of each group, rows read in this order, which keeps groups together."""
    return order[np.diff(group[order], prepend=-1) != 0]


def nth(group: np.ndarray) -> np.ndarray:
    """For each row, how many earlier ones are of its group."""
    order = np.argsort(group, kind="stable")
    begins = np.flatnonzero(np.diff(group[order], prepend=-1) != 0)
    result = np.empty(len(group), dtype=np.int64)
    result[order] = np.arange(len(group)) - np.repeat(begins, np.diff(begins, append=len(group)))
    return result


def cut(country: Country, who: np.ndarray, offer: np.ndarray, total: np.ndarray) -> Top:
    people, offers, parameters = country.people, country.offers, country.parameters
    order = np.lexsort((offers.id[offer], -total, who))
    order = order[nth(who[order] << 32 | offers.employer[offer[order]]) < parameters.per_employer]
    order = order[nth(who[order]) < parameters.k]
    top: Top = {}
    columns = people.id[who[order]], offers.id[offer[order]], total[order] >> 27
    for person, job, score in zip(*(column.tolist() for column in columns), strict=True):
        top.setdefault(person, []).append((job, score))
    return top
