"""The ranking against a slow oracle, then rule by rule, then against what should not happen."""

import random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matching.engine import (
    NO_DAY,
    DateKind,
    LevelKind,
    OfferIndex,
    Offers,
    Parameters,
    People,
    RomeKind,
    Shard,
    Status,
    Via,
    Wishes,
    merge,
    rank,
)
from matching.engine import ranking as ranking_module
from matching.engine.ranking import PAIR_COLUMNS
from tests.matching.engine_oracle import (
    TODAY,
    arrays,
    cases,
    cut,
    lists_of,
    offer,
    person,
    ranked_lists,
    settings_of_runs,
    wish,
)

PARAMETERS = Parameters(today=TODAY)
quick = settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
thorough = settings(quick, max_examples=300)


def run(people, wishes, offers, parameters=PARAMETERS):
    tables = arrays((people, wishes, offers))
    return rank(*tables, parameters), *tables


def only_pair(who=None, hope=None, job=None, parameters=PARAMETERS):
    """The ranking of one person, one wish and one offer."""
    return run([person(**who or {})], [wish(**hope or {})], [offer(**job or {})], parameters)[0]


def by_id(ranking, people, wishes, offers):
    """Every column, with rows named by id instead of place: what must not depend on row order."""
    columns = {name: getattr(ranking, name).copy() for name in PAIR_COLUMNS}
    columns["person_index"] = people.id[ranking.person_index]
    columns["wish_index"] = wishes.id[ranking.wish_index]
    columns["offer_index"] = offers.id[ranking.offer_index]
    columns["status"] = ranking.status[np.argsort(people.id)]
    return {name: (column.dtype, column.tobytes()) for name, column in columns.items()}


@thorough
@given(cases(), settings_of_runs)
def test_the_candidate_lists_are_those_of_the_oracle(case, parameters):
    tables = arrays(case)
    ranking = rank(*tables, parameters)
    employer_of = {row["id"]: row["employer"] for row in case[2]}
    deep = parameters.depth_factor
    everything = ranked_lists(case, parameters)
    lists, top = lists_of(ranking, *tables), lists_of(ranking.top(), *tables)
    for who, rows in everything.items():
        spare = cut(rows, employer_of, parameters.k * deep, parameters.per_employer * deep)
        assert lists.get(who, []) == spare
        assert top.get(who, []) == cut(rows, employer_of, parameters.k, parameters.per_employer)


@quick
@given(cases(), settings_of_runs)
def test_the_parts_add_up_to_the_score(case, parameters):
    ranking = rank(*arrays(case), parameters)
    assert (ranking.parts.sum(axis=1) == ranking.score).all()
    assert (ranking.score <= parameters.weights.highest()).all()


@quick
@given(cases(), settings_of_runs, st.randoms(use_true_random=False))
def test_row_order_changes_nothing(case, parameters, rng):
    shuffled = tuple(rng.sample(rows, len(rows)) for rows in case)
    first, second = arrays(case), arrays(shuffled)
    assert by_id(rank(*first, parameters), *first) == by_id(rank(*second, parameters), *second)


@quick
@given(cases(), settings_of_runs)
def test_shards_of_people_merge_into_the_whole(case, parameters):
    people, wishes, offers = arrays(case)
    shards = []
    for half in (0, 1):
        rows = np.flatnonzero(np.arange(len(people)) % 2 == half)
        wish_rows = np.flatnonzero(wishes.person_index % 2 == half)
        mine = wishes.take(wish_rows)
        mine.person_index[:] //= 2
        ranking = rank(people.take(rows), mine, offers, parameters)
        shards.append(Shard(ranking, rows, wish_rows, np.arange(len(offers))))
    whole, merged = rank(people, wishes, offers, parameters), merge(shards, people)
    assert by_id(merged, people, wishes, offers) == by_id(whole, people, wishes, offers)


@quick
@given(cases(), settings_of_runs)
def test_small_blocks_give_the_same_ranking(case, parameters):
    tables = arrays(case)
    whole = by_id(rank(*tables, parameters), *tables)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranking_module, "BLOCK_PEOPLE", 3)
        patch.setattr(ranking_module, "BLOCK_PAIRS", 1)
        assert by_id(rank(*tables, parameters), *tables) == whole


def improved(job, how):
    """The same offer, better in one respect."""
    match how:
        case "closer":
            return job | {"place": (48.85, 2.35)}
        case "fresher":
            return job | {"published": TODAY}
        case "exact trade":
            return job | {"rome": ["F1601"]}
        case "exact level":
            return job | {"levels": [3]}


