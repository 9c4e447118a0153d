"""Readings of people's files: noted by screens and the API, written by a worker, because a GET never writes."""

from typing import Any

from cells.models import AuditEntry
from cells.services.audit import ACTIONS

# Actions of which each target is one entry; the others are one entry for the whole list.
PER_TARGET = frozenset({"person.read", "import.refused_read"})


def record_readings(
    action: str, *, viewer: dict[str, int | None], target_kind: str, target_uuids: list[str], facts: dict[str, Any]
) -> int:
    """Write the entries of one reading; returns how many. `viewer` is what cells.reading.eyes_of gives."""
    if action not in ACTIONS:
        raise ValueError(f"unknown audit action: {action}")
    common = {**viewer, "action": action, "target_kind": target_kind}
    if action in PER_TARGET:
        entries = [AuditEntry(**common, target_uuid=uuid, facts=facts) for uuid in target_uuids]
    else:
        entries = [AuditEntry(**common, facts={**facts, "count": len(target_uuids), "uuids": target_uuids})]
    return len(AuditEntry.objects.bulk_create(entries))
