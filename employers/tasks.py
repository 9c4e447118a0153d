"""The calendar of contracts."""

from celery import shared_task
from django.utils import timezone

from employers.services.due_contracts import move_due_contracts


@shared_task(name="employers.tasks.start_due_contracts")
def start_due_contracts() -> None:
    """Daily: contracts whose day has come start, those past their end are over. Safe to run twice."""
    move_due_contracts(timezone.localdate())
