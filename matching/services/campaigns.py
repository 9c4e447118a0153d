"""What a cell does with a campaign: prepare, change, schedule, launch, pause, resume, cancel."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone

from cells.errors import RefusedError, check_move
from cells.mailing.ledger import withdraw_stopped
from cells.models import Cell, MailPurpose, MailStream
from cells.scoping import Viewer
from cells.services.audit import record_action
from cells.services.mail_policy import campaigns_are_stopped
from matching.models import Campaign, MatchRun
from matching.plans import Plan
from matching.services.campaign_offers import settings_of
from matching.services.completeness import check_complete
from matching.services.exposure import wait_for_turn
from matching.services.freezing import freeze_recipients
from matching.services.recipients import choose_recipients, count_outcomes
from matching.tasks import send_campaign_batch
from matching.workflow import CAMPAIGN_MOVES, CampaignState

__all__ = [
    "cancel_campaign",
    "change_campaign",
    "count_outcomes",
    "create_campaign",
    "launch_campaign",
    "launch_due_campaigns",
    "pause_campaign",
    "resume_campaign",
    "schedule_campaign",
    "unschedule_campaign",
]

PARALLEL_SENDERS = 2


@transaction.atomic
def create_campaign(
    *, cell: Cell | None = None, run: MatchRun | None = None, plan: Plan | None = None, by: Viewer, **settings: Any
) -> Campaign:
    """A draft: nothing is frozen before launch. `run` only says where it was prepared from; `settings` are Plan's."""
    cell = cell or (run.cell if run else None)
    if cell is None or by.cell_id not in (None, cell.pk):
        raise RefusedError("Cette campagne serait celle d’une autre cellule : elle ne peut pas être créée ici.")
    columns = (plan or Plan(**settings)).columns()
    stream = MailStream.objects.create(cell=cell, name=columns["name"], purpose=MailPurpose.OFFERS)
    campaign = Campaign.objects.create(cell=cell, run=run, stream=stream, created_by_id=by.user_id, **columns)
    record_action("campaign.created", by=by, target=campaign, cell_id=campaign.cell_id)
    return campaign


@transaction.atomic
def change_campaign(campaign: Campaign, *, plan: Plan, by: Viewer) -> Campaign:
    campaign = _locked(campaign)
    if campaign.state != CampaignState.DRAFT:
        raise RefusedError("Seul un brouillon se modifie. Annulez d’abord la programmation, ou créez une campagne.")
    for name, value in plan.columns().items():
        setattr(campaign, name, value)
    campaign.save()
    MailStream.objects.filter(pk=campaign.stream_id).update(name=campaign.name)
    record_action("campaign.changed", by=by, target=campaign, cell_id=campaign.cell_id)
    return campaign


@transaction.atomic
def schedule_campaign(campaign: Campaign, *, at: datetime, by: Viewer) -> Campaign:
    """Launched by the clock at that time, on the people and offers of that time."""
    campaign = _locked(campaign)
    check_move(CAMPAIGN_MOVES, campaign.state, CampaignState.SCHEDULED, "Campagne")
    if at <= timezone.now():
        raise RefusedError("Ce moment est déjà passé : choisissez-en un à venir, ou lancez la campagne maintenant.")
    _save(campaign, state=CampaignState.SCHEDULED, scheduled_for=at, message="")
    record_action("campaign.scheduled", by=by, target=campaign, cell_id=campaign.cell_id, facts={"at": at.isoformat()})
    return campaign


@transaction.atomic
def unschedule_campaign(campaign: Campaign, *, by: Viewer) -> Campaign:
    campaign = _locked(campaign)
    check_move(CAMPAIGN_MOVES, campaign.state, CampaignState.DRAFT, "Campagne")
    _save(campaign, state=CampaignState.DRAFT, scheduled_for=None, message="")
    record_action("campaign.unscheduled", by=by, target=campaign, cell_id=campaign.cell_id)
    return campaign


