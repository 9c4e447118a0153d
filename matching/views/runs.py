"""Matching runs: ask for one, follow it, read what it found."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from cells.errors import RefusedError
from cells.predicates import can_work_whole_cell
from cells.views.access import counsellor_screen, whole_cell_screen
from cells.views.fragments import page_or_fragment
from cells.views.paging import page_of, query_without_page
from matching.models import Campaign, CampaignAnswer, MatchRun, RunPerson
from matching.orphans import orphan_people, still_seeking
from matching.report import (
    CHART_SIZE,
    busiest_offers,
    figures_of,
    groups_of,
    lorenz_lines,
    lorenz_rows,
    word_bound,
    word_coverage,
)
from matching.selection import count_mails, still_to_send
from matching.services.congestion import FEWEST_IN_GROUP
from matching.services.runs import cancel_run, request_run
from matching.workflow import ACTIVE_STATES, CampaignState, RunState
from youth.models import YoungPerson

SENDING = (CampaignState.LAUNCHED, CampaignState.PAUSED)


@counsellor_screen
def run_list(request: HttpRequest) -> HttpResponse:
    runs = MatchRun.objects.visible_to(request.viewer)
    context = {
        "page": page_of(request, runs.select_related("started_by")),
        "query": query_without_page(request),
        "active": runs.active().first(),
        "seeking": YoungPerson.objects.visible_to(request.viewer).seeking().count(),
        "may_act": can_work_whole_cell(request.viewer),
    }
    return render(request, "matching/run_list.html", context)


@require_POST
@whole_cell_screen
def run_create(request: HttpRequest) -> HttpResponse:
    try:
        run = request_run(cell=request.membership.cell, by=request.viewer)
    except RefusedError as error:
        messages.error(request, str(error))
        return redirect("matching:run-list")
    return redirect("matching:run-detail", run.uuid)


@counsellor_screen
def run_detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """A page, or (htmx) its progress alone, asked for again while the run is computed."""
    run = find_run(request, uuid)
    context = {
        "run": run,
        "is_active": run.state in ACTIVE_STATES,
        "is_done": run.state == RunState.DONE,
        "without_offer": max(run.people_count - run.people_with_offer, 0),
        "coverage": coverage(run),
        "bound": word_bound(run.bound),
        "covered": word_coverage(run.bound),
        "never_shown": run.report["overall"]["allocated"]["never"] if run.report else None,
        "previous": previous_of(request, run),
        "may_act": can_work_whole_cell(request.viewer),
        "campaigns": Campaign.objects.visible_to(request.viewer).filter(run=run),
    }
    return page_or_fragment(request, "matching/run_detail.html", "matching/_run_progress.html", context)


def coverage(run: MatchRun) -> int:
    """Percent of the run's people who have at least one offer."""
    return round(100 * run.people_with_offer / run.people_count) if run.people_count else 0


@require_POST
@whole_cell_screen
def run_cancel(request: HttpRequest, uuid: UUID) -> HttpResponse:
    run = find_run(request, uuid)
    try:
        cancel_run(run, by=request.viewer)
    except RefusedError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "Calcul annulé.")
    return redirect("matching:run-detail", run.uuid)


@counsellor_screen
def run_report(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """How offers were spread, beside what everyone's own best offers would have done."""
    run = find_run(request, uuid)
    context: dict[str, Any] = {"run": run, "has_report": bool(run.report), "size": CHART_SIZE}
    if run.report:
        context |= {
            "figures": figures_of(run.report),
            "busiest": busiest_offers(run.report),
            "saturated": run.report["saturated"],
            "lines": lorenz_lines(run.report),
            "lorenz": lorenz_rows(run.report),
            "groups": groups_of(run.report),
            "fewest": FEWEST_IN_GROUP,
        }
    return render(request, "matching/run_report.html", context)


@counsellor_screen
def today(request: HttpRequest) -> HttpResponse:
    runs = MatchRun.objects.visible_to(request.viewer)
    campaigns = Campaign.objects.visible_to(request.viewer).select_related("stream")
    latest = runs.done().order_by("-finished_at").first()
    left_out = RunPerson.objects.visible_to(request.viewer)
    context = {
        "latest": latest,
        "without_offer": still_seeking(orphan_people(left_out, latest)).count() if latest else 0,
        "answers_waiting": CampaignAnswer.objects.visible_to(request.viewer).waiting().count(),
        "active_runs": runs.active(),
        "sending": [with_progress(one) for one in campaigns.filter(state__in=SENDING)],
        "finished": [with_progress(one) for one in campaigns.filter(state=CampaignState.FINISHED)[:1]],
    }
    return page_or_fragment(request, "matching/today.html", "matching/_today.html", context)


def with_progress(campaign: Campaign) -> dict[str, Any]:
    counts = count_mails(campaign)
    total = sum(counts.values())
    return {
        "campaign": campaign,
        "total": total,
        "done": total - still_to_send(counts),
        "sent": counts.get("sent", 0),
        "trouble": sum(counts.get(state, 0) for state in ("failed", "bounced", "uncertain")),
    }


def find_run(request: HttpRequest, uuid: UUID) -> MatchRun:
    runs = MatchRun.objects.visible_to(request.viewer).select_related("cell", "started_by", "progress")
    return get_object_or_404(runs, uuid=uuid)


def previous_of(request: HttpRequest, run: MatchRun) -> MatchRun | None:
    """The done run of the cell that came just before."""
    if run.finished_at is None:
        return None
    done = MatchRun.objects.visible_to(request.viewer).done().filter(finished_at__lt=run.finished_at)
    return done.order_by("-finished_at", "-pk").first()
