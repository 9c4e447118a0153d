"""What is missing, counted for many at once, is what `why_not` says of each pair."""

from collections import Counter
from copy import deepcopy

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from matching.engine import NO_DAY, Filter, Offers, Parameters, People, Ragged, Wishes, encode_rome, why_not
from matching.engine.geometry import arc_m, points, squared_chord
from matching.engine.obstacles import FAR_AWAY, SOLE, Obstacle, relieve_offers, relieve_people

TODAY = 20_700
PARAMETERS = Parameters(today=TODAY)
FILTER_OF = {
    Filter.TOO_FAR: Obstacle.TOO_FAR,
    Filter.LEVEL: Obstacle.LEVEL,
    Filter.START: Obstacle.START,
    Filter.MINOR: Obstacle.MINOR,
    Filter.EMPLOYER: Obstacle.EMPLOYER,
    Filter.PLACE_UNKNOWN: Obstacle.NO_PLACE,
}
LATITUDES = st.sampled_from([np.nan, 49.44, 49.6, 49.9, 51.0])
TRADES = st.lists(st.sampled_from(["F1601", "F1602", "G1602"]), max_size=2)


def people_of(rows):
    return People(
        id=np.arange(len(rows)) + 1,
        lat=np.array([row["lat"] for row in rows]),
        lon=np.array([row["lat"] * 0 + 1.1 for row in rows]),
        radius_km=np.array([row["radius"] for row in rows]),
        is_minor=np.array([row["minor"] for row in rows]),
        available_from=np.full(len(rows), NO_DAY),
        excluded_employers=Ragged.of([row["barred"] for row in rows]),
    )


def wishes_of(rows):
    return Wishes(
        id=np.arange(len(rows)) + 1,
        person_index=np.array([row["person"] for row in rows], dtype=np.int64),
        rank=np.ones(len(rows)),
        level=np.array([row["level"] for row in rows]),
        site_lat=np.array([row["site"] for row in rows], dtype=float),
        site_lon=np.array([row["site"] * 0 + 1.1 for row in rows], dtype=float),
        rome=Ragged.of([[encode_rome(code) for code in set(row["rome"])] for row in rows]),
    )


def offers_of(rows):
    return Offers(
        id=np.arange(len(rows)) + 1,
        lat=np.array([row["lat"] for row in rows]),
        lon=np.array([row["lat"] * 0 + 1.1 for row in rows]),
        employer=np.array([row["employer"] for row in rows]),
        rome=Ragged.of([[encode_rome(code) for code in set(row["rome"])] for row in rows]),
        levels=np.array([1 << (row["level"] - 1) if row["level"] else 0 for row in rows]),
        start_from=np.full(len(rows), NO_DAY),
        start_to=np.array([row["start_to"] for row in rows]),
        positions=np.array([row["positions"] for row in rows]),
        remote=np.array([row["remote"] for row in rows]),
        minors_allowed=np.array([row["minors"] for row in rows]),
        published=np.full(len(rows), TODAY),
        expires=np.full(len(rows), NO_DAY),
    )


PERSON = st.fixed_dictionaries(
    {
        "lat": LATITUDES,
        "radius": st.sampled_from([10.0, 30.0]),
        "minor": st.booleans(),
        "barred": st.lists(st.integers(1, 2), max_size=1),
    }
)
WISH = st.fixed_dictionaries(
    {"person": st.integers(0, 2), "level": st.sampled_from([0, 3, 5]), "site": LATITUDES, "rome": TRADES}
)
OFFER = st.fixed_dictionaries(
    {
        "lat": LATITUDES,
        "employer": st.integers(1, 2),
        "rome": TRADES,
        "level": st.sampled_from([0, 3, 6]),
        "start_to": st.sampled_from([NO_DAY, TODAY - 1, TODAY]),
        "positions": st.sampled_from([0, 1, 1]),
        "remote": st.booleans(),
        "minors": st.booleans(),
    }
)
WORLD = st.tuples(
    st.lists(PERSON, min_size=3, max_size=3), st.lists(WISH, max_size=5), st.lists(OFFER, min_size=1, max_size=5)
)


