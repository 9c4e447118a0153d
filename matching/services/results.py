"""What a run leaves: its matches, all of them or none, and the runs that are kept."""

import json
from collections.abc import Iterator

import numpy as np
from django.db import transaction
from django.utils import timezone

from cells.models import Cell
from matching.copying import copy_in
from matching.engine import Allocation, Ranking
from matching.inputs import RunInputs
from matching.models import Match, MatchRun
from matching.workflow import RunState

KEPT_RUNS = 5


class RunStoppedError(Exception):
    """The run was cancelled, or ended by somebody else, while it was computed."""


@transaction.atomic
def store_results(run: MatchRun, inputs: RunInputs, ranking: Ranking, allocation: Allocation) -> None:
    """Matches and the end of the run become visible together."""
    current = MatchRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
    if current.state != RunState.RUNNING:
        raise RunStoppedError
    _write_matches(run, inputs, ranking.take(allocation.row), allocation)
    current.state = RunState.DONE
    current.finished_at = timezone.now()
    current.match_count = len(allocation)
    current.people_with_offer = len(np.unique(allocation.person_index))
    current.crowded_out = inputs.people.id[allocation.uncovered].tolist()
    current.save(update_fields=["state", "finished_at", "match_count", "people_with_offer", "crowded_out"])


def _write_matches(run: MatchRun, inputs: RunInputs, reasons: Ranking, allocation: Allocation) -> None:
    count = len(allocation)
    copy_in(
        Match,
        run=[str(run.pk)] * count,
        young_person=map(str, inputs.people.id[allocation.person_index].tolist()),
        offer=map(str, inputs.offers.id[allocation.offer_index].tolist()),
        wish=map(str, inputs.wishes.id[reasons.wish_index].tolist()),
        rank=map(str, allocation.rank.tolist()),
        score=map(str, allocation.score.tolist()),
        distance_m=(str(metres) if metres >= 0 else r"\N" for metres in reasons.distance_m.tolist()),
        reasons=_reasons(inputs, reasons),
    )


def _reasons(inputs: RunInputs, reasons: Ranking) -> Iterator[str]:
    """The engine's codes (matching/engine/codes.py), the wish's rank (0: unranked) and the age of the advert in
    days (-1: unknown). Few differ, so each is written once.
    """
    columns = {
        "rank": inputs.wishes.rank[reasons.wish_index],
        "rome": reasons.rome_kind,
        "level": reasons.level_kind,
        "date": reasons.date_kind,
        "via": reasons.via,
        "age": reasons.age_days,
    }
    rows = list(zip(*(column.tolist() for column in columns.values()), strict=True))
    text = {row: json.dumps(dict(zip(columns, row, strict=True))) for row in set(rows)}
    return map(text.__getitem__, rows)


@transaction.atomic
def prune_runs(cell: Cell) -> None:
    """Forget done runs beyond the newest, unless a campaign came out of them."""
    done = MatchRun.objects.done().filter(cell=cell).order_by("-finished_at", "-pk")
    kept = list(done.values_list("pk", flat=True)[:KEPT_RUNS])
    MatchRun.objects.done().filter(cell=cell, campaigns=None).exclude(pk__in=kept).delete()
