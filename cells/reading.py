"""Says that somebody read people's files, without writing during the request."""

import logging
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from cells.scoping import Viewer
from cells.tasks import record_reading

logger = logging.getLogger(__name__)


def eyes_of(viewer: Viewer) -> dict[str, int | None]:
    return {"user_id": viewer.user_id, "api_key_id": viewer.api_key_id, "cell_id": viewer.cell_id}


def note_reading(action: str, *, by: Viewer, target_kind: str, target_uuids: list[UUID]) -> None:
    """Hand the trace to a worker. Without a broker the page is still served, and the log keeps the trace instead."""
    facts = {
        "viewer": eyes_of(by),
        "target_kind": target_kind,
        "target_uuids": [str(uuid) for uuid in target_uuids],
        "facts": {"read_at": timezone.now().isoformat()},
    }
    transaction.on_commit(partial(_publish, action, facts))


def _publish(action: str, facts: dict[str, Any]) -> None:
    try:
        record_reading.apply_async(args=[action], kwargs=facts, retry=False)
    except OperationalError:
        logger.exception("reading not handed over: %s %s", action, facts)
