"""The verifier against the engine on random worlds, and its proof of coverage against a maximum flow."""

import random
from datetime import date, timedelta

import numpy as np
import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_flow

from matching.certificate.coverage import loose_offers, reachable
from matching.certificate.graph import half_width, metres, rounded
from tests.cells.factories import DiplomaLevelFactory, OccupationFactory, TrainingCentreFactory, TrainingFactory
from tests.employers.factories import ContractFactory, EmployerFactory, OfferFactory
from tests.matching.computed import run_for
from tests.youth.factories import WishFactory, YoungPersonFactory

CODES = ["G1602", "G1602", "G1603", "F1703", "M1805"]


# --- the engine ----------------------------------------------------------------------------------------------


def place(rng):
    if rng.random() < 0.1:
        return {"latitude": None, "longitude": None}
    return {"latitude": 49.4 + rng.choice([0, 0, 0.1, 0.29, 0.5]), "longitude": 1.1 + rng.choice([0, 0.2, 0.43])}


def level(rng):
    number = rng.choice([None, 3, 3, 4, 5, 7])
    return number and DiplomaLevelFactory(level=number)


def somebody(rng, cell):
    year = timezone.localdate().year
    born = rng.choice([None, date(year - 16, 1, 1), date(year - 30, 1, 1)])
    person = YoungPersonFactory(cell=cell, birth_date=born, radius_km=rng.choice([5, 30, 60]), **place(rng))
    for rank in range(1, rng.randint(0, 4) + 1):
        wish(rng, person, rank)
    return person


def wish(rng, person, rank):
    source = rng.choice(["affelnet", "parcoursup", "typed"])
    site = {f"site_{name}": value for name, value in place(rng).items()} if rng.random() < 0.3 else {}
    codes = rng.sample(CODES, 2)
    centre = rng.choice([None, TrainingCentreFactory(**place(rng))])
    training = rng.choice([None, TrainingFactory(centre=centre, occupations=codes, level=level(rng))])
    typed = rng.choice([None, OccupationFactory(code=rng.choice(CODES))])
    WishFactory(
        young_person=person, rank=rank, source=source, training=training, occupation=typed, level=level(rng), **site,
    )  # fmt: skip


def opening(rng, employers):
    today = timezone.localdate()
    return OfferFactory(
        employer=rng.choice(employers), occupations=rng.sample(CODES, rng.randint(1, 2)), target_level=level(rng),
        starts_on=rng.choice([None, today, today + timedelta(days=40), today - timedelta(days=120)]),
        remote=rng.choice(["", "", "hybrid", "remote"]), accepts_minors=rng.random() < 0.8,
        published_at=timezone.now() - timedelta(days=rng.choice([0, 10, 200])), positions=rng.choice([0, 1, 1, 2]),
        **place(rng),
    )  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(12))
def test_the_verifier_agrees_with_the_engine(cell, published, seed):
    rng = random.Random(seed)
    employers = EmployerFactory.create_batch(4)
    offers = [opening(rng, employers) for _ in range(25)]
    people = [somebody(rng, cell) for _ in range(20)]
    ContractFactory(
        young_person=people[0], employer=employers[0], offer=offers[0], state="broken", broken_on=timezone.localdate()
    )
    run = run_for(cell, k=rng.randint(1, 4), exposure_factor=rng.choice([0.5, 1, 2]), per_employer=rng.randint(1, 2))
    assert run.state == "done", run.message
    assert run.certificate.facts["pairs"] > 0


# --- coverage ------------------------------------------------------------------------------------------------


def most_served(suits, budget):
    """By a maximum flow: source → people → offers → sink."""
    people, offers = suits.shape
    graph = np.zeros((people + offers + 2, people + offers + 2), dtype=np.int32)
    graph[0, 1 : people + 1] = 1
    graph[1 : people + 1, people + 1 : -1] = suits
    graph[people + 1 : -1, -1] = budget
    return maximum_flow(csr_array(graph), 0, people + offers + 1).flow_value


def share_out(rng, suits, budget):
    """Any allocation within the budgets, good or bad: (person, offer) pairs."""
    left, pairs = budget.copy(), []
    for person, offer in rng.permutation(np.argwhere(suits)):
        if left[offer] and rng.random() < 0.6:
            left[offer] -= 1
            pairs.append((person, offer))
    return np.array(pairs, dtype=np.int64).reshape(-1, 2).T


@given(st.integers(0, 2**32))
def test_a_way_out_is_found_exactly_when_more_people_could_be_served(seed):
    rng = np.random.default_rng(seed)
    suits = rng.random((rng.integers(1, 9), rng.integers(1, 7))) < 0.35
    budget = rng.integers(0, 3, suits.shape[1])
    person, offer = share_out(rng, suits, budget)
    uncovered = np.setdiff1d(np.flatnonzero(suits.any(axis=1)), person)
    loose = loose_offers(person, offer, budget)
    met = reachable(uncovered, person, offer, loose, lambda ids: suits[ids].any(axis=0))
    assert (met & loose).any() == (len(np.unique(person)) < most_served(suits, budget))


# --- distances -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("length", "up", "whole"), [(9.4, False, 9), (9.6, False, 10), (9.5, False, 9), (9.5, True, 10)]
)
def test_only_a_half_metre_may_round_either_way(length, up, whole):
    assert rounded(length, up) == (whole, length == 9.5)


def test_a_quarter_of_the_way_round_the_earth():
    assert round(metres(np.pi / 2, 0.0, 0.0)) == round(6_371_008.8 * np.pi / 2)


def test_a_circle_that_holds_a_pole_is_as_wide_as_can_be():
    assert half_width(np.radians(89.9), 0.01) > np.pi
