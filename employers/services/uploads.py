"""Offer files deposited by a manager."""

from pathlib import Path

from django.db import transaction

from cells.errors import RefusedError
from cells.models import Cell, ImportBatch
from cells.scoping import Viewer
from youth.imports.uploads import erased_unless_accepted, path_of, publish_on_commit


@transaction.atomic
def start_offer_import(path: Path, *, file_name: str, cell: Cell, by: Viewer, complete: bool = False) -> ImportBatch:
    """Hand a stored upload to a worker, on commit. `complete`: the file holds all the offers of its sources."""
    with erased_unless_accepted(path):
        if not by.is_manager or by.cell_id != cell.pk:
            raise RefusedError("Seul un responsable de cellule peut importer des offres : elles servent à toutes.")
        batch = ImportBatch.objects.create(
            cell=cell,
            kind=ImportBatch.Kind.OFFERS_CSV,
            file_name=Path(file_name).name[:200],
            state=ImportBatch.State.WAITING,
            request={"complete": complete},
            started_by_id=by.user_id,
        )
        path.replace(path_of(batch))
    publish_on_commit(batch)
    return batch
