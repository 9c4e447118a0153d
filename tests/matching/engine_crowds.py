"""Seeded cases of some hundred pairs, full of equal places, scores and employers: where ties and caps are decided."""

import random

from matching.engine import NO_DAY
from tests.matching.engine_oracle import CODES, TODAY, offer, person, wish

PLACES = [(48.85, 2.35), (45.76, 4.84), (-21.1, 55.5), (16.2, -61.5), (0.0, 179.9), (89.9, 20.0)]


def crowd(seed, people=5, offers=45, codes=CODES):
    """(people, wishes, offers) around one place, as far as 300 km from it, one place in three shared with others."""
    rng = random.Random(seed)
    centre = rng.choice(PLACES)
    squares = [near(rng, centre) for _ in range(4)]
    places = [rng.choice(squares) if rng.random() < 0.3 else near(rng, centre) for _ in range(people + offers)]
    rows = [someone(rng, i, places[i]) for i in rng.sample(range(people), people)]
    wanted = [hope(rng, squares, row["id"], codes) for row in rows for _ in range(rng.choice([1, 3, 6]))]
    wishes = [row | {"id": number} for number, row in zip(rng.sample(range(999), len(wanted)), wanted, strict=True)]
    jobs = [job(rng, i, places[people + i], codes) for i in rng.sample(range(offers), offers)]
    return rows, wishes, jobs


def near(rng, centre):
    """Mostly some kilometres away, at times hundreds."""
    spread = rng.choice([0.02, 0.3, 2.0])
    lat = max(-90.0, min(90.0, centre[0] + rng.uniform(-spread, spread)))
    lon = centre[1] + rng.uniform(-spread, spread)
    return lat, (lon + 180) % 360 - 180


def someone(rng, number, place):
    return person(
        id=number, place=None if rng.random() < 0.1 else place, radius=rng.choice([None, 0, 5, 20, 50, 300]),
        minor=rng.random() < 0.4, excluded=rng.choice([[], [], [1], [2, 3]]), **{"from": TODAY + rng.randrange(40)},
    )  # fmt: skip


def hope(rng, squares, owner, codes):
    return wish(
        person=owner, rank=rng.randrange(12), level=rng.choice([0, 3, 3, 4, 5]), rome=some(rng, codes, 4),
        site=rng.choice(squares) if rng.random() < 0.4 else None,
    )  # fmt: skip


def job(rng, number, place, codes):
    start = rng.choice([NO_DAY, TODAY - 10, TODAY + rng.randrange(90)])
    return offer(
        id=number, place=None if rng.random() < 0.05 else place, employer=rng.randrange(9), rome=some(rng, codes, 3),
        levels=rng.choice([[], [3], [3, 4], [4, 5]]), positions=rng.choice([0, 1, 1, 5]), remote=rng.random() < 0.1,
        minors=rng.random() < 0.8, published=rng.choice([NO_DAY, TODAY - rng.randrange(60)]),
        expires=rng.choice([NO_DAY, TODAY - 1, TODAY + 5, TODAY + 90]),
        **{"from": start, "to": NO_DAY if start == NO_DAY else start + rng.choice([0, 30])},
    )  # fmt: skip


def some(rng, codes, most):
    return rng.sample(codes, rng.randint(0 if rng.random() < 0.1 else 1, min(most, len(codes))))
