"""What a cell does with a campaign: create, look at, launch, pause, resume, cancel."""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from cells.errors import RefusedError, check_move
from cells.mailing.ledger import withdraw_stopped
from cells.mailing.message import Content
from cells.models import Cell, MailPurpose, MailStream, OutgoingMail
from cells.scoping import Viewer
from cells.services.audit import record_action
from matching.mails import compose_offers_mail
from matching.models import Campaign, Match, MatchRun, Recipient
from matching.services.exposure import check_run_is_current, wait_for_turn
from matching.services.recipients import (
    NOT_CONTACTED_DAYS,
    choose_recipients,
    count_outcomes,
    freeze_recipients,
)
from matching.services.sending import worded
from matching.tasks import send_campaign_batch
from matching.wording import Proposal
from matching.workflow import CAMPAIGN_MOVES, CampaignState, RunState, SkipReason
from youth.models import YoungPerson

__all__ = [
    "cancel_campaign",
    "count_outcomes",
    "create_campaign",
    "launch_campaign",
    "pause_campaign",
    "preview_mail",
    "resume_campaign",
]

PARALLEL_SENDERS = 2
NOT_SENT_YET = UUID(int=0)  # a preview's unsubscribe link leads to no mail
OUTSIDE = (
    "Ce jeune ne reçoit pas de mail de cette campagne : il ne cherche pas d’employeur, "
    "ou n’a aucun vœu ouvert pour la rentrée en cours."
)


@transaction.atomic
def create_campaign(
    *,
    run: MatchRun,
    name: str,
    offers_per_mail: int = 5,
    hold_out_percent: int = 0,
    not_contacted_days: int = NOT_CONTACTED_DAYS,
    by: Viewer,
) -> Campaign:
    """A draft: nothing is frozen before launch. `not_contacted_days` 0 writes again to people of other campaigns."""
    if by.cell_id not in (None, run.cell_id):
        raise RefusedError("Ce calcul est celui d’une autre cellule : une campagne ne peut pas en partir.")
    if run.state != RunState.DONE:
        raise RefusedError("Le calcul n’est pas terminé : attendez sa fin pour créer une campagne.")
    check_run_is_current(run)
    if not 1 <= offers_per_mail <= 8:
        raise RefusedError("Le nombre d’offres par mail doit être compris entre 1 et 8.")
    if not 0 <= hold_out_percent <= 50:
        raise RefusedError("La part du groupe témoin doit être comprise entre 0 et 50 %.")
    title = " ".join(name.split())
    if not 1 <= len(title) <= 120:
        raise RefusedError("Le nom de la campagne doit compter entre 1 et 120 caractères.")
    stream = MailStream.objects.create(cell_id=run.cell_id, name=title, purpose=MailPurpose.OFFERS)
    campaign = Campaign.objects.create(
        cell_id=run.cell_id,
        name=title,
        run=run,
        stream=stream,
        audience={"not_contacted_days": not_contacted_days},
        offers_per_mail=offers_per_mail,
        hold_out_percent=hold_out_percent,
        created_by_id=by.user_id,
    )
    record_action("campaign.created", by=by, target=campaign, cell_id=campaign.cell_id)
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
    check_run_is_current(campaign.run)
    wait_for_turn()
    choices = choose_recipients(campaign)
    freeze_recipients(campaign, choices)
    campaign.state = CampaignState.LAUNCHED
    campaign.launched_at = timezone.now()
    campaign.save(update_fields=["state", "launched_at"])
    facts = {reason or "mailed": number for reason, number in count_outcomes(campaign).items()}
    record_action("campaign.launched", by=by, target=campaign, cell_id=campaign.cell_id, facts=facts)
    _wake_senders(campaign)
    return campaign


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


def preview_mail(campaign: Campaign, young_person: YoungPerson) -> Content:
    """The mail as it was sent, else as it would go out now. Raises RefusedError when the person gets none, and why."""
    recipient = Recipient.objects.filter(campaign=campaign, young_person=young_person).select_related("mail").first()
    if recipient is None and campaign.launched_at is None:
        return _preview_draft(campaign, young_person)
    if recipient is None:
        raise RefusedError(OUTSIDE)
    mail = recipient.mail
    if mail is None:
        raise _no_mail(SkipReason(recipient.skip_reason))
    if mail.content_sha256:
        return Content(mail.subject, mail.text, mail.html, mail.headers)
    to_guardian = recipient.address_of == Recipient.AddressOf.GUARDIAN
    return _compose(campaign, young_person, list(worded(recipient.offers.all())), to_guardian, mail)


def _preview_draft(campaign: Campaign, young_person: YoungPerson) -> Content:
    choices = choose_recipients(campaign)
    choice = next((choice for choice in choices if choice.person_id == young_person.pk), None)
    if choice is None:
        raise RefusedError(OUTSIDE)
    if choice.address is None:
        raise _no_mail(SkipReason(choice.skip_reason))
    proposals = list(worded(Match.objects.filter(pk__in=choice.matches)))
    return _compose(campaign, young_person, proposals, choice.address.of == Recipient.AddressOf.GUARDIAN, None)


def _compose(
    campaign: Campaign,
    young_person: YoungPerson,
    proposals: Sequence[Proposal],
    to_guardian: bool,
    mail: OutgoingMail | None,
) -> Content:
    if not proposals:
        raise _no_mail(SkipReason.NO_OFFER)
    return compose_offers_mail(
        campaign,
        proposals,
        first_name=young_person.given_name,
        to_guardian=to_guardian,
        mail_uuid=mail.uuid if mail else NOT_SENT_YET,
    )


def _no_mail(reason: SkipReason) -> RefusedError:
    return RefusedError(f"Ce jeune ne reçoit pas de mail de cette campagne. Raison : {reason.label}.")


def _locked(campaign: Campaign) -> Campaign:
    rows = Campaign.objects.select_for_update(of=("self",)).select_related("stream", "cell")
    return rows.get(pk=campaign.pk)


def _move(campaign: Campaign, state: CampaignState, stream_state: MailStream.State) -> Campaign:
    campaign = _locked(campaign)
    check_move(CAMPAIGN_MOVES, campaign.state, state, "Campagne")
    campaign.state = state
    campaign.save(update_fields=["state"])
    MailStream.objects.filter(pk=campaign.stream_id).update(state=stream_state)
    return campaign


def _wake_senders(campaign: Campaign) -> None:
    """A broker that does not answer loses nothing: wake_campaigns publishes again."""

    def publish() -> None:  # a named function: Django cannot log the failure of a partial
        send_campaign_batch.delay(campaign.pk)

    for _ in range(PARALLEL_SENDERS):
        transaction.on_commit(publish, robust=True)
