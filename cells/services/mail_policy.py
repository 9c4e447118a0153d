"""The kill switch: no campaign of the platform sends anything until somebody allows it again."""

from django.db import transaction

from cells.errors import RefusedError
from cells.mailing.health import policy
from cells.models import MailPolicy
from cells.scoping import Viewer
from cells.services.audit import record_action


def campaigns_are_stopped() -> bool:
    return MailPolicy.objects.filter(campaigns_stopped=True).exists()


@transaction.atomic
def stop_campaigns(*, reason: str, by: Viewer) -> MailPolicy:
    """At most the mails being handed over at this instant still go out. Service mail goes on."""
    said = " ".join(reason.split())
    if not said:
        raise RefusedError("Dites pourquoi les envois sont arrêtés : les autres cellules le liront.")
    return _switch(stopped=True, reason=said[:200], by=by)


@transaction.atomic
def allow_campaigns(*, by: Viewer) -> MailPolicy:
    """What was left goes out within the minute, by beat."""
    return _switch(stopped=False, reason="", by=by)


def _switch(*, stopped: bool, reason: str, by: Viewer) -> MailPolicy:
    policy()
    row = MailPolicy.objects.select_for_update().get(pk=MailPolicy.ONLY)
    if row.campaigns_stopped == stopped:
        return row
    row.campaigns_stopped, row.stopped_reason = stopped, reason
    row.save(update_fields=["campaigns_stopped", "stopped_reason", "changed_at"])
    record_action("campaigns.stopped" if stopped else "campaigns.allowed", by=by)
    return row
