"""The moves of a mail in the ledger. Each function is one transaction; the database's clock is the only clock.

claim → store → hand_over → settle, and `release` for whatever a worker could not finish. Between `hand_over` and
`settle` a crash leaves doubt, so a worker hands over one mail a connection (MAIL_CONNECTIONS): no more are uncertain
after a crash than were in flight.
"""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from cells.mailing.message import Content, message_id_for
from cells.mailing.rates import grant
from cells.models import MailStream, OutgoingMail

State = OutgoingMail.State

RETRY_DELAYS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 360))
UNREACHABLE_DELAY = RETRY_DELAYS[0]

CRASHED_AFTER_HAND_OVER = "Le traitement s’est arrêté pendant la remise au serveur : envoi incertain, non répété."
CRASHED_TOO_OFTEN = "Le traitement s’est arrêté à chaque essai."
STREAM_STOPPED = "Envoi annulé."


@dataclass(frozen=True, slots=True)
class Lease:
    """Mails one worker holds for MAIL_LEASE_SECONDS. `token` is new at each claim: an old lease holds nothing."""

    token: str
    mails: list[OutgoingMail]


class Closing(NamedTuple):
    """How the conversation about one mail ended. `delay` is for `queued` only."""

    mail_id: int
    state: str
    code: int | None
    outcome: str
    delay: timedelta = timedelta()


class Stored(NamedTuple):
    mail_id: int
    content: Content
    digest: str


SETTLE = """
UPDATE cells_outgoingmail AS mail
   SET state = row.state,
       smtp_code = row.code,
       outcome = left(row.outcome, 300),
       attempts = attempts + 1,
       lease_until = NULL,
       leased_by = CASE WHEN row.state = 'queued' THEN '' ELSE leased_by END,
       handed_over_at = CASE WHEN row.state = 'queued' THEN NULL ELSE handed_over_at END,
       next_attempt_at = CASE WHEN row.state = 'queued' THEN clock_timestamp() + row.delay ELSE next_attempt_at END,
       closed_at = CASE WHEN row.state = 'queued' THEN NULL ELSE clock_timestamp() END
  FROM unnest(%(ids)s::bigint[], %(states)s::text[], %(codes)s::smallint[], %(outcomes)s::text[],
              %(delays)s::interval[]) AS row (id, state, code, outcome, delay)
 WHERE mail.id = row.id AND mail.leased_by = %(token)s AND mail.state IN ('leased', 'uncertain')
"""

HAND_OVER = """
UPDATE cells_outgoingmail AS mail
   SET handed_over_at = clock_timestamp()
  FROM cells_mailstream AS stream
 WHERE mail.id = ANY(%(next_ids)s::bigint[]) AND mail.leased_by = %(token)s AND mail.state = 'leased'
   AND mail.lease_until > clock_timestamp()
   AND stream.id = mail.stream_id AND stream.state = 'open'
   AND (stream.purpose = 'service' OR NOT EXISTS (SELECT FROM cells_mailpolicy WHERE campaigns_stopped))
RETURNING mail.id
"""

PUT_OFF = """
UPDATE cells_outgoingmail AS mail
   SET next_attempt_at = clock_timestamp() + row.wait
  FROM unnest(%s::bigint[], %s::interval[]) AS row (id, wait)
 WHERE mail.id = row.id
"""

STORE = """
UPDATE cells_outgoingmail AS mail
   SET subject = row.subject, text = row.text, html = row.html,
       headers = row.headers::jsonb, content_sha256 = row.digest
  FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[], %s::text[])
       AS row (id, subject, text, html, headers, digest)
 WHERE mail.id = row.id AND mail.leased_by = %s AND mail.state = 'leased'
"""


def new_mail(stream: MailStream, *, dedup_key: str, to: str) -> OutgoingMail:
    """An unsaved queued mail, due at once."""
    mail_uuid = uuid.uuid4()
    return OutgoingMail(
        uuid=mail_uuid,
        stream=stream,
        dedup_key=dedup_key,
        message_id=message_id_for(mail_uuid),
        to_address=to,
        next_attempt_at=timezone.now(),
    )


@transaction.atomic
def queue_mail(stream: MailStream, *, dedup_key: str, to: str, content: Content) -> bool:
    """False when a mail with this key exists already: nothing is queued twice."""
    mail = new_mail(stream, dedup_key=dedup_key, to=to)
    mail.subject, mail.text, mail.html, mail.headers = (
        content.subject,
        content.text,
        content.html,
        content.headers,
    )
    OutgoingMail.objects.bulk_create([mail], ignore_conflicts=True)
    return OutgoingMail.objects.filter(uuid=mail.uuid).exists()


def claim(stream: MailStream, *, limit: int, worker: str) -> Lease:
    """Up to `limit` due mails that nobody else holds and that the rates let go; those they hold back wait their turn.

    Must be the outermost transaction: a claim is public.
    """
    token = f"{worker[:40]}:{uuid.uuid4().hex}"
    with transaction.atomic(durable=True):
        due = OutgoingMail.objects.due(Now()).filter(stream=stream).order_by("next_attempt_at", "pk")
        wanted = due.select_for_update(skip_locked=True, of=("self",)).values_list("pk", "to_address")
        granted = grant(list(wanted[:limit]))
        _put_off(granted.later)
        OutgoingMail.objects.filter(pk__in=granted.now).update(
            state=State.LEASED,
            lease_until=Now() + timedelta(seconds=settings.MAIL_LEASE_SECONDS),
            leased_by=token,
            handed_over_at=None,
        )
    return Lease(token, list(OutgoingMail.objects.filter(pk__in=granted.now).order_by("pk")))


