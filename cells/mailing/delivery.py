"""Sending what is due of one stream: claim, compose, hand over one by one on one connection, settle."""

import logging
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NamedTuple

from django.db import Error as DatabaseError

from cells.mailing import ledger
from cells.mailing.ledger import RETRY_DELAYS, UNREACHABLE_DELAY, Closing, Lease, Stored
from cells.mailing.message import Content, assemble, content_digest, wire_address
from cells.mailing.smtp import (
    LostBeforeContentError,
    LostInDoubtError,
    Reply,
    SmtpLine,
    UnreachableError,
)
from cells.models import MailStream, OutgoingMail

logger = logging.getLogger(__name__)

State = OutgoingMail.State

BATCH = 200
LOST_CONNECTION = "La connexion au serveur a été perdue avant l’envoi."
IN_DOUBT = "La connexion a été perdue pendant l’envoi : envoi incertain, non répété."
GIVEN_UP = "Abandonné après plusieurs refus temporaires. Dernier : "
NOT_COMPOSED = "Le message n’a pas pu être composé : "


class Withdrawal(NamedTuple):
    """A mail that must not go any more; `outcome` says why, in French."""

    outcome: str


Prepare = Callable[[Sequence[OutgoingMail]], dict[int, Content | Withdrawal]]


@dataclass
class BatchResult:
    """`claimed` 0: nothing was due. `unreachable`: the server takes nobody now, what was left waits a minute."""

    claimed: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    unreachable: bool = False
    interrupted: bool = False


class Ready(NamedTuple):
    mail: OutgoingMail
    address: str
    message: bytes


def deliver_batch(stream: MailStream, *, prepare: Prepare, worker: str, limit: int = BATCH) -> BatchResult:
    """Send up to `limit` due mails. `prepare` re-checks and renders them: by mail id, what to send or why not.

    Any number of workers may call it at once. Whatever it raises, no mail is left in its hands.
    """
    lease = ledger.claim(stream, limit=limit, worker=worker)
    result = BatchResult(claimed=len(lease.mails))
    delay = timedelta()
    if not lease.mails:
        return result
    try:
        ready = _compose(lease, prepare, result)
        with SmtpLine() as line:
            Sender(lease, line, result).send_all(ready)
    except UnreachableError as error:
        logger.warning("mail server unreachable: %s", error)
        result.unreachable, delay = True, UNREACHABLE_DELAY
    finally:
        ledger.release(lease, delay=delay)
    return result


class Sender:
    """One conversation with the server. `pending` is the last verdict, committed with the next hand-over."""

    def __init__(self, lease: Lease, line: SmtpLine, result: BatchResult) -> None:
        self.lease = lease
        self.line = line
        self.result = result
        self.pending: Closing | None = None

    def send_all(self, ready: list[Ready]) -> None:
        """Stops when the stream is no longer open or the lease has run out."""
        try:
            for one in ready:
                if not self._send(one):
                    self.result.interrupted = True
                    return
        finally:
            self._flush()

    def _send(self, one: Ready) -> bool:
        mail = one.mail
        try:
            reply = self.line.envelope(one.address)
            if reply.accepted:
                if not self._hand_over(mail):
                    self.line.forget()
                    return False
                reply = self.line.content(one.message)
            self._conclude(closing_for(mail, reply))
        except LostBeforeContentError:
            self._conclude(later(mail, None, LOST_CONNECTION))
        except LostInDoubtError:
            self._conclude(Closing(mail.pk, State.UNCERTAIN, None, IN_DOUBT))
        return True

    def _hand_over(self, mail: OutgoingMail) -> bool:
        previous, self.pending = self.pending, None
        return ledger.hand_over(self.lease, mail.pk, previous)

    def _conclude(self, closing: Closing) -> None:
        self._flush()
        self.pending = closing
        self.result.counts[closing.state] += 1

    def _flush(self) -> None:
        if self.pending is not None:
            ledger.settle(self.lease, self.pending)
            self.pending = None


def closing_for(mail: OutgoingMail, reply: Reply) -> Closing:
    if reply.accepted:
        return Closing(mail.pk, State.SENT, reply.code, "")
    if reply.temporary:
        return later(mail, reply.code, f"{reply.code} {reply.text}")
    return Closing(mail.pk, State.FAILED, reply.code, f"{reply.code} {reply.text}")


def later(mail: OutgoingMail, code: int | None, said: str) -> Closing:
    """Queued again after the next delay of RETRY_DELAYS, refused when they are used up."""
    if mail.attempts >= len(RETRY_DELAYS):
        return Closing(mail.pk, State.FAILED, code, GIVEN_UP + said)
    return Closing(mail.pk, State.QUEUED, code, said, RETRY_DELAYS[mail.attempts])


def _compose(lease: Lease, prepare: Prepare, result: BatchResult) -> list[Ready]:
    """Stores what will be sent; closes what will not."""
    answers, broken = _prepared(prepare, lease.mails)
    withdrawn = {pk: answer.outcome for pk, answer in answers.items() if isinstance(answer, Withdrawal)}
    ready, rows = [], []
    for mail in lease.mails:
        answer = answers.get(mail.pk)
        if not isinstance(answer, Content):
            continue
        try:
            ready.append(_ready(mail, answer))
        except ValueError as error:
            broken[mail.pk] = f"{NOT_COMPOSED}{error}"
        else:
            rows.append(Stored(mail.pk, answer, content_digest(ready[-1].message)))
    ledger.withdraw(lease, withdrawn)
    ledger.refuse(lease, broken)
    ledger.store(lease, rows)
    result.counts[State.WITHDRAWN] += len(withdrawn)
    result.counts[State.FAILED] += len(broken)
    return ready


def _ready(mail: OutgoingMail, content: Content) -> Ready:
    """Raises ValueError on an address or a header that mail cannot carry."""
    mail.subject, mail.text, mail.html = content.subject, content.text, content.html
    mail.headers = content.headers
    return Ready(mail, wire_address(mail.to_address), assemble(mail))


def _prepared(prepare: Prepare, mails: list[OutgoingMail]) -> tuple[dict[int, Content | Withdrawal], dict[int, str]]:
    """What to send by mail id, and what could not be composed: one bad mail must not hold up the others."""
    try:
        return prepare(mails), {}
    except DatabaseError:
        raise
    except Exception as error:
        if len(mails) == 1:
            logger.exception("mail %s cannot be composed", mails[0].uuid)
            return {}, {mails[0].pk: f"{NOT_COMPOSED}{type(error).__name__}"}
    answers: dict[int, Content | Withdrawal] = {}
    broken: dict[int, str] = {}
    for mail in mails:
        one, bad = _prepared(prepare, [mail])
        answers |= one
        broken |= bad
    return answers, broken
