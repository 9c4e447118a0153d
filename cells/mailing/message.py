"""What leaves: one text and one HTML part that say the same, in plain ASCII bytes any server takes."""

import binascii
import hmac
import uuid
from dataclasses import dataclass, field
from email.header import Header
from email.utils import format_datetime, formataddr
from functools import lru_cache
from hashlib import sha256
from typing import Protocol

from django.conf import settings
from django.utils import timezone
from django.utils.encoding import punycode


@dataclass(frozen=True, slots=True)
class Content:
    """`headers` come ready for the wire (see `mailbox`); To, Subject and Message-ID are the mail's own."""

    subject: str
    text: str
    html: str
    headers: dict[str, str] = field(default_factory=dict)


class Sendable(Protocol):
    """What `assemble` reads of an OutgoingMail."""

    uuid: uuid.UUID
    message_id: str
    to_address: str
    subject: str
    text: str
    html: str
    headers: dict[str, str]


def message_id_for(mail_uuid: uuid.UUID) -> str:
    """The same for the same mail, whoever computes it, and no clue about any other."""
    key = f"cells.mailing.message-id:{settings.SECRET_KEY}".encode()
    digest = hmac.digest(key, mail_uuid.bytes, sha256)
    return f"<{digest[:20].hex()}@{settings.MAIL_DOMAIN}>"


def mailbox(name: str, address: str) -> str:
    """« Cellule Île-de-France » <a@b> with its name encoded (RFC 2047)."""
    if name.isascii():
        return formataddr((name, address))
    return f"{_encoded(name)} <{address}>"


def wire_address(address: str) -> str:
    """The address in ASCII, its domain in punycode. Raises ValueError when its local part has no such form."""
    local, at, domain = address.rpartition("@")
    if not local.isascii():
        raise ValueError("l’adresse contient des caractères que le courrier électronique n’accepte pas")
    return f"{local}{at}{punycode(domain)}"


def list_headers(*, unsubscribe_url: str, list_name: str, list_id: str) -> dict[str, str]:
    """RFC 2369, RFC 2919 and RFC 8058: the mail client itself offers to unsubscribe, in one click."""
    return {
        "List-Id": mailbox(list_name, list_id),
        "List-Unsubscribe": f"<{unsubscribe_url}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }


def automatic_headers() -> dict[str, str]:
    """RFC 3834: nobody's out-of-office answer is asked for."""
    return {
        "Auto-Submitted": "auto-generated",
        "Date": format_datetime(timezone.now()),
        "MIME-Version": "1.0",
    }


def assemble(mail: Sendable) -> bytes:
    """The message as sent, to the byte: the same stored mail always gives the same bytes."""
    boundary = f"=_{mail.uuid.hex}"  # "=" never stands before "_" in quoted-printable: no part can hold it
    headers = {
        "To": wire_address(mail.to_address),
        "Subject": mail.subject,
        "Message-ID": mail.message_id,
        **{name: mail.headers[name] for name in sorted(mail.headers)},
        "Content-Type": f'multipart/alternative; boundary="{boundary}"',
    }
    head = "\r\n".join(f"{name}: {_header(name, value)}" for name, value in headers.items())
    parts = _part("plain", mail.text, boundary), _part("html", mail.html, boundary)
    return b"%b\r\n\r\n%b%b--%b--\r\n" % (head.encode("ascii"), *parts, boundary.encode())


def content_digest(message: bytes) -> str:
    return sha256(message).hexdigest()


def _header(name: str, value: str) -> str:
    """Raises ValueError on a line break that would start another header."""
    if "\n" in value.replace("\r\n ", " ") or "\r" in value.replace("\r\n ", " "):
        raise ValueError(f"line break in header {name}")
    return value if value.isascii() else _encoded(value, len(name) + 2)


@lru_cache(maxsize=1_000)
def _encoded(value: str, used: int = 0) -> str:
    return Header(value, "utf-8", maxlinelen=76 - used).encode(linesep="\r\n")


def _part(kind: str, body: str, boundary: str) -> bytes:
    lines = binascii.b2a_qp(body.replace("\r\n", "\n").encode(), istext=True).replace(b"\n", b"\r\n")
    head = f"--{boundary}\r\nContent-Type: text/{kind}; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable"
    return b"%b\r\n\r\n%b\r\n" % (head.encode(), lines)
