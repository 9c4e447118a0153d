import os
from datetime import timedelta

import pytest
from celery import Task
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from kombu.exceptions import OperationalError

from cells.errors import RefusedError
from cells.models import ImportBatch
from tests.cells.factories import ImportBatchFactory
from tests.youth.wish_files import NEW_HEADER, affelnet_row, write_csv
from youth import tasks
from youth.imports.uploads import erase_old_uploads, path_of, uploads_folder
from youth.models import Wish
from youth.services.uploads import retry_import, start_wish_import, store_upload

State = ImportBatch.State


@pytest.fixture(autouse=True)
def var(settings, tmp_path):
    settings.VAR_DIR = tmp_path / "var"


@pytest.fixture
def deposit(cell, tmp_path, alice_viewer):
    def start(rows, **options):
        content = write_csv(tmp_path / "voeux.csv", NEW_HEADER, rows).read_bytes()
        stored = store_upload(SimpleUploadedFile("C:\\Mes documents\\../vœux 2026.csv", content))
        return start_wish_import(stored, file_name="dossier/vœux 2026.csv", cell=cell, by=alice_viewer, **options)

    return start


def test_a_deposited_file_waits_is_read_by_the_worker_and_then_erased(deposit, alice):
    batch = deposit([affelnet_row(year="-")], school_year=2028)
    assert (batch.state, batch.file_name, batch.started_by) == (State.WAITING, "vœux 2026.csv", alice)
    assert path_of(batch).exists()
    assert path_of(batch).stat().st_mode & 0o077 == 0
    tasks.import_wish_file(batch.pk)
    batch.refresh_from_db()
    assert (batch.state, batch.created_count) == (State.DONE, 1)
    assert Wish.objects.get().school_year == 2028
    assert not path_of(batch).exists()


def test_a_message_delivered_twice_reads_the_file_once(deposit):
    batch = deposit([affelnet_row()])
    for _ in range(2):
        tasks.import_wish_file(batch.pk)
    assert ImportBatch.objects.get() == batch
    assert Wish.objects.count() == 1


def test_a_refused_file_is_erased_and_says_why(deposit):
    batch = deposit([])
    tasks.import_wish_file(batch.pk)
    batch.refresh_from_db()
    assert (batch.state, batch.message) == (State.REFUSED, "Le fichier n’a que son en-tête : aucune ligne à lire.")
    assert not path_of(batch).exists()


