"""Offer files that came through the web, read by a worker."""

from pathlib import Path

from cells.models import ImportBatch
from cells.scoping import Viewer
from employers.imports.load import import_offers
from youth.imports.uploads import read_deposit


def read_offer_upload(batch_id: int) -> None:
    """The worker's part for a file of offers; see `read_deposit`."""
    read_deposit(batch_id, holds_wishes=False, read=_read_offers)


def _read_offers(batch: ImportBatch, path: Path, by: Viewer) -> None:
    import_offers(path, by=by, cell=batch.cell, complete=batch.request.get("complete", False), batch=batch)
