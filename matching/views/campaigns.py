"""A campaign's page and the acts on it: launch, schedule, pause, resume, cancel."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from cells.errors import RefusedError
from cells.models import OutgoingMail
from cells.predicates import can_stop_campaigns, can_work_whole_cell
from cells.views.access import counsellor_screen, whole_cell_screen
from cells.views.fragments import page_or_fragment, wants_fragment
from cells.views.paging import page_of, query_without_page
from matching.audiences import Audience
from matching.forms import RecipientFilterForm, SlotForm
from matching.models import Campaign, Recipient
from matching.selection import count_mails, current_stop, of_person, still_to_send, with_outcome
from matching.services.campaigns import (
    cancel_campaign,
    count_outcomes,
    launch_campaign,
    pause_campaign,
    resume_campaign,
    schedule_campaign,
    unschedule_campaign,
)
from matching.services.rehearsal import recent_rehearsal
from matching.workflow import CAMPAIGN_MOVES, CampaignState, SkipReason

NOT_LAUNCHED = (CampaignState.DRAFT, CampaignState.SCHEDULED)


@counsellor_screen
def campaign_list(request: HttpRequest) -> HttpResponse:
    campaigns = Campaign.objects.visible_to(request.viewer).select_related("created_by")
    context = {
        "page": page_of(request, campaigns),
        "query": query_without_page(request),
        "may_act": can_work_whole_cell(request.viewer),
        "may_stop": can_stop_campaigns(request.viewer),
        "stopped": current_stop(),
    }
    return render(request, "matching/campaign_list.html", context)


@counsellor_screen
def campaign_detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """A page, or (htmx) its progress alone, asked for again while mails leave."""
    campaign = find_campaign(request, uuid)
    context = progress_context(campaign, may_act=can_work_whole_cell(request.viewer))
    if not wants_fragment(request):
        context |= draft_context(campaign) if context["is_draft"] else recipients_context(request, campaign)
    return page_or_fragment(request, "matching/campaign_detail.html", "matching/_campaign_progress.html", context)


def progress_context(campaign: Campaign, *, may_act: bool) -> dict[str, Any]:
    counts = count_mails(campaign)
    moves = CAMPAIGN_MOVES[campaign.state] if may_act else ()
    total, left = sum(counts.values()), still_to_send(counts)
    return {
        "campaign": campaign,
        "is_draft": campaign.state in NOT_LAUNCHED,
        "is_late": campaign.is_late(timezone.now()),
        "is_sending": campaign.state == CampaignState.LAUNCHED,
        "mail_counts": [(str(OutgoingMail.State(state).label), counts[state]) for state in counts],
        "mails_total": total,
        "mails_done": total - left,
        "may_change": campaign.state == CampaignState.DRAFT and may_act,
        "may_launch": campaign.state in NOT_LAUNCHED and may_act,
        "may_unschedule": campaign.state == CampaignState.SCHEDULED and may_act,
        "may_pause": CampaignState.PAUSED in moves,
        "may_resume": campaign.state == CampaignState.PAUSED and may_act,
        "may_cancel": CampaignState.CANCELLED in moves,
    }


def draft_context(campaign: Campaign) -> dict[str, Any]:
    audience = Audience.from_json(campaign.audience)
    people = audience.people(campaign.cell_id, timezone.localdate())
    return {"sentence": audience.sentence(), "audience_count": people.count(), "slot_form": SlotForm()}


def recipients_context(request: HttpRequest, campaign: Campaign) -> dict[str, Any]:
    form = RecipientFilterForm(request.GET)
    form.is_valid()
    asked = form.cleaned_data
    recipients = Recipient.objects.visible_to(request.viewer).filter(campaign=campaign)
    rows = of_person(with_outcome(recipients, asked.get("issue", "")), asked.get("q", ""))
    return {
        "sentence": Audience.from_json(campaign.audience).sentence(),
        "outcomes": outcome_lines(count_outcomes(campaign)),
        "form": form,
        "page": page_of(request, rows.select_related("young_person", "mail").order_by("pk")),
        "query": query_without_page(request),
    }


def outcome_lines(counts: dict[str, int]) -> list[tuple[str, int]]:
    """Those who get a mail first, then each reason for none, the most frequent first."""
    skipped = [(str(SkipReason(code).label), number) for code, number in counts.items() if code]
    return [("Reçoivent un mail", counts.get("", 0)), *sorted(skipped, key=lambda line: -line[1])]


@whole_cell_screen
def campaign_launch(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """GET shows what is about to happen; POST does it."""
    campaign = find_campaign(request, uuid)
    if request.method == "POST":
        return act(request, campaign, launch_campaign, "Campagne lancée : les mails partent.")
    if campaign.state not in NOT_LAUNCHED:
        return redirect("matching:campaign-detail", campaign.uuid)
    rehearsal = recent_rehearsal(campaign)
    context = {
        "campaign": campaign,
        "is_late": campaign.is_late(timezone.now()),
        "outcomes": outcome_lines(rehearsal.counts),
        "rehearsal": rehearsal,
    }
    return render(request, "matching/campaign_launch.html", context)


@require_POST
@whole_cell_screen
def campaign_schedule(request: HttpRequest, uuid: UUID) -> HttpResponse:
    campaign = find_campaign(request, uuid)
    form = SlotForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Donnez un jour et une heure, par exemple 05/01/2027 à 09:00.")
        return redirect("matching:campaign-detail", campaign.uuid)

    def schedule(one: Campaign, **by: Any) -> Campaign:
        return schedule_campaign(one, at=form.at(), **by)

    return act(request, campaign, schedule, "Campagne programmée : elle partira seule à l’heure dite.")


@require_POST
@whole_cell_screen
def campaign_unschedule(request: HttpRequest, uuid: UUID) -> HttpResponse:
    return act(request, find_campaign(request, uuid), unschedule_campaign, "Programmation retirée.")


@require_POST
@whole_cell_screen
def campaign_pause(request: HttpRequest, uuid: UUID) -> HttpResponse:
    return act(request, find_campaign(request, uuid), pause_campaign, "Campagne en pause : plus aucun mail ne part.")


@require_POST
@whole_cell_screen
def campaign_resume(request: HttpRequest, uuid: UUID) -> HttpResponse:
    return act(request, find_campaign(request, uuid), resume_campaign, "Campagne reprise.")


@require_POST
@whole_cell_screen
def campaign_cancel(request: HttpRequest, uuid: UUID) -> HttpResponse:
    return act(request, find_campaign(request, uuid), cancel_campaign, "Campagne annulée pour de bon.")


def act(request: HttpRequest, campaign: Campaign, service: Callable[..., Campaign], said: str) -> HttpResponse:
    try:
        service(campaign, by=request.viewer)
    except RefusedError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, said)
    return redirect("matching:campaign-detail", campaign.uuid)


def find_campaign(request: HttpRequest, uuid: UUID) -> Campaign:
    campaigns = Campaign.objects.visible_to(request.viewer).select_related("run", "stream", "cell", "created_by")
    return get_object_or_404(campaigns, uuid=uuid)
