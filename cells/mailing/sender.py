"""Handing mails over to the server in groups, one mail a connection, and recording how each conversation ended."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db import InterfaceError, OperationalError, connection

from cells.mailing import ledger
from cells.mailing.ledger import RETRY_DELAYS, Closing, Lease
from cells.mailing.refusals import Action, RefusalRules, code_of
from cells.mailing.reports import note_soft_failure
from cells.mailing.smtp import (
    INVITED,
    LostBeforeContentError,
    LostInDoubtError,
    Reply,
    SmtpLine,
    UnreachableError,
)
from cells.mailing.suppressions import suppress_address
from cells.mailing.verp import envelope_sender
from cells.models import OutgoingMail, Suppression

State = OutgoingMail.State

LOST_CONNECTION = "La connexion au serveur a été perdue avant l’envoi."
IN_DOUBT = "La connexion a été perdue pendant l’envoi : envoi incertain, non répété."
GIVEN_UP = "Abandonné après plusieurs refus temporaires. Dernier : "
LOST_LEDGER = "La base de données s’est arrêtée juste avant la remise."
OUR_FAULT = "Pause automatique : un serveur refuse nos envois ({said})."
LOST_DATABASE = (OperationalError, InterfaceError)
SETTLE_PATIENCE, SETTLE_PAUSE = 60, 0.2  # seconds


@dataclass
class BatchResult:
    """`claimed` 0: nothing was due. `unreachable`: the server takes nobody now, what was left waits a minute.

    `trouble` says in French why the stream must be paused.
    """

    claimed: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    unreachable: bool = False
    interrupted: bool = False
    trouble: str = ""


class Ready(NamedTuple):
    mail: OutgoingMail
    address: str
    message: bytes


Pair = tuple[SmtpLine, Ready]


@contextmanager
def opened_lines(count: int) -> Iterator[list[SmtpLine]]:
    """Lines to the server, each opened when it is first used, all closed at the end."""
    lines = [SmtpLine() for _ in range(count)]
    try:
        yield list(lines)
    finally:
        for line in lines:
            line.close()


class Sender:
    """Several conversations with the server, one mail on each: a group of mails is handed over in one commit.

    `pending` are the last verdicts, committed with the next hand-over.
    """

    def __init__(self, lease: Lease, lines: list[SmtpLine], rules: RefusalRules, result: BatchResult) -> None:
        self.lease = lease
        self.lines = lines
        self.rules = rules
        self.result = result
        self.pending: list[Closing] = []

    def send_all(self, ready: list[Ready]) -> None:
        """Stops when the stream is no longer open or the lease has run out. Raises UnreachableError."""
        sent = 0
        try:
            while sent < len(ready) and not self.result.interrupted:
                group = list(zip(self._open_lines(), ready[sent:], strict=False))
                sent += len(group)
                self._send(group)
        finally:
            self._flush()

    def _open_lines(self) -> list[SmtpLine]:
        """A server may refuse one connection more: those it took are enough."""
        for line in list(self.lines):
            try:
                line.open()
            except UnreachableError:
                self.lines.remove(line)
                if not self.lines:
                    raise
        return self.lines

    def _send(self, group: list[Pair]) -> None:
        """The refusal of our own sender is raised once the others of the group have their verdict."""
        for line, one in group:
            line.start(envelope_sender(one.mail.uuid), one.address)
        invited, refusal = self._invited(group)
        taken = self._hand_over(invited)
        for pair in taken:
            self._begin(*pair)
        for line, one in taken:
            self._hear(line, one)
        if refusal is not None:
            raise refusal

    def _invited(self, group: list[Pair]) -> tuple[list[Pair], UnreachableError | None]:
        invited, refusal = [], None
        for line, one in group:
            try:
                reply = line.invitation()
            except LostBeforeContentError:
                self._conclude(later(one.mail, None, LOST_CONNECTION))
            except UnreachableError as error:
                refusal = error
            else:
                if reply.code == INVITED:
                    invited.append((line, one))
                else:
                    self._judge(one.mail, reply)
        return invited, refusal

    def _hand_over(self, invited: list[Pair]) -> list[Pair]:
        """Those still ours to send. Once this is committed a crash leaves them in doubt, and no others."""
        closings, self.pending = self.pending, []
        marked = self._marked([one.mail.pk for _, one in invited], closings)
        self.result.interrupted |= len(marked) < len(invited)
        for line, one in invited:
            if one.mail.pk not in marked:
                line.forget()
        return [(line, one) for line, one in invited if one.mail.pk in marked]

    def _marked(self, ids: list[int], closings: list[Closing]) -> set[int]:
        """A database that goes away meanwhile takes the mark with it or not: either way nothing was sent."""
        try:
            return ledger.hand_over(self.lease, ids, closings)
        except LOST_DATABASE:
            unsent = [Closing(pk, State.QUEUED, None, LOST_LEDGER) for pk in ids]
            self.pending = closings + unsent
            raise

    def _begin(self, line: SmtpLine, one: Ready) -> None:
        try:
            line.begin(one.message)
        except LostInDoubtError:
            self._conclude(Closing(one.mail.pk, State.UNCERTAIN, None, IN_DOUBT))

    def _hear(self, line: SmtpLine, one: Ready) -> None:
        if not line.is_waiting:
            return
        try:
            self._judge(one.mail, line.verdict())
        except LostInDoubtError:
            self._conclude(Closing(one.mail.pk, State.UNCERTAIN, None, IN_DOUBT))

    def _judge(self, mail: OutgoingMail, reply: Reply) -> None:
        """What a refusal leads to is written before the refusal: a crash between them repeats it, and loses nothing."""
        action = Action.REFUSE if reply.accepted else self.rules.of_reply(reply)
        closing = closing_for(mail, reply, action)
        if action == Action.SUPPRESS:
            suppress_address(mail.to_address, Suppression.Reason.DEAD, code_of(reply))
        elif action == Action.PAUSE:
            self.result.trouble = OUR_FAULT.format(said=f"{reply.code} {reply.text}"[:120])
            self.result.interrupted = True
        elif action == Action.RETRY and closing.state == State.FAILED:
            note_soft_failure(mail, code_of(reply), reply.text)
        self._conclude(closing)

    def _conclude(self, closing: Closing) -> None:
        self.pending.append(closing)
        self.result.counts[closing.state] += 1

    def _flush(self) -> None:
        """The verdicts we hold are worth waiting for a database that restarts."""
        closings, self.pending = self.pending, []
        if closings:
            settle_patiently(self.lease, closings)


def settle_patiently(lease: Lease, closings: list[Closing]) -> None:
    """Raises OperationalError when the database has not come back after SETTLE_PATIENCE seconds."""
    deadline = time.monotonic() + SETTLE_PATIENCE
    while True:
        try:
            ledger.settle(lease, closings)
            return
        except LOST_DATABASE:
            if time.monotonic() > deadline:
                raise
            connection.close()
            time.sleep(SETTLE_PAUSE)


def closing_for(mail: OutgoingMail, reply: Reply, action: str) -> Closing:
    if reply.accepted:
        return Closing(mail.pk, State.SENT, reply.code, "")
    if action in (Action.RETRY, Action.PAUSE):
        return later(mail, reply.code, f"{reply.code} {reply.text}")
    return Closing(mail.pk, State.FAILED, reply.code, f"{reply.code} {reply.text}")


def later(mail: OutgoingMail, code: int | None, said: str) -> Closing:
    """Queued again after the next delay of RETRY_DELAYS, refused when they are used up."""
    if mail.attempts >= len(RETRY_DELAYS):
        return Closing(mail.pk, State.FAILED, code, GIVEN_UP + said)
    return Closing(mail.pk, State.QUEUED, code, said, RETRY_DELAYS[mail.attempts])
