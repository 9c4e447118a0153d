"""The very mail of one person, the same as a test, and the links it holds."""

from typing import Any
from uuid import UUID

from csp.decorators import csp_replace, csp_update
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST

from cells.errors import RefusedError
from cells.mailing.message import Content
from cells.predicates import can_work_whole_cell
from cells.reading import note_reading
from cells.views.access import counsellor_screen, whole_cell_screen
from matching.forms import StaffMailForm
from matching.models import Campaign, Recipient
from matching.services.answers import revoke_links
from matching.services.previews import colleagues, preview_mail, send_test_mail
from matching.services.rehearsal import recent_rehearsal
from matching.views.campaigns import NOT_LAUNCHED, find_campaign
from youth.models import YoungPerson

# The mail is somebody else's document inside our page: no script, no link that opens, styles of its own.
FRAME_POLICY = {
    "default-src": ["'none'"],
    "style-src": ["'unsafe-inline'"],
    "img-src": ["data:"],
    "frame-ancestors": ["'self'"],
    "sandbox": [True],
    "script-src": ["'none'"],
}


@csp_update({"frame-src": ["'self'"]})
@counsellor_screen
def recipient_preview(request: HttpRequest, uuid: UUID, person_uuid: UUID) -> HttpResponse:
    """The mail in its frame and, beside it, its plain text; or the reason why there is none."""
    campaign, person = find_campaign(request, uuid), find_person(request, person_uuid)
    note_reading("person.read", by=request.viewer, target_kind="youngperson", target_uuids=[person.uuid])
    content, refusal = preview(campaign, person)
    context: dict[str, Any] = {"campaign": campaign, "person": person, "content": content, "refusal": refusal}
    context |= links_context(request, campaign, person) | test_context(request, campaign)
    return render(request, "matching/recipient_preview.html", context)


def links_context(request: HttpRequest, campaign: Campaign, person: YoungPerson) -> dict[str, Any]:
    recipients = Recipient.objects.visible_to(request.viewer).filter(campaign=campaign, young_person=person)
    recipient = recipients.select_related("mail").first()
    answers = recipient.answers.select_related("offer").order_by("pk") if recipient else ()
    return {"recipient": recipient, "answers": answers}


def test_context(request: HttpRequest, campaign: Campaign) -> dict[str, Any]:
    may_test = campaign.state in NOT_LAUNCHED and can_work_whole_cell(request.viewer)
    return {"test_form": StaffMailForm(colleagues(campaign.cell_id)) if may_test else None}


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


@require_POST
@whole_cell_screen
def recipient_test(request: HttpRequest, uuid: UUID, person_uuid: UUID) -> HttpResponse:
    campaign, person = find_campaign(request, uuid), find_person(request, person_uuid)
    form = StaffMailForm(colleagues(campaign.cell_id), request.POST)
    if not form.is_valid():
        messages.error(request, "Choisissez un membre de la cellule dans la liste.")
        return redirect("matching:recipient-preview", campaign.uuid, person.uuid)
    to = form.colleague()
    try:
        send_test_mail(campaign, person, to=to, by=request.viewer, rehearsal=recent_rehearsal(campaign))
    except RefusedError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"Essai envoyé à {to.get_full_name()}. Il ne compte pas dans la campagne.")
    return redirect("matching:recipient-preview", campaign.uuid, person.uuid)


@require_POST
@counsellor_screen
def recipient_revoke(request: HttpRequest, uuid: UUID, person_uuid: UUID) -> HttpResponse:
    campaign, person = find_campaign(request, uuid), find_person(request, person_uuid)
    recipients = Recipient.objects.visible_to(request.viewer).select_related("campaign", "young_person")
    revoke_links(get_object_or_404(recipients, campaign=campaign, young_person=person), by=request.viewer)
    messages.success(request, "Les liens de réponse de ce mail ne fonctionnent plus.")
    return redirect("matching:recipient-preview", campaign.uuid, person.uuid)


def preview(campaign: Campaign, person: YoungPerson) -> tuple[Content | None, str]:
    try:
        rehearsal = recent_rehearsal(campaign) if campaign.launched_at is None else None
        return preview_mail(campaign, person, rehearsal), ""
    except RefusedError as error:
        return None, str(error)


def find_person(request: HttpRequest, uuid: UUID) -> YoungPerson:
    return get_object_or_404(YoungPerson.objects.visible_to(request.viewer), uuid=uuid)
