import threading

import pytest
from django.db import connection
from django.utils import timezone

from cells.errors import RefusedError
from cells.imports.batches import BatchRecorder, alone_in_cell, close_dead_batches
from cells.imports.errors import BusyError, FileRefused
from cells.models import AuditEntry, ImportBatch, RefusedRow
from cells.scoping import Viewer
from tests.cells.factories import CellFactory, ImportBatchFactory

State = ImportBatch.State


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "voeux.csv"
    path.write_text("a;b\n1;2\n")
    return path


@pytest.fixture
def recorder(path, cell):
    return BatchRecorder(path, kind=ImportBatch.Kind.AFFELNET, cell=cell, by=Viewer(cell_id=cell.pk))


def test_a_batch_is_visible_while_it_runs_and_done_at_the_end(recorder):
    with recorder:
        assert ImportBatch.objects.get().state == State.RUNNING
        recorder.inspect()
        recorder.count(rows=3, created=1, updated=1)
        recorder.flush()
        assert ImportBatch.objects.get().rows_read == 3
    batch = ImportBatch.objects.get()
    assert (batch.state, batch.size, len(batch.sha256)) == (State.DONE, 8, 64)
    assert batch.finished_at
    assert (batch.created_count, batch.updated_count, batch.closed_count) == (1, 1, 0)
    assert list(AuditEntry.objects.order_by("pk").values_list("action", flat=True)) == [
        "import.started",
        "import.finished",
    ]


def test_a_refused_file_leaves_its_reason_and_raises_nothing(recorder):
    with recorder:
        raise FileRefused("Le fichier est vide.")
    batch = ImportBatch.objects.get()
    assert (batch.state, batch.message) == (State.REFUSED, "Le fichier est vide.")


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_anything_else_interrupts_visibly_keeps_the_refused_rows_and_goes_on_rising(recorder, error):
    with pytest.raises(error), recorder:
        recorder.refuse(2, "INE", "x", "mal formé")
        raise error
    batch = ImportBatch.objects.get()
    assert (batch.state, batch.refused_count, batch.refused_rows.count()) == (State.INTERRUPTED, 1, 1)
    assert "Relancez-le" in batch.message


def test_refused_rows_are_cut_to_size_and_notes_are_not_counted(recorder):
    with recorder:
        recorder.refuse(2, "C" * 200, "v\0" * 200, "r" * 400)
        recorder.note(3, "Téléphone", "12", "valeur laissée de côté")
    assert (recorder.batch.refused_count, RefusedRow.objects.count()) == (1, 2)
    row = RefusedRow.objects.get(line=2)
    assert (len(row.column), len(row.value), len(row.reason)) == (100, 120, 300)


def test_endless_refusals_are_counted_but_not_all_kept(recorder, monkeypatch):
    monkeypatch.setattr("cells.imports.batches.MOST_REFUSALS_KEPT", 5)
    monkeypatch.setattr("cells.imports.batches.FLUSH_AT", 2)
    with recorder:
        for line in range(20):
            recorder.refuse(line, "", "", "raison")
    assert (recorder.batch.refused_count, RefusedRow.objects.count()) == (20, 5)


def test_a_batch_read_again_starts_from_zero(recorder, path, cell):
    with pytest.raises(ZeroDivisionError), recorder:
        recorder.count(rows=5)
        recorder.refuse(2, "", "", "raison")
        raise ZeroDivisionError
    again = BatchRecorder(path, kind="affelnet", cell=cell, by=Viewer(cell_id=cell.pk), batch=recorder.batch)
    with again:
        again.count(rows=1)
    batch = ImportBatch.objects.get()
    assert (batch.state, batch.rows_read, batch.refused_count, batch.message) == (State.DONE, 1, 0, "")
    assert not RefusedRow.objects.exists()


def test_a_batch_whose_reader_died_becomes_interrupted(cell):
    dead = ImportBatchFactory(cell=cell, state=State.RUNNING, sha256="0" * 64, finished_at=None)
    waiting = ImportBatchFactory(cell=cell, state=State.WAITING, finished_at=None)
    assert close_dead_batches() == 1
    dead.refresh_from_db()
    waiting.refresh_from_db()
    assert (dead.state, waiting.state) == (State.INTERRUPTED, State.WAITING)
    assert dead.finished_at


@pytest.mark.parametrize("state", [State.DONE, State.REFUSED])
def test_what_is_over_is_not_begun_again_by_a_late_delivery(path, cell, state):
    batch = ImportBatchFactory(cell=cell, state=State.WAITING, finished_at=None)
    ImportBatch.objects.filter(pk=batch.pk).update(state=state, finished_at=timezone.now(), created_count=7)
    RefusedRow.objects.create(batch=batch, line=1, reason="x")
    late = BatchRecorder(path, kind="affelnet", cell=cell, by=Viewer(cell_id=cell.pk), batch=batch)
    with pytest.raises(BusyError), late:
        pytest.fail("read twice")
    batch.refresh_from_db()
    assert (batch.state, batch.created_count, batch.refused_rows.count()) == (state, 7, 1)


def in_another_connection(work):
    """The answer of `work()` on a connection of its own, as another process would have it."""
    answers = []

    def run():
        try:
            answers.append(work())
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return answers[0]


@pytest.mark.django_db(transaction=True)
def test_a_living_reader_is_left_alone(path):
    cell = CellFactory()
    with BatchRecorder(path, kind="affelnet", cell=cell, by=Viewer(cell_id=cell.pk)) as recorder:
        recorder.inspect()
        assert in_another_connection(close_dead_batches) == 0
        assert ImportBatch.objects.get().state == State.RUNNING


@pytest.mark.django_db(transaction=True)
def test_a_second_delivery_touches_nothing_while_the_first_reads(path):
    cell = CellFactory()

    def deliver():
        batch = ImportBatch.objects.get()
        with (
            pytest.raises(BusyError),
            BatchRecorder(path, kind="affelnet", cell=cell, by=Viewer(cell_id=cell.pk), batch=batch),
        ):
            pytest.fail("read twice")
        return True

    with BatchRecorder(path, kind="affelnet", cell=cell, by=Viewer(cell_id=cell.pk)) as recorder:
        recorder.count(rows=5)
        recorder.flush()
        assert in_another_connection(deliver)
        assert ImportBatch.objects.get().rows_read == 5
    assert ImportBatch.objects.get().state == State.DONE


@pytest.mark.django_db(transaction=True)
def test_two_imports_of_one_cell_do_not_mix_and_two_cells_do_not_wait():
    cell, other = CellFactory(), CellFactory(region__code="53")

    def enter(wanted):
        try:
            with alone_in_cell(wanted):
                return "in"
        except RefusedError as error:
            return str(error)

    with alone_in_cell(cell):
        assert "Un autre import est en cours" in in_another_connection(lambda: enter(cell))
        assert in_another_connection(lambda: enter(other)) == "in"
    assert in_another_connection(lambda: enter(cell)) == "in"
