"""What should not happen, and does: everybody at one address, one employer owning everything, poles, no place."""

import random

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from matching.engine import (
    NO_DAY,
    OfferIndex,
    Offers,
    Parameters,
    People,
    Ragged,
    Ranker,
    Seekers,
    Status,
    Wishes,
    encode_rome,
    rank,
)
from tests.matching.engine_oracle import CENTRES, TODAY, arrays, lists_of, offer, person, ranked_lists, wish

PARAMETERS = Parameters(today=TODAY)
quick = settings(deadline=None, suppress_health_check=list(HealthCheck))


def run(people, wishes, offers, parameters=PARAMETERS):
    tables = arrays((people, wishes, offers))
    return rank(*tables, parameters), *tables


def ids_shown(people, wishes, offers):
    ranking, _, _, table = run(people, wishes, offers)
    return table.id[ranking.top().offer_index].tolist()


# --- crowds ----------------------------------------------------------------------------------------------


def test_ties_fall_to_the_nearest_then_the_lowest_id():
    offers = [offer(id=i, employer=i, place=(48.85, 2.351 + (i % 2) / 1000)) for i in (5, 2, 9, 4)]
    ranking, _, _, table = run([person()], [wish()], offers)
    assert len(set((ranking.score - ranking.parts[:, -1]).tolist())) == 1
    assert table.id[ranking.offer_index].tolist() == [2, 4, 5, 9]


def test_one_employer_owning_everything_is_met_twice():
    assert ids_shown([person()], [wish()], [offer(id=i) for i in range(1, 200)]) == [1, 2]


def test_thousands_of_offers_at_one_address_keep_the_lowest_ids():
    offers = [offer(id=i, employer=i) for i in range(1, 3001)]
    random.Random(1).shuffle(offers)
    assert ids_shown([person(radius=0)], [wish()], offers) == list(range(1, 11))


def test_ten_thousand_people_and_offers_at_one_address_are_ranked():
    """A hundred million pairs: no table of them fits in memory. A tenth of the people are asked for, to be quick."""
    people, wishes, offers = one_address(10_000)
    ranker = Ranker(Seekers.sort(people, wishes, PARAMETERS), OfferIndex.build(offers, PARAMETERS), PARAMETERS)
    lists = ranker.lists(10, 2, people=np.arange(0, 10_000, 10))
    assert (lists.offer.reshape(1_000, 10) == np.arange(10)).all()


def one_address(count):
    ids, nothing, rome = np.arange(count), np.full(count, NO_DAY), np.full(count, encode_rome("F1601"))
    each = Ragged(np.arange(count + 1), rome)
    lat, lon = np.full(count, 48.85), np.full(count, 2.35)
    yes, ones = np.ones(count, bool), np.ones(count)
    people = People(
        id=ids, lat=lat, lon=lon, radius_km=ones, is_minor=yes, available_from=nothing,
        excluded_employers=Ragged(np.zeros(count + 1), []),
    )  # fmt: skip
    wishes = Wishes(
        id=ids, person_index=ids, rank=ones, level=ones, site_lat=lat * np.nan, site_lon=lon * np.nan, rome=each
    )
    offers = Offers(
        id=ids, lat=lat, lon=lon, employer=ids, rome=each, levels=ones, start_from=nothing, start_to=nothing,
        positions=ones, remote=~yes, minors_allowed=yes, published=nothing, expires=nothing,
    )  # fmt: skip
    return people, wishes, offers


def test_fifty_wishes_meet_an_offer_once_by_the_best_of_them():
    hopes = [wish(id=i, rank=51 - i, site=(48.85, 2.35)) for i in range(1, 51)]
    ranking, _, wishes, _ = run([person()], hopes, [offer()])
    assert wishes.rank[ranking.wish_index].tolist() == [1]


def test_fifty_wishes_of_fifty_domains_each_show_their_best():
    codes = [f"{letter}{domain}01" for letter in "ABCDE" for domain in range(11, 21)]
    hopes = [wish(id=i, rank=i, rome=[code]) for i, code in enumerate(codes, start=1)]
    offers = [offer(id=i, employer=i, rome=[code]) for i, code in enumerate(codes, start=1)]
    assert ids_shown([person()], hopes, offers) == list(range(1, 11))


def test_equal_wishes_are_told_apart_by_the_lowest_id_wherever_it_stands():
    for ids in ((3, 8), (8, 3)):
        ranking, _, wishes, _ = run([person()], [wish(id=i) for i in ids], [offer()])
        assert wishes.id[ranking.wish_index].tolist() == [3]