def pair_obstacles(world, person, offer):
    """The obstacles `why_not` names, or None when the pair is not in the same trade."""
    people, wishes, offers = world
    filters = [refusal.filter for refusal in why_not(people, person, wishes, offers, offer, PARAMETERS)]
    if Filter.NO_WISHES in filters or Filter.TRADE in filters:
        return None
    return [FILTER_OF[name] for name in filters if name != Filter.NO_POSITION]


def tally(found):
    """(pairs met, pairs nothing refuses, pairs one thing refuses)."""
    met = [one for one in found if one is not None]
    return len(met), sum(not one for one in met), sum(len(one) == 1 for one in met)


def tally_of(relief, row):
    return int(relief.met[row]), int(relief.possible[row]), int(relief.sole[row].sum())


@settings(max_examples=150, deadline=None)
@given(WORLD)
def test_counts_are_those_of_why_not(rows):
    world = people_of(rows[0]), wishes_of(rows[1]), offers_of(rows[2])
    relief = relieve_people(*world, PARAMETERS, np.arange(3))
    opened = [row for row, offer in enumerate(rows[2]) if offer["positions"]]
    for person in range(3):
        found = [pair_obstacles(world, person, offer) for offer in opened]
        assert tally_of(relief, person) == tally(found)
    back = relieve_offers(*world, PARAMETERS, np.arange(len(rows[2])))
    fully = relieve_offers(*world, PARAMETERS, np.arange(len(rows[2])), fully=True)
    for offer in range(len(rows[2])):
        met, possible, sole = tally([pair_obstacles(world, person, offer) for person in range(3)])
        assert (back.possible[offer] > 0) == (possible > 0)
        assert tally_of(fully, offer) == (met, possible, sole)


BASE_PERSON = {"lat": 49.44, "radius": 30.0, "minor": False, "barred": []}
BASE_WISH = {"person": 0, "level": 3, "site": np.nan, "rome": ["F1601"]}
BASE_OFFER = {
    "lat": 49.44, "employer": 1, "rome": ["F1601"], "level": 3, "start_to": NO_DAY, "positions": 1,
    "remote": False, "minors": True,
}  # fmt: skip


@pytest.mark.parametrize(
    ("person", "offer", "obstacle"),
    [
        ({}, {}, Obstacle.TAKEN),
        ({}, {"rome": ["G1602"]}, Obstacle.TRADE),
        ({}, {"lat": 49.9}, Obstacle.TOO_FAR),
        ({}, {"lat": 43.0}, Obstacle.TOO_FAR),
        ({}, {"level": 6}, Obstacle.LEVEL),
        ({}, {"start_to": TODAY - 1}, Obstacle.START),
        ({"minor": True}, {"minors": False}, Obstacle.MINOR),
        ({"barred": [1]}, {}, Obstacle.EMPLOYER),
        ({}, {"lat": np.nan}, Obstacle.NO_PLACE),
        ({"minor": True}, {"minors": False, "level": 6}, Obstacle.SEVERAL),
    ],
)
def test_the_binding_obstacle_is_the_one_thing_missing(person, offer, obstacle):
    world = people_of([BASE_PERSON | person]), wishes_of([BASE_WISH]), offers_of([BASE_OFFER | offer])
    for relieve in (relieve_people, relieve_offers):
        assert relieve(*world, PARAMETERS, np.array([0])).binding().tolist() == [obstacle]


def test_a_far_away_offer_hides_no_nearer_obstacle():
    offers = [BASE_OFFER | {"lat": 43.0}, BASE_OFFER | {"lat": 43.1}, BASE_OFFER | {"level": 6}]
    world = people_of([BASE_PERSON]), wishes_of([BASE_WISH]), offers_of(offers)
    relief = relieve_people(*world, PARAMETERS, np.array([0]))
    assert relief.binding().tolist() == [Obstacle.LEVEL]
    assert Counter(dict(zip(SOLE, relief.sole[0].tolist(), strict=True))) == Counter(
        {Obstacle.TOO_FAR: 2, Obstacle.LEVEL: 1}
    )


