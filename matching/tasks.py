"""Thin tasks: ids in, a service called. Each may be delivered twice, or never: the database says what is due."""

import socket

from celery import shared_task
from django.utils import timezone

from cells.models import Cell
from matching.services import nightly, retention
from matching.services.execution import execute_run, stalled_runs
from matching.services.safety import follow_streams
from matching.services.sending import campaigns_to_wake, deliver_campaign, finish_campaigns
from matching.services.shards import rank_next_shard

SWEEP_SECONDS = 120
NIGHTLY_SECONDS = 300
WAKE_SECONDS = 60
# How long one task sends before it gives its place in the queue to others.
SEND_SECONDS = 300


@shared_task
def run_matching(run_id: int) -> None:
    execute_run(run_id, hand_out=rank_run_shards.delay)


@shared_task
def rank_run_shards(run_id: int) -> None:
    """Any number at once, on any machine: shards are leased, and there may be none left."""
    while rank_next_shard(run_id):
        pass


@shared_task(expires=SWEEP_SECONDS)
def resume_stalled_runs() -> None:
    """Every SWEEP_SECONDS, by beat. A message that waited longer is dropped: the next sweep writes another."""
    for run_id in stalled_runs(timezone.now()):
        run_matching.apply_async((run_id,), expires=SWEEP_SECONDS)


@shared_task(expires=NIGHTLY_SECONDS)
def start_nightly_run() -> None:
    """One cell at each beat: a night has beats enough for all, and no two cells begin at once."""
    if run := nightly.open_nightly_run():
        run_matching.delay(run.pk)


@shared_task
def prune_runs() -> None:
    """Each day, also where no run is made any more."""
    for cell in Cell.objects.all():
        retention.prune_runs(cell)


@shared_task(queue="mail")
def send_campaign_batch(campaign_id: int) -> None:
    """Any number at once: mails are claimed. One task for thousands of mails, as a task costs as much as a mail."""
    if deliver_campaign(campaign_id, worker=socket.gethostname(), seconds=SEND_SECONDS):
        send_campaign_batch.delay(campaign_id)


@shared_task(queue="mail", expires=WAKE_SECONDS)
def wake_campaigns() -> None:
    """Every WAKE_SECONDS, by beat: whatever the database says is due and nobody is sending."""
    follow_streams()
    finish_campaigns()
    for campaign_id in campaigns_to_wake():
        send_campaign_batch.apply_async((campaign_id,), expires=WAKE_SECONDS)
