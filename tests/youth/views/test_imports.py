"""Depositing a file, following it, reading why rows were refused."""

from datetime import UTC, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from cells.models import AuditEntry, ImportBatch, RefusedRow
from cells.services.readings import record_readings
from tests.cells.factories import ImportBatchFactory
from tests.support.html import streamed, text_of
from youth.imports.uploads import path_of

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.VAR_DIR = tmp_path


def test_a_file_is_stored_and_handed_to_a_worker(alice, cell, signed_in, published, django_capture_on_commit_callbacks):
    upload = SimpleUploadedFile("voeux.csv", "INE;Nom\n".encode("cp1252"))
    with django_capture_on_commit_callbacks(execute=True):
        response = signed_in(alice).post(reverse("youth:import-create"), {"file": upload, "preset": "parcoursup"})
    batch = ImportBatch.objects.get()
    assert response.url == reverse("youth:import-detail", args=[batch.uuid])
    assert (batch.cell, batch.file_name, batch.state, batch.started_by) == (cell, "voeux.csv", "waiting", alice)
    assert path_of(batch).read_bytes() == b"INE;Nom\n"
    assert batch.request == {"preset": "parcoursup", "school_year": None}
    assert published[0][:2] == ("youth.tasks.import_wish_file", [batch.pk])


@pytest.mark.parametrize(("content", "said"), [(None, "Choisissez un fichier"), (b"", "Le fichier est vide")])
def test_a_missing_or_empty_file_is_explained(alice, signed_in, content, said):
    files = {} if content is None else {"file": SimpleUploadedFile("vide.csv", content)}
    response = signed_in(alice).post(reverse("youth:import-create"), files)
    assert response.status_code == 422
    assert said in text_of(response)


def test_a_file_above_the_limit_is_refused(alice, signed_in, settings):
    settings.MAX_UPLOAD_SIZE = 3
    response = signed_in(alice).post(reverse("youth:import-create"), {"file": SimpleUploadedFile("gros.csv", b"1234")})
    assert "trop gros" in text_of(response)
    assert not ImportBatch.objects.exists()


@pytest.mark.parametrize("state", [ImportBatch.State.WAITING, ImportBatch.State.RUNNING])
def test_progress_is_asked_for_again_while_the_file_waits_or_is_read_and_no_longer(alice, cell, signed_in, state):
    batch = ImportBatchFactory(cell=cell, state=state, finished_at=None, rows_read=1200)
    done = ImportBatchFactory(cell=cell)
    client = signed_in(alice)
    running = client.get(reverse("youth:import-detail", args=[batch.uuid]), headers=HTMX)
    assert 'hx-trigger="every 2s"' in running.content.decode()
    assert "1 200 lignes lues" in text_of(running)
    assert "hx-trigger" not in client.get(reverse("youth:import-detail", args=[done.uuid])).content.decode()


def test_refused_rows_are_listed_and_downloaded_without_formulas(alice, cell, signed_in):
    batch = ImportBatchFactory(cell=cell, refused_count=1)
    RefusedRow.objects.create(batch=batch, line=7, column="Nom", value="=cmd()", reason="<b>illisible</b>")
    client = signed_in(alice)
    page = client.get(reverse("youth:import-detail", args=[batch.uuid])).content.decode()
    assert "&lt;b&gt;illisible" in page
    table = streamed(client.get(reverse("youth:import-refused-rows", args=[batch.uuid])))
    assert "7;Nom;'=cmd();<b>illisible</b>" in table


@pytest.mark.parametrize("name", ["import-detail", "import-refused-rows"])
def test_reading_refused_values_is_noted(alice, cell, signed_in, published, django_capture_on_commit_callbacks, name):
    batch = ImportBatchFactory(cell=cell, refused_count=1)
    RefusedRow.objects.create(batch=batch, line=7, column="Nom", value="Secret", reason="illisible")
    with django_capture_on_commit_callbacks(execute=True):
        signed_in(alice).get(reverse(f"youth:{name}", args=[batch.uuid]))
    ((_, args, facts),) = published
    record_readings(*args, **facts)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.user, entry.target_uuid) == ("import.refused_read", alice, batch.uuid)


def test_refused_rows_of_the_whole_cell_are_not_shown_to_a_counsellor_kept_to_departments(limited, cell, signed_in):
    batch = ImportBatchFactory(cell=cell, refused_count=1)
    RefusedRow.objects.create(batch=batch, line=7, column="Nom", value="Secret", reason="illisible")
    page = text_of(signed_in(limited).get(reverse("youth:import-detail", args=[batch.uuid])))
    assert "Secret" not in page
    assert "demandez-les au responsable" in page


def test_an_import_is_named_after_the_day_in_france():
    late = datetime(2026, 11, 21, 23, 30, tzinfo=UTC)
    assert str(ImportBatch(kind="affelnet", started_at=late)) == "Vœux Affelnet du 22/11/2026"


def test_an_interrupted_file_of_wishes_can_be_read_again(
    alice, cell, signed_in, published, django_capture_on_commit_callbacks
):
    batch = ImportBatchFactory(cell=cell, state=ImportBatch.State.INTERRUPTED)
    path_of(batch).write_text("INE")
    client = signed_in(alice)
    assert "Relire le fichier" in text_of(client.get(reverse("youth:import-detail", args=[batch.uuid])))
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("youth:import-retry", args=[batch.uuid]))
    batch.refresh_from_db()
    assert batch.state == ImportBatch.State.WAITING
    assert published


def test_an_interrupted_file_of_offers_is_read_again_by_a_manager_only(alice, manager, cell, signed_in):
    batch = ImportBatchFactory(cell=cell, kind=ImportBatch.Kind.OFFERS_CSV, state=ImportBatch.State.INTERRUPTED)
    path_of(batch).write_text("source")
    url = reverse("youth:import-detail", args=[batch.uuid])
    assert "Relire le fichier" not in text_of(signed_in(alice).get(url))
    assert "Relire le fichier" in text_of(signed_in(manager).get(url))


def test_a_finished_file_is_not_read_again(alice, cell, signed_in):
    batch = ImportBatchFactory(cell=cell)
    response = signed_in(alice).post(reverse("youth:import-retry", args=[batch.uuid]), follow=True)
    batch.refresh_from_db()
    assert batch.state == ImportBatch.State.DONE
    assert "fr-alert--error" in response.content.decode()


def test_the_imports_of_another_cell_do_not_exist(charlie, cell, signed_in):
    batch = ImportBatchFactory(cell=cell, file_name="secret.csv")
    client = signed_in(charlie)
    assert "secret.csv" not in text_of(client.get(reverse("youth:import-list")))
    assert client.get(reverse("youth:import-refused-rows", args=[batch.uuid])).status_code == 404
