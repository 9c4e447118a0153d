"""How long runs are kept: their rows name people."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from cells.models import Cell
from matching.models import Match, MatchRun, RunOffer, RunPerson, RunShard


@transaction.atomic
def prune_runs(cell: Cell) -> None:
    """Forget done runs beyond the newest, unless a campaign came out of them, and everybody named by runs too old."""
    done = MatchRun.objects.done().filter(cell=cell).order_by("-finished_at", "-pk")
    kept = list(done.values_list("pk", flat=True)[: settings.MATCHING_RUNS_KEPT])
    done.filter(campaigns=None).exclude(pk__in=kept).delete()
    oldest = timezone.now() - timedelta(days=settings.MATCHING_RUN_DAYS)
    for model in (Match, RunPerson, RunOffer):
        model.objects.filter(run__in=done.filter(finished_at__lt=oldest)).delete()
    RunShard.objects.filter(run__in=MatchRun.objects.filter(cell=cell).exclude(pk__in=active_runs(cell))).delete()


def active_runs(cell: Cell) -> list[int]:
    return list(MatchRun.objects.active().filter(cell=cell).values_list("pk", flat=True))
