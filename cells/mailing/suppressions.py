"""Addresses that mail cannot reach or that complained, by keyed hash, and the failures that lead there."""

from collections.abc import Iterable
from datetime import timedelta

from django.db.models.functions import Now

from cells.mailing.objections import among, hash_address
from cells.models import MailPolicy, MailPurpose, MailReport, OutgoingMail, Suppression
from cells.models.deliverability import suppressing_reasons

DEAD_ADDRESS = "L’adresse ne reçoit plus de messages : elle est à corriger."


def suppressed(addresses: Iterable[str], purpose: str) -> set[str]:
    """Those of the addresses (as given) to which nothing of this purpose is sent any more."""
    return among(addresses, Suppression.objects.filter(reason__in=suppressing_reasons(purpose)))


def dead_addresses(cell_id: int | None) -> set[str]:
    """Addresses this cell has written to that no longer receive anything: somebody must ask for another one."""
    refused = OutgoingMail.objects.filter(
        stream__cell=cell_id, state__in=[OutgoingMail.State.FAILED, OutgoingMail.State.BOUNCED]
    )
    return suppressed(refused.order_by().values_list("to_address", flat=True).distinct(), MailPurpose.SERVICE)


def suppress_address(address: str, reason: Suppression.Reason, code: str = "") -> bool:
    """False when it was already. A complaint gives way to a dead address, which stops more."""
    suppression, is_new = Suppression.objects.get_or_create(
        address_hash=hash_address(address), defaults={"reason": reason, "code": code[:12]}
    )
    if not is_new and suppression.reason == Suppression.Reason.COMPLAINT != reason:
        Suppression.objects.filter(pk=suppression.pk).update(reason=reason, code=code[:12])
    return is_new


def suppress_after_soft_failures(address: str, policy: MailPolicy) -> bool:
    """Once `soft_limit` mails have failed for a passing reason within `soft_days`, the reason does not pass."""
    since = Now() - timedelta(days=policy.soft_days)
    failures = MailReport.objects.filter(address_hash=hash_address(address), is_soft=True, received_at__gte=since)
    if failures.values("mail").distinct().count() < policy.soft_limit:
        return False
    return suppress_address(address, Suppression.Reason.SOFT)


def lift_suppression(address: str) -> bool:
    """The person says that the address works again; its old failures no longer count."""
    address_hash = hash_address(address)
    MailReport.objects.filter(address_hash=address_hash, is_soft=True).update(is_soft=False)
    return bool(Suppression.objects.filter(address_hash=address_hash).delete()[0])
