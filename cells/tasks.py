"""Thin tasks of the base layer. The database says what is due; a lost message only means the next beat."""

import socket
from datetime import datetime
from typing import Any

from celery import shared_task
from django.conf import settings
from django.db.models.functions import Now

from cells.mailing import ledger
from cells.mailing.boxes import read_box
from cells.mailing.delivery import deliver_batch
from cells.mailing.reports import take_report
from cells.mailing.service_mail import prepare_service_mails
from cells.models import MailPurpose, MailStream, OutgoingMail
from cells.services.api_keys import mark_key_used
from cells.services.readings import record_readings

BEAT_SECONDS = 60
REPORTS_SECONDS = 300


@shared_task(expires=BEAT_SECONDS)
def release_expired_leases() -> None:
    """Every minute, by beat: mails held by workers that died go back to the queue, or become uncertain."""
    ledger.sweep_expired_leases()


@shared_task(expires=BEAT_SECONDS)
def send_due_mails() -> None:
    """Every minute, by beat: service mails, of every cell. Campaigns have a task of their own."""
    due = OutgoingMail.objects.due(Now()).filter(stream__purpose=MailPurpose.SERVICE)
    for stream in MailStream.objects.filter(pk__in=due.values("stream")):
        while True:
            result = deliver_batch(stream, prepare=prepare_service_mails, worker=socket.gethostname())
            if not result.claimed or result.unreachable:
                break


@shared_task(queue="mail", expires=REPORTS_SECONDS)
def read_mail_reports() -> None:
    """Every REPORTS_SECONDS, by beat: what came back to the mailbox of bounces, when there is one."""
    if settings.MAIL_REPORTS_URL:
        read_box(settings.MAIL_REPORTS_URL, take_report)


@shared_task
def record_reading(
    action: str,
    viewer: dict[str, int | None],
    target_kind: str,
    target_uuids: list[str],
    facts: dict[str, Any] | None = None,
) -> None:
    """The trace of people's files that somebody read (cells.reading.note_reading)."""
    record_readings(action, viewer=viewer, target_kind=target_kind, target_uuids=target_uuids, facts=facts or {})


@shared_task
def record_key_use(api_key_id: int, at: str) -> None:
    """When a key was last used, told by the API's authentication (a GET never writes). `at` is ISO 8601."""
    mark_key_used(api_key_id, datetime.fromisoformat(at))
