"""Files that came through the web, between the request that brought them and the worker that reads them."""

from pathlib import Path

from django.conf import settings
from django.utils import timezone

from cells.models import ImportBatch
from cells.scoping import Viewer
from youth.imports.load import import_wishes

State = ImportBatch.State


def uploads_folder() -> Path:
    folder = Path(settings.VAR_DIR) / "uploads"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def path_of(batch: ImportBatch) -> Path:
    return uploads_folder() / f"{batch.uuid}.upload"


def read_upload(batch_id: int, preset: str | None, school_year: int | None) -> None:
    """Safe to call again: what is over stays so, what was interrupted starts again. The file is erased once read.

    Raises RefusedError while another import of the cell is running.
    """
    batch = ImportBatch.objects.select_related("cell").get(pk=batch_id)
    if batch.cell is None or batch.state in (State.DONE, State.REFUSED):
        return
    path = path_of(batch)
    if not path.exists():
        give_up(batch_id, "Le fichier déposé n’est plus là : déposez-le de nouveau.")
        return
    by = Viewer(user_id=batch.started_by_id, cell_id=batch.cell_id)
    import_wishes(path, cell=batch.cell, preset=preset, by=by, school_year=school_year, batch=batch)
    path.unlink(missing_ok=True)


def give_up(batch_id: int, message: str) -> None:
    waiting = ImportBatch.objects.filter(pk=batch_id, state=State.RUNNING)
    waiting.update(state=State.INTERRUPTED, message=message, finished_at=timezone.now())