def test_each_wider_circle_says_how_many_homes_it_takes_in():
    offers = [BASE_OFFER | {"lat": 49.44 + kilometres / 111.195} for kilometres in (35, 45, 60, 200)]
    world = people_of([BASE_PERSON]), wishes_of([BASE_WISH]), offers_of(offers)
    relief = relieve_people(*world, PARAMETERS, np.array([0]))
    assert relief.within.tolist() == [[1, 2, 3, 3, 3]]
    assert abs(int(relief.nearest_m[0]) - 35_000) < 100


def test_beyond_a_training_site_no_home_is_near():
    world = people_of([BASE_PERSON | {"lat": np.nan}]), wishes_of([BASE_WISH | {"site": 49.44}])
    relief = relieve_people(*world, offers_of([BASE_OFFER | {"lat": 49.9}]), PARAMETERS, np.array([0]))
    assert relief.binding().tolist() == [Obstacle.TOO_FAR]
    assert relief.nearest_m.tolist() == [FAR_AWAY]


def test_an_offer_without_position_is_nobody_s():
    world = people_of([BASE_PERSON]), wishes_of([BASE_WISH]), offers_of([BASE_OFFER | {"positions": 0}])
    assert relieve_people(*world, PARAMETERS, np.array([0])).met.tolist() == [0]


def kilometres_needed(person, offer):
    """As the page names the radius: from home, rounded up."""
    home, work = (points(np.array([row["lat"]]), np.array([1.1])) for row in (person, offer))
    return np.ceil(arc_m(squared_chord(home, work))[0] / 1000)


def mend(rows, person, offer, refusal):
    """Make the one change that a refusal names."""
    people, wishes, offers = rows
    me, job = people[person], offers[offer]
    match refusal.filter:
        case Filter.NO_POSITION:
            job["positions"] = 1
        case Filter.MINOR:
            job["minors"] = True
        case Filter.EMPLOYER:
            me["barred"] = []
        case Filter.START:
            job["start_to"] += refusal.excess
        case Filter.NO_WISHES | Filter.TRADE | Filter.LEVEL:
            site = wishes[refusal.wish_index]["site"] if refusal.filter == Filter.LEVEL else np.nan
            wishes.append({"person": person, "level": job["level"], "site": site, "rome": job["rome"]})
        case Filter.PLACE_UNKNOWN:
            job["lat"] = 49.44 if np.isnan(job["lat"]) else job["lat"]
            me["lat"] = 49.44 if np.isnan(me["lat"]) else me["lat"]
        case Filter.TOO_FAR:
            me["lat"] = job["lat"] if np.isnan(me["lat"]) else me["lat"]
            me["radius"] = max(me["radius"], kilometres_needed(me, job))


@settings(max_examples=150, deadline=None)
@given(WORLD, st.integers(0, 2), st.data())
def test_making_each_named_change_makes_the_pair_a_candidate(rows, person, data):
    rows = deepcopy(rows)
    offer = data.draw(st.integers(0, len(rows[2]) - 1))
    assume(rows[2][offer]["rome"])
    for _ in range(len(Filter)):
        world = people_of(rows[0]), wishes_of(rows[1]), offers_of(rows[2])
        refusals = why_not(world[0], person, world[1], world[2], offer, PARAMETERS)
        if not refusals:
            break
        mend(rows, person, offer, refusals[0])
        after = people_of(rows[0]), wishes_of(rows[1]), offers_of(rows[2])
        left = why_not(after[0], person, after[1], after[2], offer, PARAMETERS)
        assert refusals[0].filter not in [refusal.filter for refusal in left]
    assert not refusals
