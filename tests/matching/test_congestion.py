"""Each figure of a run's report, on plans small enough to count by hand."""

import json
from datetime import date
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching.groups import read_groups
from matching.services.congestion import Pairs, gini, lorenz, measure_congestion
from tests.cells.factories import CommuneFactory
from tests.youth.factories import YoungPersonFactory

PEOPLE, OFFERS = 10, 4


def pairs(*rows):
    """(person, offer, score) rows."""
    columns = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    return Pairs(*columns)


def measure(allocated, top, **facts):
    asked = {
        "people_ids": np.arange(PEOPLE) + 100,
        "offer_ids": np.arange(OFFERS) + 7,
        "budget": np.full(OFFERS, 3),
        "positions": np.ones(OFFERS, dtype=np.int64),
        "groups": {},
    }
    return measure_congestion(allocated=allocated, top=top, **asked | facts)


SHARED = pairs(*((person, person % 3, 80) for person in range(8)))
CROWDED = pairs(*((person, 0, 100) for person in range(8)))


def test_the_overall_figures_stand_beside_those_of_everyone_s_own_best():
    overall = measure(SHARED, CROWDED)["overall"]
    plan, top = overall["allocated"], overall["top"]
    assert (plan["covered"], plan["coverage"], top["coverage"]) == (8, 0.8, 0.8)
    assert (plan["busiest"], plan["busiest_offer"]) == (3, 7)
    assert (top["busiest"], top["never"], top["never_share"]) == (8, 3, 0.75)
    assert plan["never"] == 1
    assert plan["gini"] < top["gini"] == 0.75
    assert overall["cost"] == 0.2


def test_offers_at_their_budget_are_counted():
    assert measure(SHARED, CROWDED)["saturated"] == 2


def test_a_group_is_measured_on_its_own_people_and_offers():
    labels = np.array(["76"] * 5 + ["27"] * 5)
    lines = measure(SHARED, CROWDED, groups={"department": labels})["groups"]["department"]
    assert [(line["label"], line["people"]) for line in lines] == [("27", 5), ("76", 5)]
    eure, maritime = lines
    assert (eure["allocated"]["covered"], maritime["allocated"]["covered"]) == (3, 5)
    assert eure["top"]["never"] == 2
    assert eure["top"]["busiest"] == 3


def test_a_group_of_fewer_than_five_people_is_not_told():
    labels = np.array(["76"] * 6 + ["27"] * 4)
    lines = measure(SHARED, CROWDED, groups={"department": labels})["groups"]["department"]
    assert [line["label"] for line in lines] == ["76"]


def test_people_whose_group_is_unknown_are_in_none():
    assert measure(SHARED, CROWDED, groups={"age": np.full(PEOPLE, "")})["groups"] == {"age": []}


@pytest.mark.parametrize("offers", [0, OFFERS])
def test_nothing_proposed_is_no_division_by_nothing(offers):
    empty = pairs()
    report = measure(empty, empty, offer_ids=np.arange(offers), budget=np.ones(offers), positions=np.ones(offers))
    assert report["overall"]["allocated"]["gini"] == 0
    assert report["overall"]["allocated"]["busiest_offer"] is None
    assert report["overall"]["cost"] == 0


def test_the_report_is_json():
    report = measure(SHARED, CROWDED, groups={"department": np.array(["76"] * PEOPLE)})
    assert json.loads(json.dumps(report)) == report


EXPOSURES = st.lists(st.integers(0, 50), min_size=1, max_size=30).map(np.array)


@given(EXPOSURES)
def test_gini_is_the_mean_difference_between_two_offers(exposure):
    """The other definition: half the mean absolute difference, over the mean."""
    mean = exposure.mean()
    differences = np.abs(exposure[:, None] - exposure[None, :]).mean()
    assert gini(exposure) == pytest.approx(differences / (2 * mean) if mean else 0, abs=1e-5)


@given(EXPOSURES)
def test_a_lorenz_curve_rises_below_the_diagonal(exposure):
    points = lorenz(exposure)
    assert points[0] == 0
    assert points[-1] == (1 if exposure.any() else 0)
    assert all(after >= before for before, after in pairwise(points))
    assert all(share <= step / 20 + 1e-6 for step, share in enumerate(points))


@pytest.mark.django_db
def test_groups_come_from_what_the_files_know(cell):
    today = date(2026, 11, 22)
    village = CommuneFactory(insee_code="76001", name="Allouville", population=1_100)
    known = YoungPersonFactory(cell=cell, birth_date="2008-11-23", commune=village)
    adult = YoungPersonFactory(cell=cell, birth_date="2008-11-22", in_rouen=True)
    unknown = YoungPersonFactory(cell=cell)
    ids = np.array(sorted([known.pk, adult.pk, unknown.pk]))
    labels = read_groups(ids, today)
    told = {
        person: tuple(str(labels[axis][place]) for axis in ("department", "age", "town"))
        for place, person in enumerate(ids.tolist())
    }
    assert told == {known.pk: ("76", "minor", "village"), adult.pk: ("76", "adult", "city"), unknown.pk: ("", "", "")}
