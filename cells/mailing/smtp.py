"""One SMTP connection that says exactly how far a message went."""

import re
import smtplib
import ssl
from email.utils import parseaddr
from functools import partial
from types import TracebackType
from typing import NamedTuple, NoReturn, Self

from django.conf import settings

LINE_DOT = re.compile(rb"^\.", re.MULTILINE)
CLOSING = 421
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
    """Opened when first needed, again after a loss. `envelope` then `content`, or `envelope` then `forget`."""

    def __init__(self) -> None:
        self.sender = parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
        self.connection: smtplib.SMTP | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def envelope(self, to: str) -> Reply:
        """MAIL and RCPT. A reused connection that turns out to be dead is replaced once."""
        was_open = self.connection is not None
        try:
            return self._envelope(to)
        except LostBeforeContentError:
            if not was_open:
                raise
            return self._envelope(to)

    def content(self, message: bytes) -> Reply:
        """DATA. Raises LostInDoubtError when the connection breaks before the server's verdict."""
        connection = self._opened()
        try:
            invited = _reply(connection.docmd("DATA"))
        except LOST as error:
            self._drop()
            raise LostBeforeContentError(str(error)) from error
        if invited.code != 354:
            return self._refused(invited)
        try:
            connection.send(LINE_DOT.sub(b"..", message) + b".\r\n")
            verdict = _reply(connection.getreply())
        except LOST as error:
            self._drop()
            raise LostInDoubtError(str(error)) from error
        return verdict if verdict.accepted else self._refused(verdict)

    def forget(self) -> None:
        """Gives up the envelope without a message."""
        self._refused(Reply(250, ""))

    def close(self) -> None:
        if self.connection is not None:
            try:
                self.connection.quit()
            except (smtplib.SMTPException, OSError):
                self._drop()
        self.connection = None

    def _envelope(self, to: str) -> Reply:
        connection = self._opened()
        try:
            sender = _reply(connection.mail(self.sender))
            reply = _reply(connection.rcpt(to)) if sender.accepted else sender
        except LOST as error:
            self._drop()
            raise LostBeforeContentError(str(error)) from error
        if not sender.accepted:
            self._refuse_sender(sender)
        return reply if reply.accepted else self._refused(reply)

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

    def _opened(self) -> smtplib.SMTP:
        if self.connection is None:
            try:
                self.connection = _connect()
            except (smtplib.SMTPException, OSError) as error:
                raise UnreachableError(str(error)) from error
        return self.connection

    def _drop(self) -> None:
        if self.connection is not None:
            self.connection.close()
        self.connection = None


def _connect() -> smtplib.SMTP:
    verified = ssl.create_default_context()
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


def _reply(answer: tuple[int, bytes]) -> Reply:
    code, text = answer
    return Reply(code, text.decode(errors="replace"))