@pytest.mark.parametrize("how", ["closer", "fresher", "exact trade", "exact level"])
@quick
@given(case=cases(), rng=st.randoms(use_true_random=False))
def test_a_better_offer_never_falls(case, rng, how):
    _, _, offers = case
    people, wishes = [person(radius=300)], [wish(rome=["F1601"])]
    parameters = Parameters(today=TODAY, k=3, depth_factor=1)
    if not offers:
        return
    chosen = rng.randrange(len(offers))
    better = [improved(job, how) if i == chosen else job for i, job in enumerate(offers)]
    before, after = (lists_of(*run(people, wishes, jobs, parameters)) for jobs in (offers, better))
    ids_before, ids_after = ([row[0] for row in lists.get(1, [])] for lists in (before, after))
    job = offers[chosen]["id"]
    if job in ids_before:
        assert ids_after.index(job) <= ids_before.index(job)


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
    assert ranking.parts[0].tolist() == [270, 120, 20, 197, 50, 37]
    assert ranking.score[0] == 694


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


@pytest.mark.parametrize("people", [0, 1])
@pytest.mark.parametrize("offers", [0, 1])
def test_empty_inputs_give_empty_answers(people, offers):
    ranking = run([person()] * people, [], [offer()] * offers)[0]
    assert len(ranking) == 0
    assert ranking.status.tolist() == [Status.NO_WISHES] * people


# --- hostile inputs --------------------------------------------------------------------------------------


def test_ties_fall_to_the_nearest_then_the_lowest_id():
    offers = [offer(id=i, employer=i, place=(48.85, 2.351 + (i % 2) / 1000)) for i in (5, 2, 9, 4)]
    ranking, _, _, table = run([person()], [wish()], offers)
    assert len(set(ranking.score.tolist())) == 1
    assert table.id[ranking.offer_index].tolist() == [2, 4, 5, 9]


def test_one_employer_owning_everything_is_met_twice():
    ranking = run([person()], [wish()], [offer(id=i) for i in range(1, 200)])[0]
    assert len(ranking.top()) == 2
    assert len(ranking) == 6


def test_thousands_of_offers_at_one_address_keep_the_lowest_ids():
    offers = [offer(id=i, employer=i) for i in range(1, 3001)]
    random.Random(1).shuffle(offers)
    ranking, _, _, table = run([person(radius=0)], [wish()], offers)
    assert table.id[ranking.top().offer_index].tolist() == list(range(1, 11))
    assert ranking.distance_m.max() == 0


def test_fifty_wishes_meet_an_offer_once_by_the_best_of_them():
    hopes = [wish(id=i, rank=51 - i, site=(48.85, 2.35)) for i in range(1, 51)]
    ranking, _, wishes, _ = run([person()], hopes, [offer()])
    assert wishes.rank[ranking.wish_index].tolist() == [1]


@pytest.mark.parametrize(
    ("here", "there"),
    [((0.0, 179.99), (0.0, -179.99)), ((89.99, 0.0), (89.99, 180.0)), ((-90.0, 12.0), (-89.9, -100.0))],
)
def test_the_date_line_and_the_poles_are_places_like_others(here, there):
    for home, work in ((here, there), (there, here)):
        assert len(only_pair({"place": home}, {}, {"place": work})) == 1


def test_a_radius_as_large_as_the_earth_reaches_everything():
    assert len(only_pair({"radius": 20_100}, {}, {"place": (-48.85, -177.65)})) == 1


def test_a_latitude_alone_is_no_place():
    people, wishes, offers = arrays(([person()], [wish()], [offer()]))
    people.lon[:] = np.nan
    assert rank(people, wishes, offers, PARAMETERS).status.tolist() == [Status.NO_PLACE]


def test_a_ready_index_gives_the_same_ranking():
    tables = arrays(([person()], [wish()], [offer(), offer(id=2, positions=0), offer(id=3, remote=True)]))
    index = OfferIndex.build(tables[2], TODAY)
    assert by_id(rank(*tables, PARAMETERS, index=index), *tables) == by_id(rank(*tables, PARAMETERS), *tables)


def test_extreme_days_do_not_overflow():
    ends = [NO_DAY + 1, 2**31 - 1]
    offers = [
        offer(id=i, employer=i, **{"from": day}, published=day, expires=2**31 - 1)
        for i, day in enumerate(ends, start=1)
    ]
    ranking = run([person()], [wish()], offers)[0]
    assert ranking.parts[:, 4:].tolist() == [[60, 0], [0, 40]]


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
    assert ranking.score.tolist() == [960, 820, 732]
    assert ranking.parts.tolist() == [
        [300, 300, 100, 160, 60, 40],
        [270, 300, 20, 180, 50, 0],
        [300, 120, 60, 192, 30, 30],
    ]


def test_equal_wishes_are_told_apart_by_the_lowest_id_wherever_it_stands():
    for ids in ((3, 8), (8, 3)):
        ranking, _, wishes, _ = run([person()], [wish(id=i) for i in ids], [offer()])
        assert wishes.id[ranking.wish_index].tolist() == [3]
