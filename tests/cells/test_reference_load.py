"""load_reference: what is shipped ends up in the database, once."""

import datetime as dt
import shutil
from io import StringIO

import pytest
from django.core.management import call_command

from cells.models import (
    Academy,
    Activity,
    Commune,
    CommunePostcode,
    Department,
    DiplomaLevel,
    Occupation,
    ReferenceDataset,
    Region,
    Training,
)
from cells.services.reference.datasets import Provenance, record_dataset, stale_datasets
from cells.services.reference.shipped import FOLDER, load_shipped
from cells.services.reference.territory import load_territory

pytestmark = pytest.mark.django_db

REGIONS = "code;name\n28;Normandie\n"
ACADEMIES = "code;name;region\n70;Normandie;28\n"
DEPARTMENTS = "code;name;region;academy;time_zone\n76;Seine-Maritime;28;70;Europe/Paris\n"
COMMUNES = (
    "insee;name;department;population;latitude;longitude;postcodes\n"
    "76540;Rouen;76;116331;49.4415;1.0935;76000 76100\n"
    "76351;Le Havre;76;166058;49.4944;0.1079;76600\n"
)


@pytest.fixture
def folder(tmp_path):
    """The shipped folder, with a territory of two communes."""
    for path in FOLDER.iterdir():
        shutil.copy(path, tmp_path)
    write_territory(tmp_path)
    return tmp_path


def write_territory(folder, communes=COMMUNES):
    texts = {"regions": REGIONS, "academies": ACADEMIES, "departments": DEPARTMENTS, "communes": communes}
    for name, text in texts.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")


def counts():
    models = [Region, Academy, Department, Commune, CommunePostcode, Occupation, DiplomaLevel, Activity, Training]
    return {model.__name__: model.objects.count() for model in models}


def test_everything_shipped_is_loaded_once_and_told_in_french():
    first, second = StringIO(), StringIO()

    call_command("load_reference", stdout=first, stderr=first)
    loaded = counts()
    call_command("load_reference", stdout=second, stderr=second)

    assert loaded["Region"] == 18
    assert loaded["Academy"] == 30
    assert loaded["Department"] == 109
    assert loaded["Commune"] == 35_014
    assert loaded["CommunePostcode"] > 35_500
    assert (loaded["Occupation"], loaded["DiplomaLevel"], loaded["Activity"]) == (1584, 6, 732)
    assert loaded["Training"] >= 150
    assert not Training.objects.filter(occupations=None).exists()
    assert counts() == loaded
    assert "Territoire (COG) COG 2026 : 35171 créés" in first.getvalue()
    assert "écarté" not in first.getvalue()
    assert second.getvalue().count("déjà chargé") == 5
    assert set(ReferenceDataset.objects.values_list("kind", flat=True)) == set(ReferenceDataset.Kind.values)


def test_a_new_vintage_updates_communes_and_keeps_the_one_that_vanished_without_its_postcodes(folder):
    load_territory(folder)
    write_territory(
        folder,
        COMMUNES.replace("Rouen;76;116331", "Rouen-sur-Seine;76;120000").replace("76600", "76620").splitlines()[0]
        + "\n76540;Rouen-sur-Seine;76;120000;49.4415;1.0935;76000\n",
    )

    outcome = load_territory(folder)

    assert (outcome.created, outcome.updated) == (0, 1)
    rouen = Commune.objects.get(pk="76540")
    assert (rouen.name, rouen.search_name, rouen.population) == ("Rouen-sur-Seine", "rouen sur seine", 120_000)
    assert Commune.objects.filter(pk="76351").exists()
    assert list(CommunePostcode.objects.values_list("commune_id", "postcode")) == [("76540", "76000")]


def test_the_same_territory_twice_changes_nothing(folder):
    load_territory(folder)
    outcome = load_territory(folder)
    assert (outcome.created, outcome.updated, outcome.unchanged) == (0, 0, 5)


def test_a_later_version_imported_by_an_operator_is_never_overwritten(folder):
    list(load_shipped(folder))
    Occupation.objects.filter(pk="D1102").update(label="Boulanger d’une version suivante")
    (folder / "rome.csv").write_text("code;label;parent\nD1102;Ancien libellé;\n", encoding="utf-8")

    reasons = {loaded.provenance.kind: loaded.reason for loaded in load_shipped(folder)}

    assert "est en place" in reasons["rome"]
    assert Occupation.objects.get(pk="D1102").label == "Boulanger d’une version suivante"
    assert not Occupation.objects.filter(is_obsolete=True).exists()


def test_a_shipped_file_that_changed_is_loaded_again(folder):
    list(load_shipped(folder))
    write_territory(folder, COMMUNES.replace("166058", "170000"))

    outcomes = {loaded.provenance.kind: loaded.outcome for loaded in load_shipped(folder)}

    assert outcomes["territory"].updated == 1
    assert outcomes["rome"] is None
    assert ReferenceDataset.objects.filter(kind="territory").count() == 2


def provenance(kind="rome", released_on=dt.date(2026, 1, 15)):
    return Provenance(kind, "4.60", "France Travail", "Licence Ouverte 2.0", released_on)


def test_a_version_of_over_a_year_ago_is_said_to_be_old():
    record_dataset(provenance(), sha256="a" * 64, rows=1)
    assert stale_datasets(dt.date(2026, 12, 1)) == []
    (warning,) = stale_datasets(dt.date(2027, 1, 16))[:1]
    assert "Métiers (ROME) 4.60 date du 15/01/2026" in warning


def test_only_the_version_loaded_last_counts():
    record_dataset(provenance(released_on=dt.date(2024, 1, 1)), sha256="a" * 64, rows=1)
    record_dataset(provenance(), sha256="b" * 64, rows=1)
    assert stale_datasets(dt.date(2026, 12, 1)) == []


def test_the_naf_that_the_law_replaces_is_asked_for_from_that_day():
    assert stale_datasets(dt.date(2026, 12, 31)) == []
    assert "NAF 2025" in stale_datasets(dt.date(2027, 1, 1))[0]
    record_dataset(Provenance("naf", "2025", "Insee", "Licence Ouverte 2.0"), sha256="c" * 64, rows=1)
    assert stale_datasets(dt.date(2027, 1, 1)) == []
