"""The ranking rule by rule. Against the oracle: test_engine_properties; hostile inputs: test_engine_hostile."""

import numpy as np
import pytest

from matching.engine import DateKind, LevelKind, Offers, Parameters, People, RomeKind, Status, Via, Wishes, rank
from tests.matching.engine_oracle import TODAY, arrays, offer, person, wish

PARAMETERS = Parameters(today=TODAY)


def run(people, wishes, offers, parameters=PARAMETERS):
    tables = arrays((people, wishes, offers))
    return rank(*tables, parameters), *tables


def only_pair(who=None, hope=None, job=None, parameters=PARAMETERS):
    """The ranking of one person, one wish and one offer."""
    return run([person(**who or {})], [wish(**hope or {})], [offer(**job or {})], parameters)[0]


@pytest.mark.parametrize("better", [1, 2, 5, 11])
def test_a_better_wish_rank_never_lowers_the_score(better):
    scores = [only_pair(hope={"rank": rank}).score[0] for rank in (better, better + 1)]
    assert scores[0] >= scores[1]


def test_the_reasons_say_how_the_pair_met():
    ranking = only_pair(
        {"place": (48.85, 2.35), "from": TODAY + 3},
        {"rank": 2, "level": 4, "rome": ["F1602"], "site": (48.85, 2.36)},
        {"place": (48.85, 2.37), "from": TODAY + 33, "to": TODAY + 60, "published": TODAY - 9},
    )
    assert ranking.via[0] == Via.SITE
    assert ranking.distance_m[0] == 732
    assert ranking.rome_kind[0] == RomeKind.DOMAIN
    assert ranking.level_kind[0] == LevelKind.NEAR
    assert ranking.date_kind[0] == DateKind.LATER
    assert ranking.age_days[0] == 9
    assert ranking.parts[0].tolist() == [270, 120, 20, 197, 50, 37, 200]
    assert ranking.score[0] == 894


# --- hard filters ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "hope", "job"),
    [
        pytest.param({}, {}, {"positions": 0}, id="no position left"),
        pytest.param({}, {}, {"expires": TODAY - 1}, id="expired"),
        pytest.param({"minor": True}, {}, {"minors": False}, id="adults only"),
        pytest.param({"excluded": [1]}, {}, {}, id="excluded employer"),
        pytest.param({"from": TODAY + 2}, {}, {"to": TODAY + 1}, id="starts before the person is ready"),
        pytest.param({}, {}, {"to": TODAY - 1}, id="start window closed"),
        pytest.param({}, {"rome": ["F1701"]}, {}, id="another domain"),
        pytest.param({}, {"rome": []}, {}, id="unresolved wish"),
        pytest.param({}, {"level": 5}, {}, id="two levels apart"),
        pytest.param({"radius": 10}, {}, {"place": (48.95, 2.35)}, id="11 km with a radius of 10"),
        pytest.param({"place": None}, {}, {}, id="no home and no site"),
        pytest.param({}, {}, {"place": None}, id="offer without a place"),
    ],
)
def test_a_hard_filter_refuses(who, hope, job):
    assert len(only_pair(who, hope, job)) == 0


@pytest.mark.parametrize(
    ("who", "hope", "job"),
    [
        pytest.param({"minor": True}, {}, {}, id="a minor where minors may apply"),
        pytest.param({"excluded": [2]}, {}, {}, id="another employer excluded"),
        pytest.param({}, {}, {"expires": TODAY, "to": TODAY}, id="last day"),
        pytest.param({}, {"level": 4}, {}, id="one level apart"),
        pytest.param({}, {"level": 0}, {}, id="level unknown"),
        pytest.param({}, {"level": 8}, {"levels": []}, id="offer for every level"),
        pytest.param({"radius": None}, {}, {"place": (49.1, 2.35)}, id="default radius"),
        pytest.param({"radius": 12}, {}, {"place": (48.95, 2.35)}, id="11 km with a radius of 12"),
        pytest.param({"place": None}, {"site": (48.9, 2.35)}, {}, id="no home, site nearby"),
        pytest.param({"place": (43.3, 5.4)}, {"site": (48.9, 2.35)}, {}, id="home far, site nearby"),
        pytest.param({"place": None}, {}, {"place": None, "remote": True}, id="remote, nobody has a place"),
    ],
)
def test_a_hard_filter_lets_through(who, hope, job):
    assert len(only_pair(who, hope, job)) == 1


def test_a_site_only_serves_its_own_wish():
    hopes = [wish(id=1, rome=["F1601"]), wish(id=2, rome=["M1805"], site=(48.85, 2.35))]
    assert len(run([person(place=None)], hopes, [offer()])[0]) == 0


# --- what is said of everybody ---------------------------------------------------------------------------


def test_everyone_has_a_status():
    people = [person(id=i, place=None if i == 4 else (48.85, 2.35)) for i in range(1, 6)]
    wishes = [wish(id=i, person=i) for i in (1, 3, 4, 5)]
    wishes[1]["rome"], wishes[3]["rome"] = [], ["M1805"]
    ranking = run(people, wishes, [offer()])[0]
    expected = [Status.RANKED, Status.NO_WISHES, Status.NO_TRADES, Status.NO_PLACE, Status.NO_OFFER]
    assert ranking.status.tolist() == expected


# --- refused inputs --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("table", "changes"),
    [
        (People, {"lat": [200.0]}),
        (People, {"lon": [np.inf]}),
        (People, {"radius_km": [-1]}),
        (People, {"id": [1, 2]}),
        (Wishes, {"level": [9]}),
        (Wishes, {"rank": [-1]}),
        (Wishes, {"person_index": [1]}),
        (Offers, {"lon": [-181.0]}),
    ],
)
def test_impossible_columns_are_refused(table, changes):
    tables = {type(t): t for t in arrays(([person()], [wish()], [offer()]))}
    columns = {name: getattr(tables[table], name) for name in tables[table].names()}
    with pytest.raises(ValueError, match=table.__name__):
        tables[table] = table(**columns | changes)
        rank(*tables.values(), PARAMETERS)


def test_the_same_id_twice_is_refused():
    with pytest.raises(ValueError, match="same id"):
        arrays(([], [], [offer(), offer()]))


def test_the_worked_example_of_the_readme_holds():
    def north(km):
        return (48.85 + km / 111.19508, 2.35)

    hopes = [wish(id=1, rank=1, level=3, rome=["F1601"]), wish(id=2, rank=2, level=4, rome=["M1805"])]
    offers = [
        offer(id=1, employer=1, place=north(10), published=TODAY, **{"from": TODAY - 5, "to": TODAY + 60}),
        offer(id=2, employer=2, place=north(2), rome=["F1602"], levels=[], published=TODAY - 30),
        offer(id=3, employer=3, place=north(5), rome=["M1805"], **{"from": TODAY + 30, "to": TODAY + 90}),
        offer(id=4, employer=4, place=north(31)),
    ]
    ranking, _, _, table = run([person(radius=30)], hopes, offers)
    assert table.id[ranking.offer_index].tolist() == [1, 3, 2]
    assert ranking.score.tolist() == [1160, 1020, 732]
    assert ranking.parts.tolist() == [
        [300, 300, 100, 160, 60, 40, 200],
        [270, 300, 20, 180, 50, 0, 200],
        [300, 120, 60, 192, 30, 30, 0],
    ]
