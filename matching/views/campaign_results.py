"""What a campaign led to, and its recipients as a file."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from cells.models import OutgoingMail
from cells.predicates import can_work_whole_cell
from cells.services.audit import record_action
from cells.views.access import counsellor_screen, whole_cell_screen
from cells.views.csv_export import csv_response
from matching.audiences import Audience
from matching.effects import count_answers, count_contracts, measure_effect
from matching.models import Campaign, Recipient
from matching.selection import count_mails
from matching.services.campaigns import count_outcomes
from matching.views.campaigns import NOT_LAUNCHED, find_campaign, outcome_lines

HEAD = ("Nom", "Prénom", "INE", "Ce qu’il en est", "Adresse de", "Envoyé le", "Explication", "Réponses")


@counsellor_screen
def campaign_results(request: HttpRequest, uuid: UUID) -> HttpResponse:
    campaign = find_campaign(request, uuid)
    if campaign.state in NOT_LAUNCHED or not campaign.is_launched:
        return redirect("matching:campaign-detail", campaign.uuid)
    answers = count_answers(campaign)
    context = {
        "campaign": campaign,
        "sentence": Audience.from_json(campaign.audience).sentence(),
        "outcomes": outcome_lines(count_outcomes(campaign)),
        "mail_head": ("État", "Mails"),
        "mails": [(str(OutgoingMail.State(state).label), number) for state, number in count_mails(campaign).items()],
        "answers": answers,
        "contracts": count_contracts(campaign),
        "effect": measure_effect(campaign, timezone.localdate()),
        "may_act": can_work_whole_cell(request.viewer),
    }
    return render(request, "matching/campaign_results.html", context)


@require_POST
@whole_cell_screen
def campaign_export(request: HttpRequest, uuid: UUID) -> HttpResponseBase:
    """Nominative: who took it, and how many rows, is kept."""
    campaign = find_campaign(request, uuid)
    rows = exported(request, campaign)
    record_action("campaign.exported", by=request.viewer, target=campaign, facts={"rows": rows.count()})
    name = f"campagne-{timezone.localdate():%Y-%m-%d}.csv"
    return csv_response(name, HEAD, lines(rows))


def exported(request: HttpRequest, campaign: Campaign) -> Any:
    recipients = Recipient.objects.visible_to(request.viewer).filter(campaign=campaign)
    return recipients.select_related("young_person", "mail").prefetch_related("answers").order_by("pk")


def lines(recipients: Any) -> Iterator[tuple[Any, ...]]:
    for one in recipients.iterator(chunk_size=1000):
        person, mail = one.young_person, one.mail
        yield (
            person.last_name,
            person.first_name,
            person.ine,
            mail.get_state_display() if mail else one.get_skip_reason_display(),
            one.get_address_of_display(),
            timezone.localtime(mail.closed_at).strftime("%d/%m/%Y %H:%M") if mail and mail.closed_at else "",
            mail.outcome if mail else "",
            ", ".join(sorted({answer.get_kind_display() for answer in one.answers.all()})),
        )
