"""Who wants no more mail. Addresses are compared by a keyed hash, so that an objection outlives an erasure."""

import hmac
from collections.abc import Iterable
from hashlib import sha256

from django.conf import settings
from django.db.models import QuerySet

from cells.models import MailPurpose, Objection

CHUNK = 5_000


def hash_address(address: str) -> str:
    """HMAC-SHA256 under OBJECTION_KEY. Case and outer blanks do not count, as no real mailbox tells them apart."""
    plain = address.strip().lower().encode()
    return hmac.digest(settings.OBJECTION_KEY.encode(), plain, sha256).hex()


def objecting(addresses: Iterable[str], purpose: MailPurpose | str) -> set[str]:
    """Those of the addresses (as given) that object to mails of this purpose."""
    return among(addresses, Objection.objects.filter(purpose=purpose))


def among(addresses: Iterable[str], rows: QuerySet) -> set[str]:
    """Those of the addresses (as given) whose hash stands in `rows`, one query for CHUNK of them."""
    by_hash: dict[str, set[str]] = {}
    for address in set(addresses):
        by_hash.setdefault(hash_address(address), set()).add(address)
    hashes = list(by_hash)
    found: set[str] = set()
    for start in range(0, len(hashes), CHUNK):
        known = rows.filter(address_hash__in=hashes[start : start + CHUNK])
        for address_hash in known.values_list("address_hash", flat=True):
            found |= by_hash[address_hash]
    return found


def mask_address(address: str) -> str:
    """« l•••@exemple.fr »: enough for its owner to know it, too little for anybody else."""
    local, _, domain = address.rpartition("@")
    return f"{local[:1]}•••@{domain}"
