"""Sending a launched campaign: the last check before each mail, and the end."""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from cells.mailing.delivery import Answer, Postponement, Withdrawal, deliver_batch
from cells.mailing.message import Content
from cells.mailing.objections import objecting
from cells.mailing.quiet import Window
from cells.mailing.suppressions import DEAD_ADDRESS, suppressed
from cells.models import Department, OutgoingMail
from employers.models import Offer
from matching.mails import compose_offers_mail
from matching.models import Campaign, OfferRefusal, Recipient, RecipientOffer
from matching.models.matches import WORDED
from matching.services.recipients import people_in_contract, people_who_found
from matching.services.safety import follow_stream
from matching.workflow import CampaignState
from youth.models import YoungPerson

OPEN_STATES = (OutgoingMail.State.QUEUED, OutgoingMail.State.LEASED)

OBJECTED = "Opposition reçue depuis le lancement."
SIGNED = "Contrat signé depuis le lancement."
NOT_SEEKING = "Le jeune ne cherche plus."
SAYS_FOUND = "Le jeune a répondu avoir trouvé un employeur."
NO_OFFER_LEFT = "Plus aucune des offres choisies n’est ouverte."

SHORT_WAIT = timedelta(seconds=10)

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
        if result.trouble:
            follow_stream(campaign.pk, result.trouble)
        if result.unreachable or result.interrupted or not (result.claimed or _wait_for_next(campaign, stop_at)):
            finish_campaigns()
            return False
    return OutgoingMail.objects.due(Now()).filter(stream=campaign.stream_id).exists()


def _wait_for_next(campaign: Campaign, stop_at: float) -> bool:
    """A rate lets the next mails go in a moment, before the clock's next round. False when none is near."""
    queued = OutgoingMail.objects.due(Now() + SHORT_WAIT).filter(stream=campaign.stream_id)
    moment = queued.order_by("next_attempt_at").annotate(now=Now()).values_list("next_attempt_at", "now").first()
    if moment is None or time.monotonic() > stop_at:
        return False
    time.sleep(max((moment[0] - moment[1]).total_seconds(), 0.0))
    return True


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


def prepare_campaign_mails(campaign: Campaign, mails: Sequence[OutgoingMail]) -> dict[int, Answer]:
    """What each mail says now, or why it must not go, or not yet. A constant number of queries for any batch."""
    related = "young_person__commune__department"
    recipients = list(Recipient.objects.filter(mail__in=mails).select_related("young_person", related))
    by_mail = {recipient.mail_id: recipient for recipient in recipients}
    checks = _read_checks(campaign, mails, recipients)
    shown: list[RecipientOffer] = []
    answers: dict[int, Answer] = {}
    for mail in mails:
        recipient = by_mail[mail.pk]
        proposals = checks.offers.get(recipient.pk, [])[: campaign.offers_per_mail]
        answer = checks.refusal(recipient, mail, proposals) or compose_for(campaign, recipient, mail, proposals)
        answers[mail.pk] = answer
        shown += proposals if isinstance(answer, Content) else ()
    _spend_spares(shown)
    return answers


@dataclass(frozen=True)
class Checks:
    """What has changed since the launch, read once for a batch. `offers`: those still open, spare ones last."""

    window: Window | None
    now: datetime
    usual_place: Department | None
    offers: Mapping[int, list[RecipientOffer]]
    signed: set[int]
    says_found: set[int]
    refusing: set[str]
    dead: set[str]

    def refusal(
        self, recipient: Recipient, mail: OutgoingMail, proposals: Sequence[RecipientOffer]
    ) -> Withdrawal | Postponement | None:
        reason = self._reason(recipient, mail, proposals)
        if reason:
            return Withdrawal(reason)
        opening = self._opening(recipient)
        return Postponement(opening) if opening > self.now else None

    def _reason(self, recipient: Recipient, mail: OutgoingMail, proposals: Sequence[RecipientOffer]) -> str:
        situation = recipient.young_person.situation
        if mail.to_address in self.refusing:
            return OBJECTED
        if mail.to_address in self.dead:
            return DEAD_ADDRESS
        if recipient.young_person_id in self.signed or situation == YoungPerson.Situation.IN_CONTRACT:
            return SIGNED
        if recipient.young_person_id in self.says_found:
            return SAYS_FOUND
        if situation != YoungPerson.Situation.SEEKING:
            return NOT_SEEKING
        return "" if proposals else NO_OFFER_LEFT

    def _opening(self, recipient: Recipient) -> datetime:
        commune = recipient.young_person.commune
        place = commune.department if commune else self.usual_place
        if self.window is None:
            return self.now
        zone, department = (place.time_zone, place.code) if place else (settings.TIME_ZONE, "")
        return self.window.next_open(self.now, zone=zone, department=department)


def _read_checks(campaign: Campaign, mails: Sequence[OutgoingMail], recipients: Sequence[Recipient]) -> Checks:
    addresses, purpose = [mail.to_address for mail in mails], campaign.stream.purpose
    people = [recipient.young_person_id for recipient in recipients]
    window = Window(campaign.sends_from, campaign.sends_until, campaign.sends_on_rest_days)
    return Checks(
        window=window if settings.MAIL_QUIET_HOURS else None,
        now=timezone.now(),
        usual_place=Department.objects.filter(region=campaign.cell.region_id).order_by("code").first(),
        offers=_open_offers(recipients),
        signed=people_in_contract(people),
        says_found=people_who_found(people),
        refusing=objecting(addresses, purpose),
        dead=suppressed(addresses, purpose),
    )


def _spend_spares(shown: Sequence[RecipientOffer]) -> None:
    """A spare offer that takes the place of a closed one counts as shown from now on."""
    spares = [proposal.pk for proposal in shown if proposal.spare]
    if spares:
        RecipientOffer.objects.filter(pk__in=spares).update(spare=False)


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
    """By recipient, without the offers refused since the launch."""
    found: dict[int, list[RecipientOffer]] = {}
    refused = OfferRefusal.objects.filter(young_person=OuterRef("recipient__young_person"), offer=OuterRef("offer"))
    for proposal in worded(RecipientOffer.objects.filter(~Exists(refused), recipient__in=recipients)):
        found.setdefault(proposal.recipient_id, []).append(proposal)
    return found
