"""Wish files deposited by a counsellor; reading again any deposited file."""

import os
from pathlib import Path
from tempfile import NamedTemporaryFile

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from cells.errors import RefusedError
from cells.imports.errors import FileRefused
from cells.models import Cell, ImportBatch
from cells.scoping import Viewer
from youth.imports.layouts import AFFELNET, layout_named
from youth.imports.uploads import GONE, erased_unless_accepted, path_of, publish_on_commit, uploads_folder

State = ImportBatch.State


def store_upload(upload: UploadedFile) -> Path:
    """Written in pieces, readable by us alone. Raises RefusedError above MAX_UPLOAD_SIZE."""
    if (upload.size or 0) > settings.MAX_UPLOAD_SIZE:
        raise RefusedError(f"Le fichier dépasse {settings.MAX_UPLOAD_SIZE // 1024**2} Mo : découpez-le.")
    with NamedTemporaryFile(dir=uploads_folder(), prefix="depot-", delete=False) as stored:
        for chunk in upload.chunks():
            stored.write(chunk)
    return Path(stored.name)


@transaction.atomic
def start_wish_import(
    path: Path,
    *,
    file_name: str,
    cell: Cell,
    by: Viewer,
    preset: str | None = None,
    school_year: int | None = None,
) -> ImportBatch:
    """Hand a stored upload to a worker, on commit. `file_name` is what the counsellor called it."""
    with erased_unless_accepted(path):
        if not by.is_counsellor or by.cell_id != cell.pk:
            raise RefusedError("Seul un conseiller de la cellule peut y importer des vœux.")
        try:
            kind = layout_named(preset).kind if preset else AFFELNET.kind
        except FileRefused as error:
            raise RefusedError(str(error)) from error
        batch = ImportBatch.objects.create(
            cell=cell,
            kind=kind,
            file_name=Path(file_name).name[:200],
            state=State.WAITING,
            request={"preset": preset, "school_year": school_year},
            started_by_id=by.user_id,
        )
        path.replace(path_of(batch))
    publish_on_commit(batch)
    return batch


@transaction.atomic
def retry_import(batch: ImportBatch, *, by: Viewer) -> ImportBatch:
    """Read an interrupted file again from its beginning, as first asked: nothing is doubled.

    Raises RefusedError when it is gone.
    """
    if by.cell_id != batch.cell_id or not (by.is_counsellor if batch.holds_wishes else by.is_manager):
        who = "conseiller" if batch.holds_wishes else "responsable"
        raise RefusedError(f"Seul un {who} de la cellule peut relancer cet import.")
    if not path_of(batch).exists():
        raise RefusedError(GONE)
    interrupted = ImportBatch.objects.filter(pk=batch.pk, state=State.INTERRUPTED)
    if not interrupted.update(state=State.WAITING, finished_at=None, message=""):
        raise RefusedError("Seul un import interrompu peut être relancé.")
    os.utime(path_of(batch))  # the daily sweep counts from here
    batch.refresh_from_db()
    publish_on_commit(batch)
    return batch