# --- odd places ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("here", "there"),
    [((0.0, 179.99), (0.0, -179.99)), ((89.99, 0.0), (89.99, 180.0)), ((-90.0, 12.0), (-89.9, -100.0))],
)
def test_the_date_line_and_the_poles_are_places_like_others(here, there):
    for home, work in ((here, there), (there, here)):
        assert ids_shown([person(place=home)], [wish()], [offer(place=work)]) == [1]


edges = st.tuples(
    st.sampled_from([-90.0, -89.9, -45.0, 0.0, 60.0, 89.5, 90.0]), st.sampled_from([-180.0, -179.9, 0.0, 179.5, 180.0])
)
wide_radii = st.sampled_from([0, 1, 12, 60, 500, 5_000, 20_100])


@quick
@given(st.lists(edges, min_size=1, max_size=3), st.lists(edges, max_size=12), wide_radii)
def test_every_radius_reaches_what_it_should_at_the_edges_of_the_map(homes, works, radius):
    people = [person(id=i, place=place, radius=radius) for i, place in enumerate(homes)]
    wishes = [wish(id=row["id"], person=row["id"]) for row in people]
    offers = [offer(id=i, employer=i, place=place) for i, place in enumerate(works)]
    ranking, *tables = run(people, wishes, offers, Parameters(today=TODAY, k=12))
    found, expected = lists_of(ranking.top(), *tables), ranked_lists((people, wishes, offers), PARAMETERS)
    assert {who: found.get(who, []) for who in expected} == expected


def test_a_radius_as_large_as_the_earth_reaches_everything():
    places = [*CENTRES, (-48.85, -177.65)]
    offers = [offer(id=i, employer=i, place=place) for i, place in enumerate(places)]
    assert sorted(ids_shown([person(radius=20_100)], [wish()], offers)) == list(range(len(places)))


def test_a_radius_of_zero_reaches_the_same_place():
    offers = [offer(id=1), offer(id=2, place=(48.85, 2.3501), employer=2)]
    assert ids_shown([person(radius=0)], [wish()], offers) == [1]


def test_a_latitude_alone_is_no_place():
    people, wishes, offers = arrays(([person()], [wish()], [offer()]))
    people.lon[:] = np.nan
    assert rank(people, wishes, offers, PARAMETERS).status.tolist() == [Status.NO_PLACE]


def test_half_a_place_hides_an_offer_and_not_its_neighbours():
    people, wishes, offers = arrays(([person()], [wish()], [offer(id=1), offer(id=2)]))
    offers.lat[0] = np.nan
    assert rank(people, wishes, offers, PARAMETERS).offer_index.tolist() == [1]


def test_remote_offers_alone_are_ranked_without_any_place():
    offers = [offer(id=i, employer=i, place=None, remote=True) for i in (3, 1, 2)]
    ranking, _, _, table = run([person(place=None)], [wish()], offers)
    assert table.id[ranking.offer_index].tolist() == [1, 2, 3]
    assert ranking.distance_m.tolist() == [-1, -1, -1]
    assert ranking.status.tolist() == [Status.RANKED]


# --- nothing to rank -------------------------------------------------------------------------------------


@pytest.mark.parametrize("people", [0, 1])
@pytest.mark.parametrize("offers", [0, 1])
def test_empty_inputs_give_empty_answers(people, offers):
    ranking = run([person()] * people, [], [offer()] * offers)[0]
    assert len(ranking) == 0
    assert ranking.status.tolist() == [Status.NO_WISHES] * people


def test_offers_without_a_trade_or_a_position_are_met_by_nobody():
    assert ids_shown([person()], [wish()], [offer(rome=[]), offer(id=2, positions=0)]) == []


def test_everyone_excluding_every_employer_meets_nobody():
    assert ids_shown([person(excluded=[1, 2, 3])], [wish()], [offer(id=i, employer=i) for i in (1, 2, 3)]) == []


def test_excluding_an_employer_without_offers_refuses_nothing():
    assert ids_shown([person(excluded=[0, 7, 10**12])], [wish()], [offer()]) == [1]


def test_extreme_days_do_not_overflow():
    ends = [NO_DAY + 1, 2**31 - 1]
    offers = [
        offer(id=i, employer=i, **{"from": day}, published=day, expires=2**31 - 1)
        for i, day in enumerate(ends, start=1)
    ]
    ranking = run([person()], [wish()], offers)[0]
    assert ranking.parts[:, 4:6].tolist() == [[60, 0], [0, 40]]


def test_extreme_ids_are_ids_like_others():
    offers = [offer(id=i, employer=-i) for i in (2**62, -(2**62), 0)]
    assert ids_shown([person(id=-(2**62))], [wish(id=2**62, person=-(2**62))], offers) == [-(2**62), 0, 2**62]
