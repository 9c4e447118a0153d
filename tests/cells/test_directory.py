"""Searches in reference data."""

import pytest

from cells.directory import resolve_occupation, search_trainings, training_centre_by_uai
from tests.cells.factories import OccupationFactory, TrainingCentreFactory, TrainingFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def kitchen():
    OccupationFactory(code="G1602", label="Personnel de cuisine")
    OccupationFactory(code="G1601", label="Management du personnel de cuisine")
    OccupationFactory(code="G1604", label="Fabrication de crêpes", is_obsolete=True)


@pytest.mark.parametrize("typed", ["G1602", "g1602", "Personnel de cuisine (G1602)", "personnel de cuisine"])
def test_a_code_or_an_exact_label_is_one_occupation(kitchen, typed):
    assert [one.code for one in resolve_occupation(typed)] == ["G1602"]


def test_a_word_offers_every_occupation_that_has_it(kitchen):
    assert {one.code for one in resolve_occupation("cuisine")} == {"G1601", "G1602"}


def test_obsolete_occupations_are_not_offered(kitchen):
    assert resolve_occupation("crêpes") == resolve_occupation("G1604") == []


def test_trainings_that_lead_somewhere_come_first():
    nowhere = TrainingFactory(label="CAP Cuisine ancien")
    nowhere.occupations.clear()
    somewhere = TrainingFactory(label="CAP Cuisine")
    assert [one.pk for one in search_trainings("cap cuisine")] == [somewhere.pk, nowhere.pk]


def test_a_training_is_found_by_its_codes():
    training = TrainingFactory(rncp="RNCP38430", search_label="x")
    assert list(search_trainings("rncp38430")) == [training]


def test_a_training_centre_is_found_by_its_uai():
    centre = TrainingCentreFactory(uai="0760123A")
    assert training_centre_by_uai(" 0760123a ") == centre
    assert training_centre_by_uai("") is None
