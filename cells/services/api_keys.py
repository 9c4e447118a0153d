"""API keys: the secret is shown once, when the key is issued."""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from cells.errors import RefusedError
from cells.models import ApiKey, Cell, Organisation
from cells.scoping import Viewer
from cells.services.audit import record_action

LONGEST_LIFE_DAYS = 730
TOKEN = re.compile(r"([0-9a-z]{1,12})\.([0-9A-Za-z_-]{1,100})")


class IssuedKey(NamedTuple):
    """`token` is what the partner sends; nobody can read it again."""

    key: ApiKey
    token: str


@transaction.atomic
def issue_api_key(
    *, cell: Cell, organisation: Organisation, label: str, scopes: Iterable[str], days: int = 365, by: Viewer
) -> IssuedKey:
    """Raise RefusedError on an unknown scope, or a life that is not between 1 and 730 days."""
    wanted = sorted(set(scopes))
    unknown = set(wanted) - set(ApiKey.Scope.values)
    if unknown:
        known = ", ".join(ApiKey.Scope.values)
        raise RefusedError(f"Droit inconnu : {', '.join(sorted(unknown))}. Droits possibles : {known}.")
    if not 1 <= days <= LONGEST_LIFE_DAYS:
        raise RefusedError(f"Une clé vit de 1 à {LONGEST_LIFE_DAYS} jours : {days} n’est pas possible.")
    prefix, secret = f"jk{secrets.token_hex(5)}", secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        cell=cell,
        organisation=organisation,
        label=label,
        prefix=prefix,
        secret_hash=hash_secret(secret),
        scopes=wanted,
        expires_at=timezone.now() + timedelta(days=days),
    )
    record_action("api_key.issued", by=by, target=key, facts={"scopes": wanted, "days": days}, cell_id=cell.pk)
    return IssuedKey(key, f"{prefix}.{secret}")


@transaction.atomic
def revoke_api_key(key: ApiKey, *, by: Viewer) -> ApiKey:
    """At once and for good. Raise RefusedError when it already is."""
    now = timezone.now()
    if not ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now):
        raise RefusedError(f"La clé {key.prefix} est déjà révoquée.")
    key.revoked_at = now
    record_action("api_key.revoked", by=by, target=key, cell_id=key.cell_id)
    return key


def find_usable_key(token: str) -> ApiKey | None:
    """The key of a token, unless it is unknown, expired or revoked."""
    parts = TOKEN.fullmatch(token)
    if parts is None:
        return None
    key = ApiKey.objects.usable().filter(prefix=parts[1]).select_related("organisation").first()
    if key is None or not hmac.compare_digest(key.secret_hash, hash_secret(parts[2])):
        return None
    return key


def mark_key_used(api_key_id: int, at: datetime) -> None:
    """Never goes back in time: uses are noted by workers, in any order."""
    ApiKey.objects.filter(pk=api_key_id).filter(Q(last_used_at=None) | Q(last_used_at__lt=at)).update(last_used_at=at)


def hash_secret(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
