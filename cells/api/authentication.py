"""`Authorization: Bearer prefix.secret`. No header at all is nobody, which public routes accept."""

import logging
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from kombu.exceptions import OperationalError
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from cells.models import ApiKey
from cells.services.api_keys import find_usable_key
from cells.tasks import record_key_use

logger = logging.getLogger(__name__)

# How exact "last use" is: a busy key costs one message a minute, not one per request.
USE_PRECISION = timedelta(minutes=1)


class ApiKeyAuthentication(BaseAuthentication):
    """`request.auth` is the key. Unknown, expired and revoked keys get the same answer."""

    def authenticate(self, request: Request) -> tuple[None, ApiKey] | None:
        header = get_authorization_header(request).decode("latin-1")
        if not header:
            return None
        scheme, _, token = header.partition(" ")
        key = find_usable_key(token.strip()) if scheme.lower() == "bearer" else None
        if key is None:
            raise AuthenticationFailed
        note_use(key)
        return None, key

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="Jonction"'


def note_use(key: ApiKey) -> None:
    """Out of band: a GET never writes, and an API call does not need the broker."""
    now = timezone.now()
    if key.last_used_at is None or now - key.last_used_at >= USE_PRECISION:
        transaction.on_commit(partial(_publish, key, now))


def _publish(key: ApiKey, at: datetime) -> None:
    try:
        record_key_use.apply_async(args=[key.pk, at.isoformat()], retry=False)
    except OperationalError:
        logger.warning("use of key %s not handed over", key.prefix)


class ApiKeyScheme(OpenApiAuthenticationExtension):
    target_class = ApiKeyAuthentication
    name = "cle"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "La clé remise par la cellule : `Authorization: Bearer prefixe.secret`.",
        }
