import pytest

from cells.communes import find_place, label_of
from tests.cells.factories import CommuneFactory, CommunePostcodeFactory, DepartmentFactory

pytestmark = pytest.mark.django_db


def commune(insee, name, *postcodes, population=1000, **place):
    search_name = name.lower().replace("-", " ").replace("é", "e")
    row = CommuneFactory(insee_code=insee, name=name, search_name=search_name, population=population, **place)
    for postcode in postcodes:
        CommunePostcodeFactory(commune=row, postcode=postcode)
    return row


@pytest.fixture
def rouen():
    return commune("76540", "Rouen", "76000", "76100", population=110_000)


@pytest.fixture
def saint_denis():
    DepartmentFactory(code="93")
    return [
        commune("93066", "Saint-Denis", "93200", "93210", population=150_000),
        commune("97411", "Saint-Denis", "97400", population=153_000),
    ]


@pytest.mark.parametrize("words", ["Rouen", "rouen", " ROUEN ", "76000", "76100", "Rouen (76100)", "rou"])
def test_a_place_without_doubt_is_found(rouen, words):
    assert find_place(words).commune == rouen


def test_a_doubt_is_a_choice_the_biggest_first(saint_denis):
    found = find_place("saint-denis")
    assert found.commune is None
    assert [label for label, _ in found.choices] == ["Saint-Denis (97400)", "Saint-Denis (93200)"]


@pytest.mark.parametrize("words", ["st denis", "St-Denis"])
def test_a_short_form_is_understood(saint_denis, words):
    assert len(find_place(words).choices) == 2


def test_the_label_of_a_choice_leaves_no_doubt(saint_denis):
    for row in saint_denis:
        assert find_place(label_of(row)).commune == row


def test_an_exact_name_wins_over_a_longer_one(rouen):
    commune("76541", "Rouen-sur-Mer", "76999")
    assert find_place("rouen").commune == rouen


def test_one_postcode_of_several_communes_is_a_choice(rouen):
    commune("76451", "Mont-Saint-Aignan", "76130")
    commune("76452", "Mont-Cauvaire", "76130")
    assert {label for label, _ in find_place("76130").choices} == {
        "Mont-Saint-Aignan (76130)",
        "Mont-Cauvaire (76130)",
    }


@pytest.mark.parametrize("words", ["Xyzzy", "00000", "-", "()", "(76000)", "%", "Rouen (75001)"])
def test_nothing_is_found_and_nothing_breaks(rouen, words):
    found = find_place(words)
    assert (found.commune, found.choices) == (None, [])


def test_a_commune_without_a_point_is_not_proposed(db):
    commune("98735", "Papeete", "98714", latitude=None, longitude=None)
    assert find_place("papeete").choices == []
