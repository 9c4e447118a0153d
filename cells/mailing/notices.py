"""Reading what mail servers send back: bounces (RFC 3464), complaints (RFC 5965), and the older shapes still met.

Nothing here raises on what it reads, and nothing is believed: `cells.mailing.reports` ties a notice to a mail of ours.
"""

import email
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from email.utils import parseaddr

from django.conf import settings

from cells.mailing.refusals import ENHANCED
from cells.mailing.verp import mails_named
from cells.models import MailReport

Kind = MailReport.Kind

LARGEST = 1_000_000  # bytes looked at; the rest of a longer notice is what we wrote ourselves
DAEMONS = re.compile(r"mailer-daemon|postmaster|mail delivery|bounce", re.IGNORECASE)
ACTIONS = {"failed": Kind.BOUNCE, "delayed": Kind.DELAY}
RECIPIENTS = ("Original-Recipient", "Final-Recipient")


@dataclass(frozen=True)
class Notice:
    """`message_ids` and `mail_uuids` are those of our own making, `recipients` bare addresses in lower case."""

    kind: str
    code: str = ""
    diagnostic: str = ""
    recipients: frozenset[str] = frozenset()
    message_ids: frozenset[str] = frozenset()
    mail_uuids: frozenset[uuid.UUID] = field(default_factory=frozenset)


def read_notice(raw: bytes) -> Notice:
    message = email.message_from_bytes(raw[:LARGEST])
    texts = [raw[:LARGEST].decode("utf-8", "replace"), *_decoded(message)]
    kind, code, diagnostic, recipients = _complaint(message) or _status(message) or _old_bounce(message, texts)
    return Notice(
        kind,
        code,
        " ".join(diagnostic.split())[:300],
        frozenset(recipients),
        frozenset(one for text in texts for one in _our_message_ids(text)),
        frozenset(one for text in texts for one in mails_named(text)),
    )


Reading = tuple[str, str, str, set[str]]


def _complaint(message: Message) -> Reading | None:
    for part in _parts(message, "message/feedback-report"):
        fields = next(_blocks(part), Message())
        recipients = {_address(str(value)) for value in fields.get_all("Original-Rcpt-To", [])}
        said = str(fields.get("Feedback-Type", "")).strip().lower()
        kind = Kind.OTHER if said in ("not-spam", "auth-failure", "dmarc", "virus") else Kind.COMPLAINT
        return kind, "", said, recipients - {""}
    return None


def _status(message: Message) -> Reading | None:
    """The block of the first failed recipient; a mail of ours has one recipient."""
    blocks = [block for part in _parts(message, "message/delivery-status") for block in _blocks(part)]
    about = [block for block in blocks if block.get("Action") or block.get("Final-Recipient")]
    if not about:
        return None
    block = next((one for one in about if _action(one) == "failed"), about[0])
    code = ENHANCED.search(f"{block.get('Status', '')}")
    recipients = {_address(str(block[name])) for name in RECIPIENTS if block.get(name)} - {""}
    diagnostic = str(block.get("Diagnostic-Code", ""))
    return ACTIONS.get(_action(block), Kind.OTHER), code[1] if code else "", diagnostic, recipients


def _old_bounce(message: Message, texts: list[str]) -> Reading:
    """qmail, old Exim and gateways: plain words from a daemon, at best X-Failed-Recipients and a code in the text."""
    failed = str(message.get("X-Failed-Recipients", ""))
    sender = f"{message.get('From', '')} {message.get('Return-Path', '')}"
    if not failed and not (DAEMONS.search(sender) or message.get("Return-Path", "").strip() == "<>"):
        return Kind.OTHER, "", str(message.get("Auto-Submitted", "")), set()
    code = next((found[1] for text in texts[1:] if (found := ENHANCED.search(text))), "")
    return Kind.BOUNCE, code, _line_with(code, texts), {_address(one) for one in failed.split(",")} - {""}


def _line_with(code: str, texts: list[str]) -> str:
    lines = (line for text in texts[1:] for line in text.splitlines())
    return next((line for line in lines if code and code in line), "")


def _parts(message: Message, content_type: str) -> list[Message]:
    return [part for part in message.walk() if part.get_content_type() == content_type]


def _blocks(part: Message) -> Iterator[Message]:
    """Groups of fields. A part that was encoded, against the standard, is decoded and read again."""
    payload = part.get_payload()
    if isinstance(payload, list):
        blocks = [block for block in payload if isinstance(block, Message)]
        if any(block.keys() for block in blocks):
            yield from blocks
            return
        payload = "\n\n".join(str(block.get_payload()) for block in blocks)
    for text in _unwrapped(part, str(payload)).replace("\r\n", "\n").split("\n\n"):
        yield email.message_from_string(text)


def _unwrapped(part: Message, text: str) -> str:
    holder = Message()
    holder["Content-Transfer-Encoding"] = str(part.get("Content-Transfer-Encoding", "7bit"))
    holder.set_payload(text)
    decoded = holder.get_payload(decode=True)
    return decoded.decode("utf-8", "replace") if isinstance(decoded, bytes) else text


def _decoded(message: Message) -> Iterator[str]:
    for part in message.walk():
        payload = part.get_payload(decode=True)
        if isinstance(payload, bytes):
            yield payload.decode("utf-8", "replace")


def _action(block: Message) -> str:
    return str(block.get("Action", "")).split("(")[0].strip().lower()


def _address(value: str) -> str:
    """« rfc822; <a@b.fr> » → a@b.fr."""
    return parseaddr(value.rpartition(";")[2].strip())[1].lower()


def _our_message_ids(text: str) -> list[str]:
    """See cells.mailing.message.message_id_for: nobody writes one who has not had the mail."""
    return re.findall(rf"<[0-9a-f]{{40}}@{re.escape(settings.MAIL_DOMAIN)}>", text)
