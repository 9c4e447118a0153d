from datetime import date, datetime
from io import StringIO
from zoneinfo import ZoneInfo

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from cells.models import ImportBatch
from employers.imports.load import import_offers
from employers.imports.table import COLUMNS, HEADERS, tree_of
from employers.models import Offer
from tests.cells.factories import DiplomaLevelFactory, OccupationFactory
from tests.employers.factories import make_siret
from tests.employers.offer_files import WHOLE, numbered, write_export, write_text

HEADER = "source;identifiant;intitule;rome;employeur;siret;adresse;latitude;longitude;contrat;debut;url;mineurs;postes"
ROW = (
    f"CFA Exemple;1;Apprenti boulanger;D1102|G1602;Martin;{make_siret(42)};1 rue X 76000 Rouen;"
    "49,44;1,09;Apprentissage;01/09/2026;https://exemple.fr;non;2"
)


@pytest.fixture(autouse=True)
def nomenclatures(db):
    for code in ("D1102", "G1602"):
        OccupationFactory(code=code)
    DiplomaLevelFactory(level=3)


@pytest.fixture
def read(tmp_path, alice_viewer):
    def read(*lines, **options):
        return import_offers(write_text(tmp_path, "\n".join(lines), name="offres.csv", **options), by=alice_viewer)

    return read


def test_a_row_of_the_csv_becomes_an_offer(read):
    batch = read(HEADER, ROW)

    offer = Offer.objects.get()
    assert (batch.state, batch.kind, batch.created_count) == ("done", "offers_csv", 1)
    assert (offer.partner_label, offer.partner_job_id, offer.title) == ("CFA Exemple", "1", "Apprenti boulanger")
    assert sorted(occupation.code for occupation in offer.occupations.all()) == ["D1102", "G1602"]
    assert (offer.latitude, offer.longitude, offer.starts_on) == (49.44, 1.09, date(2026, 9, 1))
    assert (offer.contract_types, offer.accepts_minors, offer.positions) == (["Apprentissage"], False, 2)
    assert (offer.employer.siret, offer.employer.name) == (make_siret(42), "Martin")


def test_commas_accents_capitals_and_cp1252_are_read_alike(read):
    read(HEADER, ROW)
    header = HEADER.replace("intitule", "Intitulé").replace(";", ",").replace("source", "SOURCE")
    row = ROW.replace("49,44;1,09", "49.44;1.09").replace(";", ",")

    assert read(header, row, encoding="cp1252").unchanged_count == 1


def test_french_words_of_the_lists_are_understood():
    tree = tree_of(
        {"statut": "Pourvue", "teletravail": "Hybride", "delegue": "Oui", "niveau": "3", "debut": "01/09/2026"}
    )

    assert tree["offer"] == {"status": "Filled", "target_diploma": {"european": "3"}}
    assert (tree["contract"]["remote"], tree["is_delegated"]) == ("hybrid", True)


def test_dates_without_an_hour_are_days_in_paris(read):
    read(f"{HEADER};publication;expiration", f"{ROW};04/05/2026;2026-12-31")

    offer = Offer.objects.get()
    paris = ZoneInfo("Europe/Paris")
    assert offer.published_at == datetime(2026, 5, 4, tzinfo=paris)
    assert offer.expires_at == datetime(2026, 12, 31, tzinfo=paris)


@pytest.mark.parametrize(
    ("written", "instead", "column"),
    [
        (make_siret(42), "12345678901234", "siret"),
        ("49,44", "200", "latitude, longitude"),
        ("49,44", "nord", "latitude, longitude"),
        ("01/09/2026", "01/09/1026", "debut"),
        ("https://exemple.fr", "javascript:alert(1)", "url"),
        (";non;", ";peut-être;", "mineurs"),
        ("D1102|G1602", "Z9999", "rome"),
        ("Apprentissage;", "CDI;", "contrat"),
        ("Apprenti boulanger", "A", "intitule"),
    ],
)
def test_a_refusal_names_the_line_and_the_column(read, written, instead, column):
    batch = read(HEADER, ROW.replace(written, instead), ROW.replace(";1;", ";2;", 1))

    refused = batch.refused_rows.get()
    assert (batch.created_count, batch.refused_count) == (1, 1)
    assert (refused.line, refused.column) == (2, column)


def test_a_short_row_costs_only_itself_and_stops_the_cancelling(tmp_path, read, alice_viewer):
    read(HEADER, ROW, ROW.replace(";1;", ";2;", 1))
    path = write_text(tmp_path, "\n".join([HEADER, ROW, "a;b;c"]), name="offres.csv")

    batch = import_offers(path, by=alice_viewer, complete=True)

    assert (batch.unchanged_count, batch.closed_count, batch.refused_count, batch.rows_read) == (1, 0, 1, 2)
    assert batch.refused_rows.get().line == 3


def test_every_column_leads_to_a_path_of_the_national_tree():
    known = {"accepts_minors", "email"}  # ours: the national export has neither
    for path, _ in COLUMNS.values():
        tree, *_, leaf = WHOLE, *path.split(".")
        for key in path.split(".")[:-1]:
            tree = tree[key] or {}
        assert leaf in tree or leaf in known, path


def test_the_documented_columns_are_those_that_are_read(settings):
    text = (settings.BASE_DIR / "docs" / "offres.md").read_text(encoding="utf-8")

    assert [name for name in HEADERS if f"| `{name}`" not in text] == []


def run(*arguments) -> str:
    out = StringIO()
    call_command("import_offers", *map(str, arguments), stdout=out)
    return out.getvalue()


def test_the_command_says_what_happened_and_shows_the_refusals(tmp_path, cell):
    path = write_export(tmp_path, numbered(1), numbered(2, offer__title="A"))

    said = run(path, "--cell", cell.region_id)

    assert "2 offres lues : 1 créées, 0 modifiées, 0 inchangées, 0 annulées, 1 refusées." in said
    assert "ligne 2, offer.title : 3 caractères au moins" in said
    assert ImportBatch.objects.get().cell == cell


def test_a_dry_run_keeps_nothing(tmp_path):
    said = run(write_export(tmp_path, numbered(1)), "--dry-run")

    assert "1 créées" in said
    assert "rien n’a été gardé" in said
    assert not Offer.objects.exists()
    assert not ImportBatch.objects.exists()


def test_the_command_cancels_what_a_complete_file_lacks(tmp_path):
    run(write_export(tmp_path, numbered(1), numbered(2)))

    assert "1 annulées" in run(write_export(tmp_path, numbered(1)), "--complete")


def test_the_command_fails_on_a_refused_file(tmp_path):
    with pytest.raises(CommandError, match="vide"):
        run(write_text(tmp_path, ""))


def test_the_command_fails_on_an_unknown_cell(tmp_path):
    with pytest.raises(CommandError, match="Aucune cellule"):
        run(write_export(tmp_path, numbered(1)), "--cell", "99")
