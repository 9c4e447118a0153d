"""One SMTP connection that says exactly how far a message went."""

import contextlib
import re
import smtplib
import ssl
from functools import partial
from typing import NamedTuple, NoReturn

from django.conf import settings

LINE_DOT = re.compile(rb"^\.", re.MULTILINE)
CLOSING = 421
INVITED = 354
LOST = (smtplib.SMTPServerDisconnected, OSError)


class Reply(NamedTuple):
    code: int
    text: str

    @property
    def accepted(self) -> bool:
        return 200 <= self.code < 400

    @property
    def temporary(self) -> bool:
        """RFC 5321: 4xx. A code that means nothing is taken for temporary: nothing was accepted."""
        return not self.accepted and not 500 <= self.code < 600


class UnreachableError(Exception):
    """No server answers, or it takes nobody now, or nothing from our sender: no mail was tried."""


class LostBeforeContentError(Exception):
    """The connection broke before the message was shown: it was certainly not taken."""


class LostInDoubtError(Exception):
    """The connection broke after the message began to leave: nobody knows."""


class SmtpLine:
    """Opened when first needed, again after a loss. For each mail: `start`, `invitation`, then `begin` and `verdict`.

    Each write and each answer is a step of its own, so that one worker keeps several lines busy at once. The message
    itself leaves with `begin` only: until then the mail was certainly not taken.
    """

    def __init__(self) -> None:
        self.connection: smtplib.SMTP | None = None
        self.pipelines = False
        self.sender = self.to = ""
        self.is_fresh = False
        self.is_idle = True

    def open(self) -> None:
        """Raises UnreachableError."""
        if self.connection is not None:
            return
        try:
            self.connection = _connect()
        except (smtplib.SMTPException, OSError) as error:
            raise UnreachableError(str(error)) from error
        self.pipelines = self.connection.has_extn("pipelining")
        self.is_fresh = self.is_idle = True

    def start(self, sender: str, to: str) -> None:
        """MAIL, and with it RCPT and DATA where the server takes them at once (RFC 2920)."""
        self.open()
        self.sender, self.to, self.is_idle = sender, to, False
        with contextlib.suppress(*LOST):  # `invitation` will hear that nobody answers
            self._write(*self._commands() if self.pipelines else self._commands()[:1])

    def invitation(self) -> Reply:
        """354 when the server waits for the message. A reused connection that turns out to be dead is replaced once.

        Raises LostBeforeContentError, and UnreachableError when the server takes nothing from our sender.
        """
        try:
            return self._invitation()
        except LostBeforeContentError:
            if self.is_fresh:
                raise
            self.start(self.sender, self.to)
            return self._invitation()

    @property
    def is_waiting(self) -> bool:
        """Whether a message has left whose verdict is not heard yet."""
        return self.connection is not None and not self.is_idle

    def begin(self, message: bytes) -> None:
        """The message and its end. Raises LostInDoubtError."""
        assert self.connection is not None
        try:
            self.connection.send(LINE_DOT.sub(b"..", message) + b".\r\n")
        except LOST as error:
            self._drop()
            raise LostInDoubtError(str(error)) from error

    def verdict(self) -> Reply:
        """Raises LostInDoubtError when the connection breaks before the server's answer."""
        try:
            verdict = self._read()
        except LOST as error:
            self._drop()
            raise LostInDoubtError(str(error)) from error
        self.is_fresh, self.is_idle = False, True
        return verdict if verdict.accepted else self._refused(verdict)

    def forget(self) -> None:
        """Gives up the mail whose message was invited: after 354 only a broken connection says so."""
        self._drop()

    def close(self) -> None:
        if self.connection is not None and self.is_idle:
            with contextlib.suppress(smtplib.SMTPException, OSError):
                self.connection.quit()
        self._drop()

    def _commands(self) -> list[str]:
        return [f"MAIL FROM:<{self.sender}>", f"RCPT TO:<{self.to}>", "DATA"]

    def _invitation(self) -> Reply:
        try:
            replies = self._replies_at_once() if self.pipelines else self._replies_in_turn()
        except LOST as error:
            self._drop()
            raise LostBeforeContentError(str(error)) from error
        if not replies[0].accepted:
            self._refuse_sender(replies[0])
        return self._judge(replies)

    def _replies_at_once(self) -> list[Reply]:
        return [self._read() for _ in self._commands()]

    def _replies_in_turn(self) -> list[Reply]:
        replies = [self._read()]
        for command in self._commands()[1:]:
            if not replies[-1].accepted:
                break
            self._write(command)
            replies.append(self._read())
        return replies

    def _judge(self, replies: list[Reply]) -> Reply:
        """The first refusal. A server that invites the message of a refused recipient must not get an empty one."""
        invited = replies[-1].code == INVITED
        refusal = next((reply for reply in replies[:2] if not reply.accepted), None)
        if refusal is None and invited:
            return replies[-1]
        if invited:
            self._drop()
        self.is_fresh, self.is_idle = False, True
        return self._refused(refusal or replies[-1])

    def _refuse_sender(self, reply: Reply) -> NoReturn:
        """Says nothing of the recipient: the mail is not to blame. A server may close a connection used enough."""
        self._drop()
        if reply.code == CLOSING:
            raise LostBeforeContentError(reply.text)
        raise UnreachableError(f"sender refused: {reply.code} {reply.text}")

    def _refused(self, reply: Reply) -> Reply:
        """Ready for the next mail, on this connection or, when the server is closing it, on another."""
        if self.connection is None:
            return reply
        try:
            if reply.code == CLOSING or self.connection.rset()[0] != 250:
                self._drop()
        except LOST:
            self._drop()
        return reply

    def _write(self, *commands: str) -> None:
        assert self.connection is not None
        self.connection.send("".join(f"{command}\r\n" for command in commands).encode("ascii"))

    def _read(self) -> Reply:
        if self.connection is None:
            raise smtplib.SMTPServerDisconnected("no connection")
        code, text = self.connection.getreply()
        return Reply(code, text.decode(errors="replace"))

    def _drop(self) -> None:
        if self.connection is not None:
            self.connection.close()
        self.connection = None
        self.is_idle = True


def _connect() -> smtplib.SMTP:
    verified = ssl.create_default_context() if settings.EMAIL_USE_SSL or settings.EMAIL_USE_TLS else None
    kind = partial(smtplib.SMTP_SSL, context=verified) if settings.EMAIL_USE_SSL else smtplib.SMTP
    connection = kind(
        settings.EMAIL_HOST,
        settings.EMAIL_PORT,
        local_hostname=settings.MAIL_DOMAIN,
        timeout=settings.EMAIL_TIMEOUT,
    )
    try:
        if settings.EMAIL_USE_TLS:
            connection.starttls(context=verified)
        connection.ehlo_or_helo_if_needed()
        if settings.EMAIL_HOST_USER:
            connection.login(settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD)
    except BaseException:
        connection.close()
        raise
    return connection
