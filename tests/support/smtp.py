"""A real SMTP server on a local port, that says what a test tells it to say."""

import socket
import threading
from collections import Counter, deque
from collections.abc import Callable
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from types import TracebackType
from typing import Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

DROP_DURING_DATA = "drop during data"
DROP_AFTER_TAKING = "drop after taking"
DROP_AT_RCPT = "drop at rcpt"


class ScriptedHandler:
    """`at_mail`, `at_rcpt` and `at_data` are answers used up in order, then everything is accepted."""

    def __init__(self) -> None:
        self.at_mail: deque[str] = deque()
        self.at_rcpt: deque[str] = deque()
        self.at_data: deque[str] = deque()
        self.taken: list[tuple[str, bytes]] = []
        self.sessions = 0
        self.pipelines = False
        self.on_message: Callable[[int], None] = lambda count: None
        self.lock = threading.Lock()

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.sessions += 1
        return [*responses[:-1], "250-PIPELINING", responses[-1]] if self.pipelines else responses

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.at_mail.popleft() if self.at_mail else "250 OK"
        if answer.startswith("250"):
            envelope.mail_from = address
        return answer

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.at_rcpt.popleft() if self.at_rcpt else "250 OK"
        if answer == DROP_AT_RCPT:
            hang_up(server)
        elif answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = self.at_data.popleft() if self.at_data else "250 OK"
        if answer == DROP_DURING_DATA:
            hang_up(server)
            return "250 never heard"
        if answer.startswith("250") or answer == DROP_AFTER_TAKING:
            self._take(envelope)
        if answer == DROP_AFTER_TAKING:
            hang_up(server)
            return "250 never heard"
        return answer

    def _take(self, envelope: Envelope) -> None:
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        with self.lock:
            self.taken.extend((address, content) for address in envelope.rcpt_tos)
            count = len(self.taken)
        self.on_message(count)


def hang_up(server: SMTP) -> None:
    server.transport.abort()


class SmtpServer:
    """`with SmtpServer() as server:` listens on a free port."""

    def __init__(self) -> None:
        self.handler = ScriptedHandler()
        self.controller = Controller(self.handler, hostname="127.0.0.1", port=free_port())

    def __enter__(self) -> Self:
        self.controller.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        if self.controller.server is not None:
            self.controller.stop()

    @property
    def port(self) -> int:
        return self.controller.port

    @property
    def taken(self) -> list[tuple[str, bytes]]:
        return self.handler.taken

    def per_address(self) -> Counter[str]:
        return Counter(address for address, _ in self.taken)

    def messages(self) -> list[EmailMessage]:
        return [BytesParser(policy=policy.default).parsebytes(content) for _, content in self.taken]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
