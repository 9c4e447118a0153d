"""Campaigns: prepare, launch, follow, stop; and the very mail a person gets."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from csp.decorators import csp_replace, csp_update
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST

from cells.errors import RefusedError
from cells.forms import posted
from cells.mailing.message import Content
from cells.models import OutgoingMail
from cells.predicates import can_work_whole_cell
from cells.reading import note_reading
from cells.views.access import counsellor_screen, whole_cell_screen
from cells.views.fragments import page_or_fragment, wants_fragment
from cells.views.paging import page_of, query_without_page
from matching.forms import CampaignForm, RecipientFilterForm
from matching.models import Campaign, Match, MatchRun, Recipient
from matching.selection import count_mails, still_to_send, with_outcome
from matching.services.campaigns import (
    cancel_campaign,
    count_outcomes,
    create_campaign,
    launch_campaign,
    pause_campaign,
    preview_mail,
    resume_campaign,
)
from matching.workflow import CAMPAIGN_MOVES, CampaignState, SkipReason
from youth.models import YoungPerson

SAMPLES = 5
# The mail is somebody else's document inside our page: no script, no link that opens, styles of its own.
FRAME_POLICY = {
    "default-src": ["'none'"],
    "style-src": ["'unsafe-inline'"],
    "img-src": ["data:"],
    "frame-ancestors": ["'self'"],
    "sandbox": [True],
    "script-src": ["'none'"],
}


@counsellor_screen
def campaign_list(request: HttpRequest) -> HttpResponse:
    campaigns = Campaign.objects.visible_to(request.viewer).select_related("created_by")
    context = {
        "page": page_of(request, campaigns),
        "query": query_without_page(request),
        "latest": MatchRun.objects.visible_to(request.viewer).done().order_by("-finished_at").first(),
        "may_act": can_work_whole_cell(request.viewer),
    }
    return render(request, "matching/campaign_list.html", context)


@whole_cell_screen
def campaign_create(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """`uuid` is the finished run's."""
    run = get_object_or_404(MatchRun.objects.visible_to(request.viewer), uuid=uuid)
    form = CampaignForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            campaign = create_campaign(run=run, by=request.viewer, **form.cleaned_data)
        except RefusedError as error:
            form.add_error(None, str(error))
        else:
            return redirect("matching:campaign-detail", campaign.uuid)
    return render(
        request, "matching/campaign_create.html", {"run": run, "form": form}, status=422 if form.errors else 200
    )


@counsellor_screen
def campaign_detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """A page, or (htmx) its progress alone, asked for again while mails leave."""
    campaign = find_campaign(request, uuid)
    context = progress_context(campaign, may_act=can_work_whole_cell(request.viewer))
    if not wants_fragment(request):
        context |= draft_context(request, campaign) if context["is_draft"] else recipients_context(request, campaign)
    return page_or_fragment(request, "matching/campaign_detail.html", "matching/_campaign_progress.html", context)


def progress_context(campaign: Campaign, *, may_act: bool) -> dict[str, Any]:
    counts = count_mails(campaign)
    moves = CAMPAIGN_MOVES[campaign.state] if may_act else ()
    total, left = sum(counts.values()), still_to_send(counts)
    is_draft = campaign.state == CampaignState.DRAFT
    return {
        "campaign": campaign,
        "is_draft": is_draft,
        "is_sending": campaign.state == CampaignState.LAUNCHED,
        "mail_counts": [(str(OutgoingMail.State(state).label), counts[state]) for state in counts],
        "mails_total": total,
        "mails_done": total - left,
        "may_launch": is_draft and may_act,
        "may_pause": CampaignState.PAUSED in moves,
        "may_resume": campaign.state == CampaignState.PAUSED and may_act,
        "may_cancel": CampaignState.CANCELLED in moves,
    }


def draft_context(request: HttpRequest, campaign: Campaign) -> dict[str, Any]:
    matches = Match.objects.visible_to(request.viewer).filter(run=campaign.run_id, rank=1)
    return {
        "outcomes": outcome_lines(count_outcomes(campaign)),
        "samples": [match.young_person for match in matches.select_related("young_person").order_by("pk")[:SAMPLES]],
    }


def recipients_context(request: HttpRequest, campaign: Campaign) -> dict[str, Any]:
    form = RecipientFilterForm(request.GET)
    form.is_valid()
    recipients = Recipient.objects.visible_to(request.viewer).filter(campaign=campaign)
    rows = with_outcome(recipients, form.cleaned_data.get("issue", "")).select_related("young_person", "mail")
    return {
        "outcomes": outcome_lines(count_outcomes(campaign)),
        "form": form,
        "page": page_of(request, rows.order_by("pk")),
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
    if campaign.state != CampaignState.DRAFT:
        return redirect("matching:campaign-detail", campaign.uuid)
    context = {"campaign": campaign, "outcomes": outcome_lines(count_outcomes(campaign))}
    return render(request, "matching/campaign_launch.html", context)


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


@csp_update({"frame-src": ["'self'"]})
@counsellor_screen
def recipient_preview(request: HttpRequest, uuid: UUID, person_uuid: UUID) -> HttpResponse:
    """The mail in its frame and, beside it, its plain text; or the reason why there is none."""
    campaign, person = find_campaign(request, uuid), find_person(request, person_uuid)
    note_reading("person.read", by=request.viewer, target_kind="youngperson", target_uuids=[person.uuid])
    content, refusal = preview(campaign, person)
    context = {"campaign": campaign, "person": person, "content": content, "refusal": refusal}
    return render(request, "matching/recipient_preview.html", context)


@csp_replace(FRAME_POLICY)
@xframe_options_sameorigin
@counsellor_screen
def recipient_mail(request: HttpRequest, uuid: UUID, person_uuid: UUID) -> HttpResponse:
    campaign, person = find_campaign(request, uuid), find_person(request, person_uuid)
    note_reading("person.read", by=request.viewer, target_kind="youngperson", target_uuids=[person.uuid])
    content, refusal = preview(campaign, person)
    if content is None:
        return HttpResponse(refusal, content_type="text/plain; charset=utf-8")
    return HttpResponse(content.html)


def preview(campaign: Campaign, person: YoungPerson) -> tuple[Content | None, str]:
    try:
        return preview_mail(campaign, person), ""
    except RefusedError as error:
        return None, str(error)


def find_campaign(request: HttpRequest, uuid: UUID) -> Campaign:
    campaigns = Campaign.objects.visible_to(request.viewer).select_related("run", "stream", "cell")
    return get_object_or_404(campaigns, uuid=uuid)


def find_person(request: HttpRequest, uuid: UUID) -> YoungPerson:
    return get_object_or_404(YoungPerson.objects.visible_to(request.viewer), uuid=uuid)
