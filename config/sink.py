"""A local SMTP server that delivers nothing: each message becomes a file of a Maildir.

`python -m config.sink --port 1025 --mailbox var/mailbox`; `--delay` gives it the slowness of a distant server.
"""

import argparse
import asyncio
import contextlib
import itertools
import os
import signal
import sys
import time
from pathlib import Path

from aiosmtpd.smtp import SMTP, Envelope, Session

HOST = "127.0.0.1"
LARGEST_MESSAGE = 32 * 1024 * 1024  # bytes


class Maildir:
    """Writes each message in tmp/ then moves it to new/: a reader never sees half a message."""

    def __init__(self, folder: Path, delay: float = 0) -> None:
        self.folder = folder
        self.delay = delay
        self.numbers = itertools.count()
        for name in ("tmp", "new", "cur"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    def store(self, content: bytes, sender: str, recipients: list[str]) -> Path:
        name = f"{time.time():.6f}.P{os.getpid()}Q{next(self.numbers)}.jonction"
        trace = [f"Return-Path: <{sender}>", *(f"Delivered-To: {address}" for address in recipients)]
        (self.folder / "tmp" / name).write_bytes("".join(f"{line}\r\n" for line in trace).encode() + content)
        return (self.folder / "tmp" / name).rename(self.folder / "new" / name)

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """Commands are read one after the other as they come: they may come together (RFC 2920)."""
        session.host_name = hostname
        return [*responses[:-1], "250-PIPELINING", responses[-1]]

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """aiosmtpd's hook. The 250 is said once the file is in its place."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        await asyncio.sleep(self.delay / 2)
        self.store(content, envelope.mail_from or "", envelope.rcpt_tos)
        await asyncio.sleep(self.delay / 2)
        return "250 OK"


def count_messages(folder: Path) -> int:
    return sum(1 for name in ("new", "cur") for _ in (folder / name).glob("*"))


async def serve(port: int, mailbox: Path, delay: float = 0) -> None:
    """Serve until SIGTERM or SIGINT."""
    loop = asyncio.get_running_loop()
    maildir = Maildir(mailbox, delay)
    server = await loop.create_server(
        lambda: SMTP(maildir, loop=loop, enable_SMTPUTF8=True, data_size_limit=LARGEST_MESSAGE), HOST, port
    )
    finished = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signum, finished.set)
    await finished.wait()
    server.close()


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="config.sink", description="Boîte d'envoi locale : rien ne part.")
    parser.add_argument("--port", type=int, default=1025)
    parser.add_argument("--mailbox", type=Path, required=True, help="dossier Maildir où ranger les messages")
    parser.add_argument("--delay", type=float, default=0, help="secondes que prend chaque message (0)")
    options = parser.parse_args(arguments)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(serve(options.port, options.mailbox, options.delay))
    except OSError as error:
        sys.stderr.write(f"Le port {options.port} ne peut pas être ouvert : {error.strerror}.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
