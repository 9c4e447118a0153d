"""Sending a launched campaign: the last check before each mail, and the end."""

import time
from collections.abc import Iterable, Sequence
from functools import partial

from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from cells.mailing.delivery import Withdrawal, deliver_batch
from cells.mailing.message import Content
from cells.mailing.objections import objecting
from cells.models import OutgoingMail
from employers.models import Offer
from matching.mails import compose_offers_mail
from matching.models import Campaign, Recipient, RecipientOffer
from matching.models.runs import WORDED
from matching.services.recipients import people_in_contract
from matching.workflow import CampaignState
from youth.models import YoungPerson

OPEN_STATES = (OutgoingMail.State.QUEUED, OutgoingMail.State.LEASED)

OBJECTED = "Opposition reçue depuis le lancement."
SIGNED = "Contrat signé depuis le lancement."
NOT_SEEKING = "Le jeune ne cherche plus."
NO_OFFER_LEFT = "Plus aucune des offres choisies n’est ouverte."

# Long texts that no mail quotes.
UNREAD = (
    "offer__description",
    "offer__search_vector",
    "offer__desired_skills",
    "offer__to_be_acquired_skills",
    "offer__access_conditions",
    "offer__employer__description",
    "wish__keys",
)


def deliver_campaign(campaign_id: int, *, worker: str, seconds: float) -> bool:
    """Send batch after batch until nothing is due or `seconds` have passed; True when there is more to send now."""
    campaign = Campaign.objects.select_related("stream", "cell").get(pk=campaign_id)
    stop_at = time.monotonic() + seconds
    prepare = partial(prepare_campaign_mails, campaign)
    while time.monotonic() < stop_at:
        result = deliver_batch(campaign.stream, prepare=prepare, worker=worker)
        if not result.claimed or result.unreachable or result.interrupted:
            finish_campaigns()
            return False
    return OutgoingMail.objects.due(Now()).filter(stream=campaign.stream_id).exists()


def finish_campaigns() -> int:
    """Launched campaigns none of whose mails is open any more."""
    open_mails = OutgoingMail.objects.filter(stream=OuterRef("stream"), state__in=OPEN_STATES)
    over = Campaign.objects.filter(~Exists(open_mails), state=CampaignState.LAUNCHED)
    return over.update(state=CampaignState.FINISHED, finished_at=Now())


def campaigns_to_wake() -> list[int]:
    """Campaigns with due mails and no worker on them: the broker lost the message, or a later try has come."""
    mails = OutgoingMail.objects.filter(stream=OuterRef("stream"))
    held = mails.filter(state=OutgoingMail.State.LEASED, lease_until__gt=Now())
    due = OutgoingMail.objects.due(Now()).filter(stream=OuterRef("stream"))
    idle = Campaign.objects.filter(Exists(due), ~Exists(held))  # due mails stand in open streams only
    return list(idle.order_by("pk").values_list("pk", flat=True))


def prepare_campaign_mails(campaign: Campaign, mails: Sequence[OutgoingMail]) -> dict[int, Content | Withdrawal]:
    """What each mail says now, or why it must not go any more. A constant number of queries for any batch."""
    recipients = list(Recipient.objects.filter(mail__in=mails).select_related("young_person"))
    people = [recipient.young_person_id for recipient in recipients]
    offers = _open_offers(recipients)
    signed = people_in_contract(people)
    refusing = objecting([mail.to_address for mail in mails], campaign.stream.purpose)
    by_mail = {recipient.mail_id: recipient for recipient in recipients}
    answers: dict[int, Content | Withdrawal] = {}
    for mail in mails:
        recipient = by_mail[mail.pk]
        proposals = offers.get(recipient.pk, [])
        reason = _withdrawn(recipient, mail.to_address in refusing, signed, proposals)
        answers[mail.pk] = Withdrawal(reason) if reason else compose_for(campaign, recipient, mail, proposals)
    return answers


def compose_for(
    campaign: Campaign, recipient: Recipient, mail: OutgoingMail, proposals: Sequence[RecipientOffer]
) -> Content:
    return compose_offers_mail(
        campaign,
        proposals,
        first_name=recipient.young_person.given_name,
        to_guardian=recipient.address_of == Recipient.AddressOf.GUARDIAN,
        mail_uuid=mail.uuid,
    )


def worded(proposals: QuerySet) -> QuerySet:
    """Matches or frozen offers with what a mail says of them, those still open only, best first."""
    open_ones = proposals.filter(offer__in=Offer.objects.public().order_by())
    return open_ones.select_related(*WORDED, "offer__commune").defer(*UNREAD).order_by("rank")


def _open_offers(recipients: Iterable[Recipient]) -> dict[int, list[RecipientOffer]]:
    found: dict[int, list[RecipientOffer]] = {}
    for proposal in worded(RecipientOffer.objects.filter(recipient__in=recipients)):
        found.setdefault(proposal.recipient_id, []).append(proposal)
    return found


def _withdrawn(recipient: Recipient, objected: bool, signed: set[int], proposals: Sequence[RecipientOffer]) -> str:
    situation = recipient.young_person.situation
    if objected:
        return OBJECTED
    if recipient.young_person_id in signed or situation == YoungPerson.Situation.IN_CONTRACT:
        return SIGNED
    if situation != YoungPerson.Situation.SEEKING:
        return NOT_SEEKING
    return "" if proposals else NO_OFFER_LEFT
