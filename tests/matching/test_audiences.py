"""Whom a campaign's filter keeps, and how it is read aloud."""

from datetime import date

import pytest
from django.utils import timezone

from matching.audiences import Audience, either, years_before
from tests.cells.factories import (
    CommuneFactory,
    DepartmentFactory,
    DiplomaLevelFactory,
    ImportBatchFactory,
    TrainingFactory,
)
from tests.employers.factories import ContractFactory
from tests.youth.factories import WishFactory, YoungPersonFactory
from youth.models import YoungPerson

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 22)


def wisher(cell, wish=None, **changes):
    return WishFactory(young_person=YoungPersonFactory(cell=cell, **changes), **(wish or {})).young_person


def kept(cell, **fields):
    return set(Audience(**fields).people(cell.pk, timezone.localdate()))


def test_only_those_who_seek_and_have_a_current_wish_of_the_cell(cell, other_cell):
    person = wisher(cell)
    wisher(other_cell)
    wisher(cell, situation=YoungPerson.Situation.NOT_SEEKING)
    wisher(cell, wish={"school_year": 2019})
    assert kept(cell) == {person}


def test_source_level_and_batch_speak_of_the_same_wish(cell):
    cap, bac = (TrainingFactory(level=DiplomaLevelFactory(level=level)) for level in (3, 4))
    batch = ImportBatchFactory(cell=cell)
    person = wisher(cell, wish={"source": "affelnet", "training": cap, "batch": batch})
    WishFactory(young_person=person, source="parcoursup", training=bac)
    assert kept(cell, sources=("affelnet",), levels=(3,), batch=str(batch.uuid)) == {person}
    assert kept(cell, sources=("affelnet",), levels=(4,)) == set()
    assert kept(cell, sources=("typed",)) == set()


def test_a_level_typed_on_the_wish_comes_before_that_of_its_training(cell):
    person = wisher(cell, wish={"level": DiplomaLevelFactory(level=5)})
    assert (kept(cell, levels=(5,)), kept(cell, levels=(3,))) == ({person}, set())


def test_department_referent_and_past_contracts_narrow(cell, alice):
    here = wisher(cell, in_rouen=True, referent=alice)
    elsewhere = CommuneFactory(insee_code="14118", name="Caen", department=DepartmentFactory(code="14"))
    there = wisher(cell, commune=elsewhere)
    ContractFactory(young_person=there, state="broken", broken_on=date(2026, 10, 1))
    assert kept(cell, departments=("76",)) == kept(cell, followed="with") == {here}
    assert kept(cell, never_in_contract=True) == {here}
    assert kept(cell, followed="without") == {there}


@pytest.mark.parametrize(
    ("born", "age_from", "age_to", "is_kept"),
    [
        (date(2010, 11, 22), 16, 17, True),
        (date(2010, 11, 23), 16, None, False),
        (date(2008, 11, 22), None, 17, False),
        (date(2008, 11, 23), None, 17, True),
        (None, 14, None, False),
        (None, None, None, True),
    ],
)
def test_ages_are_whole_years_on_the_day(cell, born, age_from, age_to, is_kept):
    wisher(cell, birth_date=born, wish={"school_year": 2026})
    people = Audience(age_from=age_from, age_to=age_to).people(cell.pk, TODAY)
    assert people.exists() == is_kept


def test_the_filter_is_stored_and_read_back(cell):
    audience = Audience(sources=("affelnet",), levels=(3, 4), age_to=17, not_contacted_days=0)
    assert Audience.from_json(audience.to_json()) == audience
    assert Audience.from_json({"not_contacted_days": 3, "forgotten": 1}) == Audience(not_contacted_days=3)


def test_it_reads_as_a_sentence(cell):
    DiplomaLevelFactory(level=3)
    DiplomaLevelFactory(level=4)
    DepartmentFactory(code="76")
    said = Audience(sources=("affelnet",), levels=(3, 4), departments=("76",), age_from=15, age_to=17).sentence()
    assert said == (
        "Les jeunes en recherche qui ont un vœu Affelnet en cours de niveau CAP ou Bac, habitant Seine-Maritime (76), "
        "âgés de 15 à 17 ans, non contactés par une campagne depuis 14 jours."
    )
    assert Audience(not_contacted_days=0).sentence() == "Les jeunes en recherche qui ont un vœu en cours."


def test_a_batch_that_was_erased_is_still_worded():
    batch = "00000000-0000-0000-0000-000000000000"
    assert "« effacé »" in Audience(batch=batch).sentence()


def test_lists_of_words():
    assert [either(words) for words in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a ou b", "a, b ou c"]


def test_a_29_february_has_a_day_every_year():
    assert years_before(date(2024, 2, 29), 1) == date(2023, 3, 1)
