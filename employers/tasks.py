"""The calendar of contracts, and files of offers."""

from celery import shared_task
from django.utils import timezone

from cells.imports.limits import LONGEST_IMPORT, SAY_STOP_BEFORE
from employers.imports.uploads import read_offer_upload
from employers.services.due_contracts import move_due_contracts


@shared_task(name="employers.tasks.start_due_contracts")
def start_due_contracts() -> None:
    """Daily: contracts whose day has come start, those past their end are over. Safe to run twice."""
    move_due_contracts(timezone.localdate())


@shared_task(
    name="employers.tasks.import_offer_file",
    time_limit=LONGEST_IMPORT,
    soft_time_limit=LONGEST_IMPORT - SAY_STOP_BEFORE,
)
def import_offer_file(batch_id: int) -> None:
    """May be delivered twice: reading a file again changes nothing."""
    read_offer_upload(batch_id)
