"""Two runs side by side: who gains, who loses, what became of the offers."""

from typing import Any
from uuid import UUID

import numpy as np
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render

from cells.reading import note_reading
from cells.views.access import counsellor_screen
from cells.views.paging import page_of, query_without_page
from matching.models import MatchRun
from matching.services.comparison import Comparison, compare_runs
from matching.views.runs import find_run, previous_of
from youth.models import YoungPerson

PER_PAGE = 25
LOSING, GAINING = "perdent", "gagnent"


@counsellor_screen
def run_compare(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """With the run `?avec=` names, else the one before; without any, the page only says so."""
    run = find_run(request, uuid)
    done = MatchRun.objects.visible_to(request.viewer).done()
    others = done.exclude(pk=run.pk).order_by("-finished_at")
    before = other_run(request, run)
    context: dict[str, Any] = {"run": run, "before": before, "others": others}
    if before is not None and done.filter(pk=run.pk).exists():
        context |= compared(request, compare_runs(before, run))
    else:
        context |= {"figures": [], "facts": {}}
    return render(request, "matching/run_compare.html", context)


def other_run(request: HttpRequest, run: MatchRun) -> MatchRun | None:
    named = request.GET.get("avec")
    if not named:
        return previous_of(request, run)
    try:
        wanted = UUID(named)
    except ValueError as error:
        raise Http404 from error
    return get_object_or_404(MatchRun.objects.visible_to(request.viewer).done(), uuid=wanted)


def compared(request: HttpRequest, comparison: Comparison) -> dict[str, Any]:
    """Figures are those of the whole cell; people, those the viewer sees."""
    gaining, losing = comparison.gaining(), comparison.losing()
    first = LOSING if len(losing) else GAINING
    side = request.GET.get("sens") if request.GET.get("sens") in (LOSING, GAINING) else first
    rows = gaining if side == GAINING else losing
    page = page_of(request, rows_seen(request, comparison, rows), PER_PAGE)
    changes = comparison.changes(np.array(page.object_list, dtype=np.int64), request.viewer)
    shown = [change.person.uuid for change in changes]
    note_reading("person.listed", by=request.viewer, target_kind="youngperson", target_uuids=shown)
    facts = comparison.to_json()
    return {
        "facts": facts,
        "figures": figures_of(facts),
        "side": side,
        "page": page,
        "changes": changes,
        "query": query_without_page(request),
    }


def rows_seen(request: HttpRequest, comparison: Comparison, rows: np.ndarray) -> list[int]:
    """The greatest changes first."""
    people = YoungPerson.objects.visible_to(request.viewer).order_by().values_list("pk", flat=True)
    rows = rows[np.isin(comparison.people[rows], np.fromiter(people, dtype=np.int64))]
    change = np.abs(comparison.total_after - comparison.total_before)[rows]
    return rows[np.lexsort((comparison.people[rows], -change))].tolist()


def figures_of(facts: dict[str, Any]) -> list[tuple[str, int, int, str]]:
    """(what, before, after, by how much)."""
    labels = {"covered": "Jeunes avec au moins une offre", "proposals": "Propositions", "score": "Total des points"}
    return [
        (label, facts[name]["before"], facts[name]["after"], signed(facts[name]["change"]))
        for name, label in labels.items()
    ]


def signed(change: int) -> str:
    return f"{change:+,}".replace(",", "\u202f").replace("-", "\u2212") if change else "0"
