import pytest
from celery.exceptions import Retry
from django.core.files.uploadedfile import SimpleUploadedFile

from cells.errors import RefusedError
from cells.models import ImportBatch
from tests.youth.wish_files import NEW_HEADER, affelnet_row, write_csv
from youth import tasks
from youth.imports.uploads import path_of
from youth.models import Wish
from youth.services.uploads import retry_wish_import, start_wish_import, store_upload

State = ImportBatch.State


@pytest.fixture(autouse=True)
def var(settings, tmp_path):
    settings.VAR_DIR = tmp_path / "var"


@pytest.fixture
def published(monkeypatch):
    """What would go to the broker, once the transaction is committed."""
    sent = []
    monkeypatch.setattr(tasks.import_wish_file, "delay_on_commit", lambda *arguments: sent.append(arguments))
    return sent


@pytest.fixture
def deposit(cell, tmp_path, alice_viewer, published):
    def start(rows, **options):
        content = write_csv(tmp_path / "voeux.csv", NEW_HEADER, rows).read_bytes()
        stored = store_upload(SimpleUploadedFile("C:\\Mes documents\\../vœux 2026.csv", content))
        return start_wish_import(stored, file_name="dossier/vœux 2026.csv", cell=cell, by=alice_viewer, **options)

    return start


def test_a_deposited_file_waits_is_read_by_the_worker_and_then_erased(deposit, published, alice):
    batch = deposit([affelnet_row(year="-")], school_year=2028)
    assert (batch.state, batch.file_name, batch.started_by) == (State.RUNNING, "vœux 2026.csv", alice)
    assert path_of(batch).exists()
    assert path_of(batch).stat().st_mode & 0o077 == 0
    tasks.import_wish_file(*published[0])
    batch.refresh_from_db()
    assert (batch.state, batch.created_count) == (State.DONE, 1)
    assert Wish.objects.get().school_year == 2028
    assert not path_of(batch).exists()


def test_a_message_delivered_twice_reads_the_file_once(deposit, published):
    batch = deposit([affelnet_row()])
    for _ in range(2):
        tasks.import_wish_file(*published[0])
    assert ImportBatch.objects.get() == batch
    assert Wish.objects.count() == 1


def test_a_refused_file_is_erased_and_says_why(deposit, published):
    batch = deposit([])
    tasks.import_wish_file(*published[0])
    batch.refresh_from_db()
    assert (batch.state, batch.message) == (State.REFUSED, "Le fichier n’a que son en-tête : aucune ligne à lire.")
    assert not path_of(batch).exists()


def test_a_crash_half_way_is_visible_keeps_the_file_and_the_import_can_be_run_again(
    deposit, published, monkeypatch, alice_viewer
):
    batch = deposit([affelnet_row(), affelnet_row(rank="2", offer="1A222222")])
    monkeypatch.setattr("youth.imports.load.CHUNK_ROWS", 1)
    with monkeypatch.context() as patch:
        patch.setattr("youth.imports.wishes.SeenWishes.close_others", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            tasks.import_wish_file(*published[0])
    batch.refresh_from_db()
    assert (batch.state, Wish.objects.count()) == (State.INTERRUPTED, 2)
    assert path_of(batch).exists()
    retry_wish_import(batch, by=alice_viewer)
    assert batch.state == State.RUNNING
    tasks.import_wish_file(*published[1])
    batch.refresh_from_db()
    assert (batch.state, batch.created_count, batch.unchanged_count) == (State.DONE, 0, 2)


def test_only_an_interrupted_import_is_run_again_and_only_by_its_cell(deposit, published, alice_viewer, charlie_viewer):
    batch = deposit([affelnet_row()])
    with pytest.raises(RefusedError, match="interrompu"):
        retry_wish_import(batch, by=alice_viewer)
    with pytest.raises(RefusedError, match="Seul un conseiller"):
        retry_wish_import(batch, by=charlie_viewer)
    tasks.import_wish_file(*published[0])
    with pytest.raises(RefusedError, match="n’est plus là"):
        retry_wish_import(batch, by=alice_viewer)


def test_outsiders_deposit_nothing(cell, charlie_viewer, tmp_path):
    path = tmp_path / "depot"
    path.write_text("x")
    with pytest.raises(RefusedError):
        start_wish_import(path, file_name="x.csv", cell=cell, by=charlie_viewer)
    assert not ImportBatch.objects.exists()


def test_a_lost_file_ends_the_wait(deposit, published):
    batch = deposit([affelnet_row()])
    path_of(batch).unlink()
    tasks.import_wish_file(*published[0])
    batch.refresh_from_db()
    assert (batch.state, batch.message) == (
        State.INTERRUPTED,
        "Le fichier déposé n’est plus là : déposez-le de nouveau.",
    )


def test_while_another_import_of_the_cell_runs_the_worker_waits_its_turn(deposit, published, monkeypatch):
    deposit([affelnet_row()])

    def busy(*_, **__):
        raise RefusedError("Un autre import est en cours.")

    monkeypatch.setattr("youth.tasks.read_upload", busy)
    with pytest.raises(Retry):
        tasks.import_wish_file.apply(args=published[0], throw=True).get()


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
