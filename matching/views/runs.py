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
from matching.models import Campaign, MatchRun
from matching.selection import count_mails, people_without_match, still_to_send
from matching.services.runs import cancel_run, request_run
from matching.workflow import ACTIVE_STATES, CampaignState, RunState
from youth.models import YoungPerson
from youth.selection import with_open_wishes

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
def people_without_offer(request: HttpRequest, uuid: UUID) -> HttpResponse:
    run = find_run(request, uuid)
    people = people_without_match(YoungPerson.objects.visible_to(request.viewer), run)
    context = {
        "run": run,
        "page": page_of(request, with_open_wishes(people)),
        "query": query_without_page(request),
    }
    return render(request, "matching/people_without_offer.html", context)


@counsellor_screen
def today(request: HttpRequest) -> HttpResponse:
    runs = MatchRun.objects.visible_to(request.viewer)
    campaigns = Campaign.objects.visible_to(request.viewer).select_related("stream")
    people = YoungPerson.objects.visible_to(request.viewer)
    latest = runs.done().order_by("-finished_at").first()
    context = {
        "latest": latest,
        "without_offer": people_without_match(people, latest).count() if latest else 0,
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
    return get_object_or_404(MatchRun.objects.visible_to(request.viewer).select_related("started_by"), uuid=uuid)
