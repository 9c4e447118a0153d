"""Links of mails: unguessable, bound to one purpose, good for one mail."""

import uuid

from django.core.signing import BadSignature, Signer

UNSUBSCRIBE = "cells.mailing.unsubscribe"
ANSWER = "matching.answer"


def sign_mail(mail_uuid: uuid.UUID, *, purpose: str) -> str:
    """The token holds nothing but the mail's uuid. It never expires by itself: a refusal must work as long as the mail
    exists, and whoever reads a token for another purpose says until when it is good.
    """
    return Signer(salt=purpose, sep=".").sign(mail_uuid.hex)


def read_mail_token(token: str, *, purpose: str) -> uuid.UUID | None:
    """None for a token we did not sign for this purpose."""
    try:
        return uuid.UUID(hex=Signer(salt=purpose, sep=".").unsign(token))
    except (BadSignature, ValueError):
        return None
