"""The ranking as one would first write it in numpy: each person against every offer. The bench's baseline."""

import numpy as np

from bench.data import Country
from matching.engine import NO_DAY, Ragged

EARTH_M = 6_371_008.8


def great_circle_m(lat: float, lon: float, lats: np.ndarray, lons: np.ndarray) -> np.ndarray:
    phi, psi = np.radians(lat), np.radians(lats)
    turn = np.radians(lons - lon)
    square = np.sin((psi - phi) / 2) ** 2 + np.cos(phi) * np.cos(psi) * np.sin(turn / 2) ** 2
    metres = np.rint(2 * EARTH_M * np.arcsin(np.sqrt(np.minimum(square, 1))))
    return np.where(np.isnan(metres), np.inf, metres)


def owners_of(rome: Ragged, codes: np.ndarray, unit: int) -> np.ndarray:
    """Which rows name one of the codes (unit 1) or one of their domains (unit 100)."""
    named = np.zeros(len(rome), dtype=bool)
    named[rome.owners()[np.isin(rome.values // unit, codes // unit)]] = True
    return named


def level_points(level: int, masks: np.ndarray) -> np.ndarray:
    """-1: refused."""
    if level == 0:
        return np.full(len(masks), 60)
    same = masks >> (level - 1) & 1
    beside = (masks << 1 | masks >> 1) >> (level - 1) & 1
    return np.select([masks == 0, same > 0, beside > 0], [60, 100, 20], -1)


def top_offers(country: Country, person: int) -> list[tuple[int, int]]:
    """(offer id, score) of one person's top k."""
    people, wishes, offers, parameters = country
    ready = max(int(people.available_from[person]), parameters.today)
    start_from, masks = offers.start_from.astype(np.int64), offers.levels.astype(np.int64)
    usable = (offers.positions > 0) & ((offers.expires == NO_DAY) | (offers.expires >= parameters.today))
    usable &= (offers.start_to == NO_DAY) | (offers.start_to >= ready)
    usable &= offers.minors_allowed | ~people.is_minor[person]
    unknown = (start_from == NO_DAY) & (offers.start_to == NO_DAY)
    date = np.where(unknown, 30, np.maximum(60 - np.maximum(start_from - ready, 0) // 3, 0))
    fresh = np.maximum(40 - np.maximum(parameters.today - offers.published.astype(np.int64), 0) // 3, 0)
    home = great_circle_m(people.lat[person], people.lon[person], offers.lat, offers.lon)
    home[home > people.radius_km[person] * 1000] = np.inf
    ways = []
    for row in np.flatnonzero(wishes.person_index == person):
        codes = wishes.rome.row(row)
        exact, near = owners_of(offers.rome, codes, 1), owners_of(offers.rome, codes, 100)
        level = level_points(int(wishes.level[row]), masks)
        site = great_circle_m(wishes.site_lat[row], wishes.site_lon[row], offers.lat, offers.lon)
        site[site > parameters.site_radius_km * 1000] = np.inf
        metres = np.minimum(home, site)
        left = 50_000 - np.minimum(metres, 50_000).astype(np.int64)
        distance = np.maximum(left * 200 // 50_000, np.where(offers.remote, 60, 0))
        score = max(0, 330 - 30 * int(wishes.rank[row])) + np.where(exact, 300, 120) + level
        score = score + distance + date + fresh
        kept = np.flatnonzero(usable & near & (level >= 0) & (np.isfinite(metres) | offers.remote))
        ways += zip(-score[kept], metres[kept], offers.id[kept], offers.employer[kept], strict=True)
    return cut(sorted(ways), parameters.k, parameters.per_employer)


def cut(ways: list, k: int, per_employer: int) -> list[tuple[int, int]]:
    seen: set[int] = set()
    employers: dict[int, int] = {}
    kept: list[tuple[int, int]] = []
    for worth, _, offer, employer in ways:
        if offer in seen or len(kept) == k:
            continue
        seen.add(offer)
        if employers.get(employer, 0) < per_employer:
            employers[employer] = employers.get(employer, 0) + 1
            kept.append((int(offer), -int(worth)))
    return kept
