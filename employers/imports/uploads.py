"""Offer files that came through the web, read by a worker."""

from cells.models import ImportBatch
from cells.scoping import Viewer
from employers.imports.load import import_offers
from youth.imports.uploads import give_up, path_of

State = ImportBatch.State


def read_offer_upload(batch_id: int, complete: bool) -> None:
    """Safe to call again: what is over stays so. The file is erased once read."""
    batch = ImportBatch.objects.select_related("cell").get(pk=batch_id)
    if batch.state in (State.DONE, State.REFUSED):
        return
    path = path_of(batch)
    if not path.exists():
        give_up(batch_id, "Le fichier déposé n’est plus là : déposez-le de nouveau.")
        return
    by = Viewer(user_id=batch.started_by_id, cell_id=batch.cell_id)
    import_offers(path, by=by, cell=batch.cell, complete=complete, batch=batch)
    path.unlink(missing_ok=True)
