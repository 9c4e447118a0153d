"""Where reports wait to be read: an mbox or a Maildir on this machine, an IMAP mailbox elsewhere."""

import imaplib
import mailbox
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

Take = Callable[[bytes], object]


class BoxError(Exception):
    """The box cannot be read; the message is in French."""


def read_box(url: str, take: Take) -> int:
    """How many messages were taken from « mbox:/chemin », « maildir:/chemin » or « imaps://nom:secret@serveur/INBOX ».

    A message is marked as seen only once taken; in an mbox nothing is marked, and a report seen twice counts once.
    """
    kind, _, rest = url.partition(":")
    readers = {"mbox": _read_mbox, "maildir": _read_maildir, "imaps": _read_imap}
    if kind not in readers:
        raise BoxError(f"Adresse de boîte inconnue : {kind}.")
    try:
        return readers[kind](url if kind == "imaps" else rest, take)
    except (OSError, imaplib.IMAP4.error) as error:
        raise BoxError(f"La boîte des retours ne peut pas être lue : {error}") from error


def _read_mbox(path: str, take: Take) -> int:
    if not Path(path).is_file():
        raise FileNotFoundError(path)
    box = mailbox.mbox(path, create=False)
    count = 0
    for key in box.iterkeys():
        take(box.get_bytes(key))
        count += 1
    box.close()
    return count


def _read_maildir(path: str, take: Take) -> int:
    """From new/ to cur/, flagged as seen."""
    folder = Path(path)
    count = 0
    for message in sorted((folder / "new").iterdir()):
        take(message.read_bytes())
        message.rename(folder / "cur" / f"{message.name}:2,S")
        count += 1
    return count


def _read_imap(url: str, take: Take) -> int:
    parts = urlsplit(url)
    with imaplib.IMAP4_SSL(parts.hostname or "", parts.port or 993, timeout=30) as line:
        line.login(unquote(parts.username or ""), unquote(parts.password or ""))
        line.select(parts.path.strip("/") or "INBOX")
        numbers = line.search(None, "UNSEEN")[1][0].split()
        for number in numbers:
            for piece in line.fetch(number, "(BODY.PEEK[])")[1]:
                if isinstance(piece, tuple):
                    take(piece[1])
            line.store(number, "+FLAGS", "\\Seen")
        return len(numbers)
