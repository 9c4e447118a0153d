"""Tasks of the clock that launch work of their own: apart from matching.tasks, which services publish."""

from celery import shared_task
from django.utils import timezone

from matching.services.campaigns import launch_due_campaigns as launch_due

LAUNCH_SECONDS = 60


@shared_task(queue="matching", expires=LAUNCH_SECONDS)
def launch_due_campaigns() -> None:
    """Every LAUNCH_SECONDS, by beat. A campaign already launched by another worker is left alone."""
    launch_due(timezone.now())
