"""Preparing a campaign: its settings, whom they reach, and what it would do if it left now."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from cells.errors import RefusedError
from cells.forms import posted
from cells.models import ImportBatch
from cells.predicates import can_work_whole_cell
from cells.views.access import counsellor_screen, whole_cell_screen
from cells.views.fragments import page_or_fragment
from matching.forms import CampaignForm, first_values
from matching.models import Campaign, MatchRun
from matching.plans import Plan
from matching.services.campaigns import change_campaign, create_campaign
from matching.services.rehearsal import Rehearsal, recent_rehearsal
from matching.views.campaigns import NOT_LAUNCHED, find_campaign, outcome_lines
from youth.models import YoungPerson

SAMPLES = 5
WISH_FILES = (ImportBatch.Kind.AFFELNET, ImportBatch.Kind.PARCOURSUP)
BATCHES = 20


@whole_cell_screen
def campaign_create(request: HttpRequest, uuid: UUID | None = None) -> HttpResponse:
    """`uuid` is that of the finished run it is prepared from, if any."""
    run = get_object_or_404(MatchRun.objects.visible_to(request.viewer), uuid=uuid) if uuid else None
    form = form_for(request, posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            campaign = create_campaign(cell=request.membership.cell, run=run, plan=form.plan(), by=request.viewer)
        except RefusedError as error:
            form.add_error(None, str(error))
        else:
            return redirect("matching:campaign-detail", campaign.uuid)
    return show_form(request, form, {"run": run, "action": request.path, "submit": "Créer le brouillon"})


@whole_cell_screen
def campaign_change(request: HttpRequest, uuid: UUID) -> HttpResponse:
    campaign = find_campaign(request, uuid)
    form = form_for(request, posted(request), initial=first_values(Plan.of(campaign)))
    if request.method == "POST" and form.is_valid():
        try:
            change_campaign(campaign, plan=form.plan(), by=request.viewer)
        except RefusedError as error:
            form.add_error(None, str(error))
        else:
            return redirect("matching:campaign-detail", campaign.uuid)
    return show_form(request, form, {"campaign": campaign, "action": request.path, "submit": "Enregistrer"})


def form_for(request: HttpRequest, data: Any, **options: Any) -> CampaignForm:
    batches = ImportBatch.objects.visible_to(request.viewer).filter(kind__in=WISH_FILES, state=ImportBatch.State.DONE)
    return CampaignForm(request.membership.cell, list(batches.order_by("-started_at")[:BATCHES]), data, **options)


def show_form(request: HttpRequest, form: CampaignForm, context: dict[str, Any]) -> HttpResponse:
    context = {"run": None, "campaign": None, "form": form, **context}
    return render(request, "matching/campaign_form.html", context, status=422 if form.errors else 200)


@whole_cell_screen
def campaign_audience(request: HttpRequest) -> HttpResponse:
    """The sentence and the number of the people an unsaved form speaks of."""
    form = form_for(request, request.GET)
    form.is_valid()
    audience = form.audience()
    people = audience.people(request.viewer.cell_id, timezone.localdate())
    context = {"sentence": audience.sentence(), "audience_count": people.count()}
    return page_or_fragment(request, "matching/campaign_audience.html", "matching/_audience.html", context)


@counsellor_screen
def campaign_rehearsal(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """What the campaign would do now. Nothing is written; `encore` plays it again."""
    campaign = find_campaign(request, uuid)
    if campaign.state not in NOT_LAUNCHED:
        return redirect("matching:campaign-detail", campaign.uuid)
    rehearsal = recent_rehearsal(campaign, again="encore" in request.GET)
    words = request.GET.get("q", "").strip()[:100]
    context = {
        "campaign": campaign,
        "rehearsal": rehearsal,
        "outcomes": outcome_lines(rehearsal.counts),
        "words": words,
        "samples": samples(request, campaign, rehearsal, words),
        "may_act": can_work_whole_cell(request.viewer),
    }
    return page_or_fragment(request, "matching/campaign_rehearsal.html", "matching/_rehearsal.html", context)


def samples(request: HttpRequest, campaign: Campaign, rehearsal: Rehearsal, words: str) -> list[YoungPerson]:
    """People whose mail can be looked at: those of that name, else the first of those who get one."""
    people = YoungPerson.objects.visible_to(request.viewer).filter(cell=campaign.cell_id).order_by("pk")
    found = people.search(words) if words else people.filter(pk__in=rehearsal.mailed()[:500])
    return list(found[:SAMPLES])
