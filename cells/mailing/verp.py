"""Variable envelope return paths: the address a bounce comes back to names the mail, and nobody can make one up."""

import hmac
import re
import uuid
from email.utils import parseaddr
from hashlib import sha256

from django.conf import settings

SIGNED = re.compile(r"\+([0-9a-f]{32})\.([0-9a-f]{16})@", re.IGNORECASE)


def envelope_sender(mail_uuid: uuid.UUID) -> str:
    """The MAIL FROM of this mail: MAIL_BOUNCE_ADDRESS with the mail's name, else the common sender."""
    if not settings.MAIL_BOUNCE_ADDRESS:
        return parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    local, _, domain = settings.MAIL_BOUNCE_ADDRESS.rpartition("@")
    return f"{local}+{mail_uuid.hex}.{_signature(mail_uuid)}@{domain}"


def mails_named(text: str) -> set[uuid.UUID]:
    """The mails that return paths of ours name in this text; forged ones do not count."""
    found = ((uuid.UUID(hex=name), signature.lower()) for name, signature in SIGNED.findall(text))
    return {name for name, signature in found if hmac.compare_digest(signature, _signature(name))}


def _signature(mail_uuid: uuid.UUID) -> str:
    key = f"cells.mailing.verp:{settings.SECRET_KEY}".encode()
    return hmac.digest(key, mail_uuid.bytes, sha256)[:8].hex()
