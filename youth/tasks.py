"""Thin tasks: ids in, a service called. Each may be delivered twice: reading a file again changes nothing."""

from typing import Any

from celery import shared_task

from cells.errors import RefusedError
from cells.imports.batches import close_dead_batches
from youth.imports.uploads import give_up, read_upload

WAIT_SECONDS = 30
MOST_WAITS = 120


@shared_task(bind=True, max_retries=MOST_WAITS)
def import_wish_file(self: Any, batch_id: int, preset: str | None = None, school_year: int | None = None) -> None:
    """Waits its turn while another import of the cell is running."""
    try:
        read_upload(batch_id, preset, school_year)
    except RefusedError as busy:
        if self.request.retries >= MOST_WAITS:
            give_up(batch_id, str(busy))
            return
        raise self.retry(exc=busy, countdown=WAIT_SECONDS) from busy


@shared_task
def close_dead_imports() -> None:
    """Every few minutes, by beat: an import whose reader died is shown as interrupted."""
    close_dead_batches()
