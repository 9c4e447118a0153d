"""How fast mail may leave: token buckets in the database, one for all and one for each domain that wants its own."""

from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from django.db.models import DurationField, ExpressionWrapper, F, Q
from django.db.models.functions import Now

from cells.models import MailRate

ALL_DOMAINS = ""


class Grant(NamedTuple):
    """Mails that may leave now, and how long the others wait."""

    now: list[int]
    later: dict[int, timedelta]


class Bucket:
    """`left` is what may still leave now; `queue` counts those who wait, each behind the one before."""

    def __init__(self, rate: MailRate, elapsed: timedelta) -> None:
        self.rate = rate
        self.per_second = rate.per_minute / 60
        seconds = max(elapsed.total_seconds(), 0)  # a clock set back refills nothing
        self.left = min(float(rate.burst), rate.tokens + seconds * self.per_second)
        self.queue = 0

    def wait(self) -> float:
        """Seconds until this bucket lets one more leave."""
        return max(0.0, (1 + self.queue - self.left) / self.per_second)

    def take(self, *, now: bool) -> None:
        self.left -= now
        self.queue += not now


def grant(wanted: Sequence[tuple[int, str]]) -> Grant:
    """Who of these mails (id, address), in this order, may leave now. Must run in the transaction that claims them."""
    buckets = _locked_buckets({domain_of(address) for _, address in wanted})
    answer = Grant([], {})
    for mail_id, address in wanted:
        concerned = [buckets[key] for key in (ALL_DOMAINS, domain_of(address)) if key in buckets]
        full = [bucket for bucket in concerned if bucket.wait()]
        if full:
            answer.later[mail_id] = timedelta(seconds=max(bucket.wait() for bucket in full))
        else:
            answer.now.append(mail_id)
        for bucket in full or concerned:
            bucket.take(now=not full)
    for bucket in buckets.values():
        MailRate.objects.filter(pk=bucket.rate.pk).update(tokens=bucket.left, refilled_at=Now())
    return answer


def domain_of(address: str) -> str:
    return address.rpartition("@")[2].lower()


def _locked_buckets(domains: set[str]) -> dict[str, Bucket]:
    """In the order of their domains, so that two workers never wait for each other."""
    elapsed = ExpressionWrapper(Now() - F("refilled_at"), output_field=DurationField())
    rates = MailRate.objects.filter(Q(domain=ALL_DOMAINS) | Q(domain__in=domains)).annotate(elapsed=elapsed)
    rows = rates.select_for_update(of=("self",)).order_by("domain")
    return {rate.domain: Bucket(rate, rate.elapsed) for rate in rows}