def _put_off(waits: dict[int, timedelta]) -> None:
    if waits:
        with connection.cursor() as cursor:
            cursor.execute(PUT_OFF, [list(waits), list(waits.values())])


def postpone(lease: Lease, moments: dict[int, datetime]) -> None:
    """Back to the queue until then, as if they had not been claimed."""
    for moment in set(moments.values()):
        ids = [mail_id for mail_id, until in moments.items() if until == moment]
        held_by(lease).filter(pk__in=ids).update(
            state=State.QUEUED, lease_until=None, leased_by="", next_attempt_at=moment
        )


def store(lease: Lease, rows: list[Stored]) -> None:
    """What will be sent, kept before it is sent."""
    columns: list[list[int] | list[str]] = [
        [row.mail_id for row in rows],
        [row.content.subject for row in rows],
        [row.content.text for row in rows],
        [row.content.html for row in rows],
        [json.dumps(row.content.headers) for row in rows],
        [row.digest for row in rows],
    ]
    with connection.cursor() as cursor:
        cursor.execute(STORE, [*columns, lease.token])


def withdraw(lease: Lease, outcomes: dict[int, str]) -> None:
    """Mails that must not go any more, each with the reason in French."""
    for outcome in set(outcomes.values()):
        ids = [mail_id for mail_id, said in outcomes.items() if said == outcome]
        _close(held_by(lease).filter(pk__in=ids), State.WITHDRAWN, outcome)


def refuse(lease: Lease, outcomes: dict[int, str]) -> None:
    """Mails that cannot be composed: a human must look."""
    for mail_id, outcome in outcomes.items():
        _close(held_by(lease).filter(pk=mail_id), State.FAILED, outcome)


def hand_over(lease: Lease, next_ids: list[int], previous: Sequence[Closing] = ()) -> set[int]:
    """Commits that these mails are about to be shown to the server, and closes the previous ones in the same breath.

    A mail that is not in the answer is not ours any more, or its stream is no longer open: it must not be sent.
    """
    values: dict[str, Any] = {"next_ids": next_ids, "token": lease.token}
    statement = HAND_OVER
    if previous:
        statement = f"WITH settled AS ({SETTLE}) {HAND_OVER}"
        values |= _columns(previous)
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return {mail_id for (mail_id,) in cursor.fetchall()}


def settle(lease: Lease, closings: Sequence[Closing]) -> None:
    """A late verdict still counts: it replaces the doubt a sweeper wrote meanwhile."""
    with connection.cursor() as cursor:
        cursor.execute(SETTLE, {**_columns(closings), "token": lease.token})


def _columns(closings: Sequence[Closing]) -> dict[str, Any]:
    ids, states, codes, outcomes, delays = zip(*closings, strict=True)
    columns = {"ids": ids, "states": states, "codes": codes, "outcomes": outcomes, "delays": delays}
    return {name: list(values) for name, values in columns.items()}


@transaction.atomic
def release(lease: Lease, *, delay: timedelta = timedelta()) -> None:
    """Gives back what is still held: queued again if the server never saw it, else uncertain."""
    _doubt(held_by(lease))
    held_by(lease).update(state=State.QUEUED, lease_until=None, leased_by="", next_attempt_at=Now() + delay)
    withdraw_stopped()


@transaction.atomic
def sweep_expired_leases() -> int:
    """The same for workers that died. A mail at each of whose tries a worker died is refused at last."""
    expired = OutgoingMail.objects.lease_expired(Now())
    doubtful = _doubt(expired)
    hopeless = _close(expired.filter(attempts__gte=len(RETRY_DELAYS)), State.FAILED, CRASHED_TOO_OFTEN)
    queued = expired.update(
        state=State.QUEUED,
        lease_until=None,
        leased_by="",
        next_attempt_at=Now(),
        attempts=F("attempts") + 1,
    )
    withdraw_stopped()
    return doubtful + hopeless + queued


def withdraw_stopped() -> int:
    """Mails that came back to the queue of a stream stopped meanwhile."""
    queued = OutgoingMail.objects.filter(state=State.QUEUED, stream__state=MailStream.State.STOPPED)
    return _close(queued, State.WITHDRAWN, STREAM_STOPPED)


def held_by(lease: Lease) -> QuerySet[OutgoingMail]:
    return OutgoingMail.objects.filter(leased_by=lease.token, state=State.LEASED)


def _doubt(mails: QuerySet[OutgoingMail]) -> int:
    """`leased_by` stays, so that the worker, if it lives, may still say how it ended."""
    return _close(mails.filter(handed_over_at__isnull=False), State.UNCERTAIN, CRASHED_AFTER_HAND_OVER)


def _close(mails: QuerySet[OutgoingMail], state: str, outcome: str) -> int:
    return mails.update(state=state, outcome=outcome, closed_at=Now(), lease_until=None)
