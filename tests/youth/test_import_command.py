from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from cells.models import AuditEntry, ImportBatch, RefusedRow
from tests.youth.wish_files import CANDIDATE, NEW_HEADER, affelnet_row, candidate_row, write_csv
from youth.models import Wish, YoungPerson


@pytest.fixture
def run(cell, tmp_path):
    """`run(header, rows, *options)`: what the command said."""

    def execute(header, rows, *options, named="28"):
        path = write_csv(tmp_path / "voeux.csv", header, rows)
        out = StringIO()
        call_command("import_wishes", str(path), "--cell", named, *options, stdout=out)
        return out.getvalue()

    return execute


def test_the_command_reports_progress_counts_and_first_refused_rows(run):
    said = run(NEW_HEADER, [affelnet_row(), affelnet_row(rank="0", offer="1A222222")])
    assert "2 lignes lues, 1 refusées" in said
    assert "1 vœux créés" in said
    assert "ligne 3, Rang du vœu « 0 » : un rang de 1 à 999 est attendu" in said
    assert str(ImportBatch.objects.get().uuid) in said


def test_beyond_ten_refused_rows_it_says_where_the_others_are(run):
    said = run(NEW_HEADER, [affelnet_row(rank="0", offer=f"1A{number:06d}") for number in range(13)])
    assert said.count("un rang de 1 à 999") == 10
    assert "et 3 autres remarques" in said


def test_a_dry_run_checks_and_counts_everything_and_keeps_nothing(run):
    said = run(NEW_HEADER, [affelnet_row(), affelnet_row(rank="0", offer="1A222222")], "--dry-run")
    assert "1 vœux créés" in said
    assert "ligne 3" in said
    assert "rien n’a été gardé" in said
    for model in (YoungPerson, Wish, ImportBatch, RefusedRow, AuditEntry):
        assert not model.objects.exists()


def test_a_refused_file_ends_in_error_with_its_reason_and_keeps_the_batch(run):
    with pytest.raises(CommandError, match=r"Colonnes obligatoires absentes de l’en-tête : .*« INE »"):
        run(["Nom de l'élève", "Prénom 1", "Code postal"], [["a", "b", "c"]])
    assert ImportBatch.objects.get().state == ImportBatch.State.REFUSED


def test_a_file_of_another_kind_is_refused(run):
    with pytest.raises(CommandError, match="ni celui d’un fichier de vœux Affelnet, ni celui de Parcoursup"):
        run(["Produit", "Prix"], [["pain", "1"]])


def test_a_layout_given_by_name_wins_over_the_header(run):
    with pytest.raises(CommandError, match="Colonnes obligatoires absentes"):
        run(list(CANDIDATE), [candidate_row()], "--preset", "affelnet")
    assert "1 vœux créés" in run(list(CANDIDATE), [candidate_row()], "--preset", "parcoursup")


def test_the_school_year_of_the_command_serves_where_the_file_says_none(run):
    run(NEW_HEADER, [affelnet_row(year="-"), affelnet_row(offer="1A222222")], "--school-year", "2029")
    assert set(Wish.objects.values_list("school_year", flat=True)) == {2029, 2026}


def test_the_cell_is_named_by_region_or_uuid_and_an_unknown_one_is_refused(run, cell):
    assert "1 vœux créés" in run(NEW_HEADER, [affelnet_row()], named=str(cell.uuid))
    with pytest.raises(CommandError, match=r"Cellule « 99 » inconnue. Cellules : 28"):
        run(NEW_HEADER, [affelnet_row()], named="99")


@pytest.mark.parametrize(
    ("today", "expected"), [("2026-03-01", 2026), ("2026-09-30", 2026), ("2026-10-01", 2027), ("2026-12-31", 2027)]
)
def test_without_any_year_the_wishes_are_for_the_september_to_come(run, time_machine, today, expected):
    time_machine.move_to(f"{today}T12:00:00+00:00")
    run(NEW_HEADER, [affelnet_row(year="-")])
    assert Wish.objects.get().school_year == expected
