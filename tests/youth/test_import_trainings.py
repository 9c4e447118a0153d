import pytest

from cells.models import TrainingAlias
from cells.services.places import PlaceIndex
from tests.cells.factories import CommuneFactory, CommunePostcodeFactory, TrainingCentreFactory, TrainingFactory
from youth.imports.trainings import TrainingIndex, alias_keys

CLE_ME = "058562P01311913320630002019130150600017-13077#L01"


@pytest.fixture
def resolve(db):
    def read(label="Intitulé inconnu", **keys):
        return TrainingIndex.load(PlaceIndex.load()).resolve(keys, label)

    return read


@pytest.fixture
def anywhere(db):
    return TrainingFactory(
        label="CAP Cuisine", mef="2472212431", cfd="50022139", rncp="RNCP38430", centre=None, cle_ministere_educatif=""
    )


@pytest.mark.parametrize(
    "keys",
    [{"mef": "2472212431"}, {"cfd": "50022139"}, {"rncp": "RNCP38430"}, {"label": "cap  CUISINE"}],
    ids=lambda keys: next(iter(keys)),
)
def test_a_training_is_found_by_any_of_its_keys(resolve, anywhere, keys):
    assert resolve(**keys).training_id == anywhere.pk


def test_the_most_precise_key_wins(resolve, anywhere):
    other = TrainingFactory(label="Autre", mef="9999999999", cle_ministere_educatif=CLE_ME)
    assert resolve(cle_me=CLE_ME, mef="2472212431").training_id == other.pk
    assert resolve(mef="2472212431", label="Autre").training_id == anywhere.pk


def test_the_host_establishment_chooses_among_trainings_of_one_diploma(resolve, anywhere):
    centre = TrainingCentreFactory(uai="0761234B", latitude=49.4, longitude=1.1)
    there = TrainingFactory(label="CAP Cuisine", mef="2472212431", centre=centre)
    found = resolve(mef="2472212431", uai="0761234B")
    assert (found.training_id, found.site) == (there.pk, (49.4, 1.1))
    assert resolve(mef="2472212431", uai="0999999Z").training_id == anywhere.pk


def test_an_ambiguous_label_is_left_to_a_human(resolve):
    TrainingFactory(label="CAP Couture", centre=None)
    TrainingFactory(label="CAP Couture", centre=None)
    assert resolve(label="CAP Couture").training_id is None


def test_nothing_is_guessed_from_a_label_that_only_looks_alike(resolve, anywhere):
    assert resolve(label="CAP Cuisine en un an").training_id is None


def test_a_human_answer_is_used_before_the_label(resolve, anywhere):
    other = TrainingFactory(label="CAP Restaurant", centre=None)
    TrainingAlias.objects.create(key="label:cap cuisine", training=other)
    assert resolve(label="CAP Cuisine").training_id == other.pk


def test_the_site_is_the_centre_else_the_commune_written_in_the_key(resolve):
    assert resolve(cle_me=CLE_ME).site is None
    CommunePostcodeFactory(
        commune=CommuneFactory(insee_code="13077", name="Port-de-Bouc", latitude=43.4, longitude=4.98),
        postcode="13110",
    )
    assert resolve(cle_me=CLE_ME).site == (43.4, 4.98)
    TrainingCentreFactory(uai="0131234C", latitude=43.5, longitude=5.0)
    assert resolve(cle_me=CLE_ME, trainer_uai="0131234C").site == (43.5, 5.0)


def test_alias_keys_go_from_precise_to_vague():
    assert alias_keys({"rncp": "RNCP38430", "mef": "2472212431"}, "CAP Œuvres d’art") == [
        "mef:2472212431",
        "rncp:RNCP38430",
        "label:cap oeuvres d art",
    ]
