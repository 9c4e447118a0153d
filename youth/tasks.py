"""Thin tasks: ids in, a service called. Each may be delivered twice: reading a file again changes nothing."""

from celery import shared_task

from cells.imports.batches import close_dead_batches
from cells.imports.limits import LONGEST_IMPORT, SAY_STOP_BEFORE
from youth.imports.uploads import erase_old_uploads, publish_waiting, read_upload


@shared_task(time_limit=LONGEST_IMPORT, soft_time_limit=LONGEST_IMPORT - SAY_STOP_BEFORE)
def import_wish_file(batch_id: int) -> None:
    """While another import of the cell is running the batch goes on waiting."""
    read_upload(batch_id)


@shared_task
def close_dead_imports() -> None:
    """Every few minutes, by beat: an import whose reader died is shown as interrupted."""
    close_dead_batches()


@shared_task
def publish_waiting_imports() -> None:
    """Every minute, by beat: the deposited files not read yet, wishes and offers."""
    publish_waiting()


@shared_task
def erase_old_deposits() -> None:
    """Daily, by beat."""
    erase_old_uploads()
