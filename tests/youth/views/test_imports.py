"""Depositing a file, following it, reading why rows were refused."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from cells.models import ImportBatch, RefusedRow
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
    assert (batch.cell, batch.file_name, batch.state, batch.started_by) == (cell, "voeux.csv", "running", alice)
    assert path_of(batch).read_bytes() == b"INE;Nom\n"
    assert published[0][:2] == ("youth.tasks.import_wish_file", [batch.pk, "parcoursup", None])


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


def test_progress_is_asked_for_again_while_the_file_is_read_and_no_longer(alice, cell, signed_in):
    batch = ImportBatchFactory(cell=cell, state=ImportBatch.State.RUNNING, finished_at=None, rows_read=1200)
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
    assert batch.state == ImportBatch.State.RUNNING
    assert published


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
