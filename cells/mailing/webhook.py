"""Calls of a mail provider, as Standard Webhooks sign them: HMAC-SHA256 of « id.timestamp.body ».

Body: {"type": "bounce" | "delay" | "complaint", "message_id": "<…>", "recipient": "…", "status": "5.1.1",
"diagnostic": "…"}.
"""

import base64
import binascii
import hmac
import json
import time
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from django.conf import settings

from cells.mailing.notices import Notice
from cells.mailing.refusals import ENHANCED
from cells.mailing.reports import take_notice
from cells.models import MailReport

TOLERANCE = 300  # seconds between the caller's clock and ours
KINDS = {"bounce": MailReport.Kind.BOUNCE, "delay": MailReport.Kind.DELAY, "complaint": MailReport.Kind.COMPLAINT}


class UnsignedCallError(Exception):
    """Not signed with our secret, or too old to be believed."""


class UnreadableCallError(Exception):
    """Signed, but not a report."""


def take_call(headers: Mapping[str, str], body: bytes) -> MailReport:
    """A call repeated with the same id changes nothing. Raises UnsignedCallError, UnreadableCallError."""
    call_id = headers.get("webhook-id", "")
    _check_signature(call_id, headers.get("webhook-timestamp", ""), headers.get("webhook-signature", ""), body)
    digest = sha256(f"webhook:{call_id}".encode()).hexdigest()
    return take_notice(_notice(body), digest=digest, source=MailReport.Source.WEBHOOK)


def sign_call(call_id: str, timestamp: int | str, body: bytes) -> str:
    """« v1,… », the signature that a call must carry; others may stand beside it while the secret changes."""
    digest = hmac.digest(_secret(), f"{call_id}.{timestamp}.".encode() + body, sha256)
    return f"v1,{base64.b64encode(digest).decode()}"


def _secret() -> bytes:
    """« whsec_… » holds base64; any other secret is taken as it is."""
    secret: str = settings.MAIL_WEBHOOK_SECRET
    if not secret.startswith("whsec_"):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix("whsec_"))
    except binascii.Error:
        return secret.encode()


def _check_signature(call_id: str, timestamp: str, signatures: str, body: bytes) -> None:
    expected = sign_call(call_id, timestamp, body).encode()
    if not call_id or not any(hmac.compare_digest(expected, one.encode()) for one in signatures.split()):
        raise UnsignedCallError
    if not timestamp.isdecimal() or abs(time.time() - int(timestamp)) > TOLERANCE:
        raise UnsignedCallError


def _notice(body: bytes) -> Notice:
    said = _read(body)
    kind = KINDS.get(str(said.get("type")))
    if kind is None:
        raise UnreadableCallError
    code = ENHANCED.search(str(said.get("status", "")))
    recipient = str(said.get("recipient", "")).strip().lower()
    return Notice(
        kind,
        code[1] if code else "",
        " ".join(str(said.get("diagnostic", "")).split())[:300],
        frozenset({recipient} - {""}),
        frozenset({str(said.get("message_id", "")).strip()}),
    )


def _read(body: bytes) -> dict[str, Any]:
    try:
        said = json.loads(body)
    except ValueError as error:
        raise UnreadableCallError from error
    if not isinstance(said, dict):
        raise UnreadableCallError
    return said
