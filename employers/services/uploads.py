"""Offer files deposited by a manager."""

from pathlib import Path

from django.db import transaction

from cells.errors import RefusedError
from cells.models import Cell, ImportBatch
from cells.scoping import Viewer
from employers.tasks import import_offer_file
from youth.imports.uploads import path_of


@transaction.atomic
def start_offer_import(path: Path, *, file_name: str, cell: Cell, by: Viewer, complete: bool = False) -> ImportBatch:
    """Hand a stored upload to a worker, on commit. `complete`: the file holds all the offers of its sources."""
    if not by.is_manager or by.cell_id != cell.pk:
        raise RefusedError("Seul un responsable de cellule peut importer des offres : elles servent à toutes.")
    batch = ImportBatch.objects.create(
        cell=cell,
        kind=ImportBatch.Kind.OFFERS_CSV,
        file_name=Path(file_name).name[:200],
        started_by_id=by.user_id,
    )
    path.replace(path_of(batch))
    import_offer_file.delay_on_commit(batch.pk, complete)
    return batch
