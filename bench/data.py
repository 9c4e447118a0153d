"""A synthetic country as arrays, the same for the same size and seed."""

from typing import NamedTuple

import numpy as np

from matching.engine import NO_DAY, Offers, Parameters, People, Ragged, Wishes

TODAY = 20_700
SIZES = {"XS": (2_000, 8_000), "S": (25_000, 60_000), "M": (200_000, 100_000), "L": (1_000_000, 200_000)}
TOWNS, DOMAINS = 3_000, 110
CODES = np.where(np.arange(DOMAINS) % 11 < 2, 4, 5)  # of each domain: 530 in all
OVERSEAS = np.array([(16.2, -61.5), (14.6, -61.0), (4.9, -52.3), (-21.1, 55.5), (-12.8, 45.2)])


class Country(NamedTuple):
    people: People
    wishes: Wishes
    offers: Offers
    parameters: Parameters


def zipf(rng: np.random.Generator, choices: int, count: int, exponent: float) -> np.ndarray:
    """Numbers below `choices`, the lowest the most frequent."""
    odds = np.cumsum(1 / np.arange(1, choices + 1) ** exponent)
    return np.searchsorted(odds, rng.random(count) * odds[-1])


def towns(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Metropolitan France as a box, and one town in twenty overseas."""
    lat, lon = rng.uniform(42.5, 50.9, TOWNS), rng.uniform(-4.5, 7.8, TOWNS)
    overseas = np.flatnonzero(np.arange(TOWNS) % 20 == 10)
    island = OVERSEAS[np.arange(len(overseas)) % len(OVERSEAS)]
    lat[overseas], lon[overseas] = (island + rng.uniform(-0.15, 0.15, island.shape)).T
    return lat, lon


def places(rng: np.random.Generator, centres: tuple[np.ndarray, np.ndarray], count: int) -> tuple:
    town = zipf(rng, TOWNS, count, 0.8)
    return tuple(centre[town] + rng.normal(0, 0.04, count) for centre in centres)


def trades(rng: np.random.Generator, count: int, most: int) -> Ragged:
    """1 … most codes per row, of one domain in most cases."""
    numbers = rng.integers(1, most + 1, count)
    domain = np.repeat(zipf(rng, DOMAINS, count, 0.9), numbers)
    strays = rng.random(len(domain)) < 0.05
    domain[strays] = zipf(rng, DOMAINS, int(strays.sum()), 0.9)
    code = zipf(rng, 5, len(domain), 0.7) % CODES[domain]
    rome = (domain // 8 + 1) * 10_000 + (domain % 8 + 11) * 100 + code + 1
    return Ragged(np.concatenate([[0], np.cumsum(numbers)]), rome)


def make(size: str, seed: int = 2026) -> Country:
    people_count, offer_count = SIZES[size]
    rng = np.random.default_rng(seed)
    centres = towns(rng)
    people = make_people(rng, centres, people_count)
    wishes = make_wishes(rng, centres, people_count)
    return Country(people, wishes, make_offers(rng, centres, offer_count), Parameters(today=TODAY))


def only(country: Country, people: np.ndarray) -> Country:
    """The same country with these people (sorted rows) and their wishes."""
    place = np.full(len(country.people), -1)
    place[people] = np.arange(len(people))
    wishes = country.wishes.take(np.flatnonzero(place[country.wishes.person_index] >= 0))
    wishes.person_index[:] = place[wishes.person_index]
    return country._replace(people=country.people.take(people), wishes=wishes)


def make_people(rng: np.random.Generator, centres: tuple, count: int) -> People:
    lat, lon = places(rng, centres, count)
    lat[rng.random(count) < 0.01] = np.nan
    return People(
        id=rng.permutation(count) + 1, lat=lat, lon=lon, radius_km=rng.choice([10, 20, 30, 40], count),
        is_minor=rng.random(count) < 0.5, available_from=TODAY + rng.integers(0, 60, count),
        excluded_employers=Ragged(np.zeros(count + 1), []),
    )  # fmt: skip


def make_wishes(rng: np.random.Generator, centres: tuple, people_count: int) -> Wishes:
    numbers = rng.integers(1, 11, people_count)
    owner = np.repeat(np.arange(people_count), numbers)
    count = len(owner)
    lat, lon = places(rng, centres, count)
    lat[rng.random(count) < 0.7] = np.nan
    return Wishes(
        id=np.arange(count) + 1, person_index=owner,
        rank=np.arange(count) - np.repeat(np.cumsum(numbers) - numbers, numbers) + 1,
        level=rng.choice([0, 3, 4, 5, 6, 7], count, p=[0.1, 0.4, 0.25, 0.15, 0.06, 0.04]),
        site_lat=lat, site_lon=lon, rome=trades(rng, count, 4),
    )  # fmt: skip


def make_offers(rng: np.random.Generator, centres: tuple, count: int) -> Offers:
    lat, lon = places(rng, centres, count)
    start = TODAY + rng.integers(-30, 200, count)
    start[rng.random(count) < 0.2] = NO_DAY
    first_level = rng.integers(2, 5, count)
    levels = np.where(rng.random(count) < 0.2, 0, (1 << first_level) | (1 << (first_level + 1)))
    return Offers(
        id=rng.permutation(count) + 1, lat=lat, lon=lon, employer=zipf(rng, count // 2, count, 0.5),
        rome=trades(rng, count, 3), levels=levels, start_from=start,
        start_to=np.where(start == NO_DAY, NO_DAY, start + 120), positions=1 + zipf(rng, 20, count, 2.0),
        remote=rng.random(count) < 0.004, minors_allowed=rng.random(count) < 0.9,
        published=TODAY - rng.integers(0, 120, count), expires=TODAY + rng.integers(-5, 120, count),
    )  # fmt: skip
