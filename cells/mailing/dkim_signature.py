"""The DKIM signature (RFC 6376) of what leaves, when the operator gives a key; else the relay signs.

RFC 8058 asks that both unsubscribe headers be covered. The signature is not part of the content that is stored: it says
when the message left.
"""

import dkim
from django.conf import settings

from cells.mailing.rates import domain_of

COVERED = (
    b"From",
    b"Reply-To",
    b"To",
    b"Subject",
    b"Date",
    b"Message-ID",
    b"MIME-Version",
    b"Content-Type",
    b"Auto-Submitted",
    b"Feedback-ID",
    b"List-Id",
    b"List-Unsubscribe",
    b"List-Unsubscribe-Post",
)


class KeyRefusedError(Exception):
    """MAIL_DKIM_KEY is no private key: nothing may leave unsigned by mistake."""


def signed(message: bytes, sender: str) -> bytes:
    """The message with its signature on top, under the sender's domain. Some milliseconds, once for each mail."""
    if not settings.MAIL_DKIM_KEY:
        return message
    try:
        signature: bytes = dkim.sign(
            message,
            settings.MAIL_DKIM_SELECTOR.encode(),
            domain_of(sender).encode(),
            settings.MAIL_DKIM_KEY.encode(),
            canonicalize=(b"relaxed", b"relaxed"),
            include_headers=list(COVERED),
        )
    except dkim.DKIMException as error:
        raise KeyRefusedError(str(error)) from error
    return signature + message
