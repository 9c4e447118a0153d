"""Offer files that came through the web."""

import pytest
from django.utils import timezone

from cells.errors import RefusedError
from cells.models import ImportBatch
from employers.services.uploads import start_offer_import
from employers.tasks import import_offer_file
from tests.cells.factories import ImportBatchFactory, OccupationFactory
from youth.imports.uploads import path_of
from youth.services.uploads import retry_import

pytestmark = pytest.mark.django_db
State = ImportBatch.State


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.VAR_DIR = tmp_path


@pytest.fixture
def waiting(cell):
    OccupationFactory()
    batch = ImportBatchFactory(cell=cell, kind=ImportBatch.Kind.OFFERS_CSV, state=State.WAITING, finished_at=None)
    path_of(batch).write_text("[]")
    return batch


def test_the_worker_reads_the_file_then_erases_it(waiting):
    import_offer_file(waiting.pk)
    waiting.refresh_from_db()
    assert waiting.kind == ImportBatch.Kind.OFFERS_JSON
    assert waiting.state in (State.DONE, State.REFUSED)
    assert not path_of(waiting).exists()


def test_a_task_delivered_twice_does_nothing_more(waiting):
    import_offer_file(waiting.pk)
    waiting.refresh_from_db()
    finished_at = waiting.finished_at
    import_offer_file(waiting.pk)
    waiting.refresh_from_db()
    assert waiting.finished_at == finished_at


def test_a_file_that_is_gone_says_so(waiting):
    path_of(waiting).unlink()
    import_offer_file(waiting.pk)
    waiting.refresh_from_db()
    assert waiting.state == State.INTERRUPTED
    assert "déposez-le de nouveau" in waiting.message


def test_a_counsellor_is_refused_whatever_the_screen_did(cell, alice_viewer, tmp_path):
    path = tmp_path / "x"
    path.write_text("x")
    with pytest.raises(RefusedError, match="responsable"):
        start_offer_import(path, file_name="x", cell=cell, by=alice_viewer)
    assert not path.exists()


def interrupt(batch):
    ImportBatch.objects.filter(pk=batch.pk).update(state=State.INTERRUPTED, finished_at=timezone.now())


def test_an_interrupted_file_of_offers_is_read_again_as_offers(
    waiting, manager_viewer, alice_viewer, published, django_capture_on_commit_callbacks
):
    interrupt(waiting)
    with pytest.raises(RefusedError, match="responsable"):
        retry_import(waiting, by=alice_viewer)
    with django_capture_on_commit_callbacks(execute=True):
        retry_import(waiting, by=manager_viewer)
    assert waiting.state == State.WAITING
    assert published == [("employers.tasks.import_offer_file", [waiting.pk], {})]


def test_what_was_asked_is_what_is_read(waiting, monkeypatch):
    asked = []
    monkeypatch.setattr(
        "employers.imports.uploads.import_offers", lambda path, **options: asked.append(options["complete"])
    )
    ImportBatch.objects.filter(pk=waiting.pk).update(request={"complete": True})
    import_offer_file(waiting.pk)
    assert asked == [True]


def test_a_file_of_wishes_is_not_read_as_offers(cell):
    batch = ImportBatchFactory(cell=cell, state=State.WAITING, finished_at=None)
    path_of(batch).write_text("INE")
    import_offer_file(batch.pk)
    batch.refresh_from_db()
    assert (batch.state, path_of(batch).exists()) == (State.WAITING, True)