def test_a_crash_half_way_is_visible_keeps_the_file_and_the_import_can_be_run_again(deposit, monkeypatch, alice_viewer):
    batch = deposit([affelnet_row(), affelnet_row(rank="2", offer="1A222222")])
    monkeypatch.setattr("youth.imports.load.CHUNK_ROWS", 1)
    with monkeypatch.context() as patch:
        patch.setattr("youth.imports.wishes.SeenWishes.close_others", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            tasks.import_wish_file(batch.pk)
    batch.refresh_from_db()
    assert (batch.state, Wish.objects.count()) == (State.INTERRUPTED, 2)
    assert path_of(batch).exists()
    retry_import(batch, by=alice_viewer)
    assert batch.state == State.WAITING
    tasks.import_wish_file(batch.pk)
    batch.refresh_from_db()
    assert (batch.state, batch.created_count, batch.unchanged_count) == (State.DONE, 0, 2)


def test_only_an_interrupted_import_is_run_again_and_only_by_its_cell(deposit, alice_viewer, charlie_viewer):
    batch = deposit([affelnet_row()])
    with pytest.raises(RefusedError, match="interrompu"):
        retry_import(batch, by=alice_viewer)
    with pytest.raises(RefusedError, match="Seul un conseiller"):
        retry_import(batch, by=charlie_viewer)
    tasks.import_wish_file(batch.pk)
    with pytest.raises(RefusedError, match="n’est plus là"):
        retry_import(batch, by=alice_viewer)


def test_outsiders_deposit_nothing(cell, charlie_viewer, tmp_path):
    path = tmp_path / "depot"
    path.write_text("x")
    with pytest.raises(RefusedError):
        start_wish_import(path, file_name="x.csv", cell=cell, by=charlie_viewer)
    assert not ImportBatch.objects.exists()
    assert not path.exists()


def test_a_lost_file_ends_the_wait(deposit):
    batch = deposit([affelnet_row()])
    path_of(batch).unlink()
    tasks.import_wish_file(batch.pk)
    batch.refresh_from_db()
    assert (batch.state, batch.message) == (
        State.INTERRUPTED,
        "Le fichier déposé n’est plus là : déposez-le de nouveau.",
    )


def test_while_another_import_of_the_cell_runs_the_file_goes_on_waiting(deposit, monkeypatch):
    batch = deposit([affelnet_row()])
    with monkeypatch.context() as patch:
        patch.setattr("cells.imports.batches._try_lock", lambda *_: False)
        tasks.import_wish_file(batch.pk)
    batch.refresh_from_db()
    assert (batch.state, batch.message) == (State.WAITING, "")
    assert path_of(batch).exists()
    tasks.import_wish_file(batch.pk)
    batch.refresh_from_db()
    assert (batch.state, batch.created_count) == (State.DONE, 1)


def test_the_clock_publishes_again_what_waits_and_nothing_else(deposit, published, cell):
    wishes = deposit([affelnet_row()])
    offers = ImportBatchFactory(
        cell=cell, kind=ImportBatch.Kind.OFFERS_CSV, state=State.WAITING, finished_at=None, request={"complete": True}
    )
    for state in (State.DONE, State.INTERRUPTED, State.REFUSED):
        ImportBatchFactory(cell=cell, state=state)
    tasks.publish_waiting_imports()
    assert published == [
        ("youth.tasks.import_wish_file", [wishes.pk], {}),
        ("employers.tasks.import_offer_file", [offers.pk], {}),
    ]


def test_a_broker_that_is_down_does_not_fail_the_deposit(
    deposit, monkeypatch, published, django_capture_on_commit_callbacks
):
    def down(*_, **__):
        raise OperationalError("connection refused")

    with monkeypatch.context() as patch:
        patch.setattr(Task, "apply_async", down)
        with django_capture_on_commit_callbacks(execute=True):
            batch = deposit([affelnet_row()])
    assert batch.state == State.WAITING
    tasks.publish_waiting_imports()
    assert published == [("youth.tasks.import_wish_file", [batch.pk], {})]


def test_a_file_is_read_again_as_it_was_first_asked(deposit, alice_viewer):
    batch = deposit([affelnet_row(year="-")], preset="affelnet", school_year=2028)
    ImportBatch.objects.filter(pk=batch.pk).update(state=State.INTERRUPTED, finished_at=timezone.now())
    tasks.import_wish_file(batch.pk)
    assert not Wish.objects.exists()  # interrupted: a human says when
    retry_import(batch, by=alice_viewer)
    tasks.import_wish_file(batch.pk)
    assert Wish.objects.get().school_year == 2028


def test_a_file_of_offers_is_never_read_as_wishes_nor_erased_by_that(cell):
    batch = ImportBatchFactory(cell=cell, kind=ImportBatch.Kind.OFFERS_CSV, state=State.WAITING, finished_at=None)
    path_of(batch).write_text("source;identifiant\n")
    tasks.import_wish_file(batch.pk)
    batch.refresh_from_db()
    assert batch.state == State.WAITING
    assert path_of(batch).exists()


def test_files_of_more_than_thirty_days_are_erased(deposit):
    kept = path_of(deposit([affelnet_row()]))
    forgotten = uploads_folder() / "depot-ancien"
    forgotten.write_text("x")
    long_ago = (timezone.now() - timedelta(days=31)).timestamp()
    os.utime(forgotten, (long_ago, long_ago))
    assert erase_old_uploads() == 1
    assert kept.exists()
    assert not forgotten.exists()


def test_too_large_an_upload_is_refused(settings):
    settings.MAX_UPLOAD_SIZE = 10
    with pytest.raises(RefusedError, match="découpez-le"):
        store_upload(SimpleUploadedFile("gros.csv", b"x" * 11))


def test_an_unknown_layout_is_refused_before_anything_is_kept(cell, alice_viewer, tmp_path):
    path = tmp_path / "depot"
    path.write_text("x")
    with pytest.raises(RefusedError, match="inconnu"):
        start_wish_import(path, file_name="x.csv", cell=cell, by=alice_viewer, preset="sifa")
    assert not ImportBatch.objects.exists()
    assert not path.exists()
