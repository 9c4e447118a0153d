"""Offer files that came through the web."""

import pytest

from cells.errors import RefusedError
from cells.models import ImportBatch
from employers.services.uploads import start_offer_import
from employers.tasks import import_offer_file
from tests.cells.factories import ImportBatchFactory, OccupationFactory
from youth.imports.uploads import path_of

pytestmark = pytest.mark.django_db
State = ImportBatch.State


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.VAR_DIR = tmp_path


@pytest.fixture
def waiting(cell):
    OccupationFactory()
    batch = ImportBatchFactory(cell=cell, kind=ImportBatch.Kind.OFFERS_CSV, state=State.RUNNING, finished_at=None)
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
    with pytest.raises(RefusedError, match="responsable"):
        start_offer_import(tmp_path / "x", file_name="x", cell=cell, by=alice_viewer)
