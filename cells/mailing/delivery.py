"""Sending what is due of one stream: claim, compose, hand over in groups (one mail a connection), settle."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from email.utils import parseaddr
from typing import NamedTuple

from django.conf import settings
from django.db import Error as DatabaseError

from cells.mailing import ledger
from cells.mailing.dkim_signature import signed
from cells.mailing.health import pause_stream, trouble_of
from cells.mailing.ledger import UNREACHABLE_DELAY, Lease, Stored
from cells.mailing.message import Content, assemble, content_digest, wire_address
from cells.mailing.refusals import RefusalRules
from cells.mailing.sender import BatchResult, Ready, Sender, opened_lines
from cells.mailing.smtp import UnreachableError
from cells.models import MailPurpose, MailStream, OutgoingMail

logger = logging.getLogger(__name__)

State = OutgoingMail.State

BATCH = 200
NOT_COMPOSED = "Le message n’a pas pu être composé : "


class Withdrawal(NamedTuple):
    """A mail that must not go any more; `outcome` says why, in French."""

    outcome: str


class Postponement(NamedTuple):
    """A mail that may not go now: it costs no try."""

    until: datetime


Answer = Content | Withdrawal | Postponement
Prepare = Callable[[Sequence[OutgoingMail]], dict[int, Answer]]


def deliver_batch(stream: MailStream, *, prepare: Prepare, worker: str, limit: int = BATCH) -> BatchResult:
    """Send up to `limit` due mails. `prepare` re-checks and renders them: by mail id, what to send or why not.

    Any number of workers may call it at once. Whatever it raises, no mail is left in its hands. A stream that does harm
    is paused, `trouble` says why.
    """
    lease = ledger.claim(stream, limit=limit, worker=worker)
    result = BatchResult(claimed=len(lease.mails))
    delay = timedelta()
    if not lease.mails:
        return result
    try:
        ready = _compose(lease, prepare, result)
        with opened_lines(settings.MAIL_CONNECTIONS) as lines:
            Sender(lease, lines, RefusalRules.on(), result).send_all(ready)
    except UnreachableError as error:
        logger.warning("mail server unreachable: %s", error)
        result.unreachable, delay = True, UNREACHABLE_DELAY
    finally:
        ledger.release(lease, delay=delay)
    _look_after(stream, result)
    return result


def _look_after(stream: MailStream, result: BatchResult) -> None:
    """Service mail is never paused: each of its mails is somebody's."""
    if stream.purpose == MailPurpose.SERVICE:
        result.trouble = ""
    elif not result.trouble and result.counts[State.FAILED]:
        result.trouble = trouble_of(stream)
    if result.trouble:
        pause_stream(stream)
        logger.error("stream %s paused: %s", stream.uuid, result.trouble)


def _compose(lease: Lease, prepare: Prepare, result: BatchResult) -> list[Ready]:
    """Stores what will be sent; closes what will not."""
    answers, broken = _prepared(prepare, lease.mails)
    withdrawn = {pk: answer.outcome for pk, answer in answers.items() if isinstance(answer, Withdrawal)}
    ledger.postpone(lease, {pk: answer.until for pk, answer in answers.items() if isinstance(answer, Postponement)})
    ready, rows = [], []
    sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    for mail in lease.mails:
        answer = answers.get(mail.pk)
        if not isinstance(answer, Content):
            continue
        try:
            message = _written(mail, answer)
            ready.append(Ready(mail, wire_address(mail.to_address), signed(message, sender)))
        except ValueError as error:
            broken[mail.pk] = f"{NOT_COMPOSED}{error}"
        else:
            rows.append(Stored(mail.pk, answer, content_digest(message)))
    ledger.withdraw(lease, withdrawn)
    ledger.refuse(lease, broken)
    ledger.store(lease, rows)
    result.counts[State.WITHDRAWN] += len(withdrawn)
    result.counts[State.FAILED] += len(broken)
    return ready


def _written(mail: OutgoingMail, content: Content) -> bytes:
    """Raises ValueError on an address or a header that mail cannot carry."""
    mail.subject, mail.text, mail.html = content.subject, content.text, content.html
    mail.headers = content.headers
    return assemble(mail)


def _prepared(prepare: Prepare, mails: list[OutgoingMail]) -> tuple[dict[int, Answer], dict[int, str]]:
    """What to send by mail id, and what could not be composed: one bad mail must not hold up the others."""
    try:
        return prepare(mails), {}
    except DatabaseError:
        raise
    except Exception as error:
        if len(mails) == 1:
            logger.exception("mail %s cannot be composed", mails[0].uuid)
            return {}, {mails[0].pk: f"{NOT_COMPOSED}{type(error).__name__}"}
    answers: dict[int, Answer] = {}
    broken: dict[int, str] = {}
    for mail in mails:
        one, bad = _prepared(prepare, [mail])
        answers |= one
        broken |= bad
    return answers, broken
