"""The trace of who did or read what."""

from typing import Any

from django.db import models

from cells.models import AuditEntry
from cells.scoping import Viewer

# Every action anyone may record; the object comes first so that a list sorts by object.
ACTIONS = frozenset(
    {
        "answer.handled",
        "api_key.issued",
        "api_key.revoked",
        "campaign.cancelled",
        "campaign.changed",
        "campaign.created",
        "campaign.exported",
        "campaign.launched",
        "campaign.links_revoked",
        "campaign.paused",
        "campaign.resumed",
        "campaign.scheduled",
        "campaign.tested",
        "campaign.unscheduled",
        "campaigns.allowed",
        "campaigns.stopped",
        "contract.broken",
        "contract.ended",
        "contract.recorded",
        "contract.started",
        "import.finished",
        "import.refused_read",
        "import.started",
        "match_run.cancelled",
        "match_run.requested",
        "match_run.unchanged",
        "objection.recorded",
        "person.answered",
        "person.exported",
        "person.listed",
        "person.read",
        "person.search_changed",
        "training.resolved",
        "wish.added",
        "wish.closed",
    }
)


def record_action(
    action: str,
    *,
    by: Viewer,
    target: models.Model | None = None,
    facts: dict[str, Any] | None = None,
    cell_id: int | None = None,
) -> AuditEntry:
    """Add one entry. `facts` takes ids, counts and codes only. Raises ValueError on an action nobody declared."""
    if action not in ACTIONS:
        raise ValueError(f"unknown audit action: {action}")
    return AuditEntry.objects.create(
        action=action,
        cell_id=cell_id or by.cell_id,
        user_id=by.user_id,
        api_key_id=by.api_key_id,
        target_kind=target._meta.model_name or "" if target else "",
        target_uuid=getattr(target, "uuid", None),
        facts=facts or {},
    )