@transaction.atomic
def launch_campaign(campaign: Campaign, *, by: Viewer) -> Campaign:
    """Freeze every recipient and queue every mail, all or nothing. Launching twice does nothing more.

    Launches take turns, so that each sees whom the one before writes to and which offers it shows.
    """
    Cell.objects.select_for_update(no_key=True).get(pk=campaign.cell_id)
    campaign = _locked(campaign)
    if campaign.launched_at is not None:
        return campaign
    check_move(CAMPAIGN_MOVES, campaign.state, CampaignState.LAUNCHED, "Campagne")
    wait_for_turn()
    selection = choose_recipients(campaign)
    check_complete(campaign, selection)
    freeze_recipients(campaign, selection)
    now = timezone.now()
    parameters = settings_of(campaign, timezone.localdate(now)).to_json()
    _save(campaign, state=CampaignState.LAUNCHED, launched_at=now, parameters=parameters, message="")
    facts = {reason or "mailed": number for reason, number in selection.counts().items()}
    record_action("campaign.launched", by=by, target=campaign, cell_id=campaign.cell_id, facts=facts)
    _wake_senders(campaign)
    return campaign


def launch_due_campaigns(now: datetime) -> int:
    """Those whose slot has come, unless all sending is stopped. One whose slot passed long ago waits for a person to
    launch or cancel it.
    """
    if campaigns_are_stopped():
        return 0
    due = Campaign.objects.filter(
        state=CampaignState.SCHEDULED, scheduled_for__lte=now, scheduled_for__gte=now - Campaign.LATE_AFTER
    )
    return sum(_launch_on_time(campaign) for campaign in due.order_by("scheduled_for", "pk"))


def _launch_on_time(campaign: Campaign) -> bool:
    try:
        launch_campaign(campaign, by=Viewer(cell_id=campaign.cell_id))
    except RefusedError as error:
        Campaign.objects.filter(pk=campaign.pk).update(message=str(error)[:500])
        return False
    return True


@transaction.atomic
def pause_campaign(campaign: Campaign, *, by: Viewer) -> Campaign:
    """At most the mails being handed over at this instant still go out."""
    campaign = _move(campaign, CampaignState.PAUSED, MailStream.State.PAUSED)
    record_action("campaign.paused", by=by, target=campaign, cell_id=campaign.cell_id)
    return campaign


@transaction.atomic
def resume_campaign(campaign: Campaign, *, by: Viewer) -> Campaign:
    campaign = _locked(campaign)
    if campaign.state != CampaignState.PAUSED:
        raise RefusedError("Cette campagne n’est pas en pause : il n’y a rien à reprendre.")
    campaign = _move(campaign, CampaignState.LAUNCHED, MailStream.State.OPEN)
    _save(campaign, message="")
    MailStream.objects.filter(pk=campaign.stream_id).update(judged_from=timezone.now())
    record_action("campaign.resumed", by=by, target=campaign, cell_id=campaign.cell_id)
    _wake_senders(campaign)
    return campaign


@transaction.atomic
def cancel_campaign(campaign: Campaign, *, by: Viewer) -> Campaign:
    """For good: mails that have not left never will."""
    campaign = _move(campaign, CampaignState.CANCELLED, MailStream.State.STOPPED)
    withdrawn = withdraw_stopped()
    record_action(
        "campaign.cancelled",
        by=by,
        target=campaign,
        cell_id=campaign.cell_id,
        facts={"withdrawn": withdrawn},
    )
    return campaign


def _locked(campaign: Campaign) -> Campaign:
    rows = Campaign.objects.select_for_update(of=("self",)).select_related("stream", "cell")
    return rows.get(pk=campaign.pk)


def _save(campaign: Campaign, **columns: Any) -> None:
    for name, value in columns.items():
        setattr(campaign, name, value)
    campaign.save(update_fields=columns)


def _move(campaign: Campaign, state: CampaignState, stream_state: MailStream.State) -> Campaign:
    campaign = _locked(campaign)
    check_move(CAMPAIGN_MOVES, campaign.state, state, "Campagne")
    _save(campaign, state=state, message="")
    MailStream.objects.filter(pk=campaign.stream_id).update(state=stream_state)
    return campaign


def _wake_senders(campaign: Campaign) -> None:
    """A broker that does not answer loses nothing: wake_campaigns publishes again."""

    def publish() -> None:  # a named function: Django cannot log the failure of a partial
        send_campaign_batch.delay(campaign.pk)

    for _ in range(PARALLEL_SENDERS):
        transaction.on_commit(publish, robust=True)
