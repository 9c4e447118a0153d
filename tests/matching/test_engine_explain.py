"""Why a pair is not a candidate agrees with the ranking, and says by how much."""

import pytest
from hypothesis import HealthCheck, given, settings

from matching.engine import NO_DAY, Filter, Parameters, rank, why_not
from tests.matching.engine_oracle import TODAY, arrays, cases, distance_m, offer, person, wish

PARAMETERS = Parameters(today=TODAY)


def refusals(who=None, hopes=(), job=None):
    hopes = hopes or [wish()]
    people, wishes, offers = arrays(([person(**who or {})], hopes, [offer(**job or {})]))
    return [tuple(refusal) for refusal in why_not(people, 0, wishes, offers, 0, PARAMETERS)]


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(cases())
def test_nothing_refuses_a_pair_exactly_when_it_is_a_candidate(case):
    people, wishes, offers = arrays(case)
    everything = Parameters(today=TODAY, k=100, per_employer=100)
    ranking = rank(people, wishes, offers, everything)
    candidates = set(zip(ranking.person_index.tolist(), ranking.offer_index.tolist(), strict=True))
    for who in range(len(people)):
        for job in range(len(offers)):
            refused = why_not(people, who, wishes, offers, job, everything)
            assert (refused == ()) == ((who, job) in candidates)


@pytest.mark.parametrize(
    ("who", "hope", "job", "expected"),
    [
        ({}, {}, {"positions": 0}, (Filter.NO_POSITION, 0, -1)),
        ({}, {}, {"expires": TODAY - 4}, (Filter.EXPIRED, 4, -1)),
        ({"minor": True}, {}, {"minors": False}, (Filter.MINOR, 0, -1)),
        ({"excluded": [1]}, {}, {}, (Filter.EMPLOYER, 0, -1)),
        ({"from": TODAY + 10}, {}, {"to": TODAY + 7}, (Filter.START, 3, -1)),
        ({}, {"rome": ["M1805"]}, {}, (Filter.TRADE, 0, -1)),
        ({}, {"level": 6}, {}, (Filter.LEVEL, 2, 0)),
        ({}, {}, {"place": None}, (Filter.PLACE_UNKNOWN, 0, 0)),
        ({"place": None}, {}, {}, (Filter.PLACE_UNKNOWN, 0, 0)),
        ({"radius": 10}, {}, {"place": (48.95, 2.35)}, (Filter.TOO_FAR, 1120, 0)),
    ],
)
def test_a_refusal_says_by_how_much(who, hope, job, expected):
    assert refusals(who, [wish(**hope)], job) == [expected]


def test_someone_without_wishes_is_told_so():
    people, wishes, offers = arrays(([person()], [], [offer()]))
    assert [r.filter for r in why_not(people, 0, wishes, offers, 0, PARAMETERS)] == [Filter.NO_WISHES]


def test_every_failing_filter_is_named():
    found = refusals({"minor": True}, [wish(level=6)], {"minors": False, "positions": 0, "place": (43.3, 5.4)})
    assert [row[0] for row in found] == [Filter.NO_POSITION, Filter.MINOR, Filter.LEVEL, Filter.TOO_FAR]


def test_the_wish_that_comes_nearest_is_the_one_explained():
    hopes = [wish(id=1, level=8), wish(id=2, level=3, site=(48.85, 3.0)), wish(id=3, rome=["M1805"])]
    found = refusals({"place": (43.3, 5.4)}, hopes, {"place": (48.85, 2.35)})
    assert found == [(Filter.TOO_FAR, distance_m((48.85, 3.0), (48.85, 2.35)) - 30_000, 1)]


def test_what_was_missing_is_enough_to_include_the_pair():
    far = refusals({"radius": 10}, [wish()], {"place": (48.95, 2.35)})[0][1]
    assert refusals({"radius": 10 + far / 1000}, [wish()], {"place": (48.95, 2.35)}) == []
    late = refusals({"from": TODAY + 10}, [wish()], {"to": TODAY + 7})[0][1]
    assert refusals({"from": TODAY + 10 - late}, [wish()], {"to": TODAY + 7}) == []


def test_unknown_days_refuse_nothing():
    assert refusals({"from": NO_DAY}, [wish()], {"to": NO_DAY, "expires": NO_DAY}) == []
