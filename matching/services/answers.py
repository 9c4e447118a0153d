"""What comes back from a campaign's mail: recorded on the file, and on a counsellor's worklist."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from cells.errors import RefusedError
from cells.mailing.tokens import ANSWER, read_mail_token
from cells.scoping import Viewer
from cells.services.audit import record_action
from employers.models import Offer
from matching.models import CampaignAnswer, OfferRefusal, Recipient
from matching.models.answers import RefusalReason
from youth.models import YoungPerson

GOOD_FOR = timedelta(days=120)
NOT_OF_THIS_MAIL = "Cette offre n’était pas dans ce mail."

Kind = CampaignAnswer.Kind


def recipient_of_token(token: str) -> Recipient | None:
    """Whose answer page a link opens; None when we never wrote that link."""
    mail_uuid = read_mail_token(token, purpose=ANSWER)
    if mail_uuid is None:
        return None
    found = Recipient.objects.select_related("young_person", "campaign__cell", "mail")
    return found.filter(mail__uuid=mail_uuid).first()


def is_open(recipient: Recipient, now: datetime) -> bool:
    """Links are good for 120 days, unless a counsellor closed them."""
    return recipient.links_revoked_at is None and now < recipient.created_at + GOOD_FOR


@transaction.atomic
def record_answer(
    recipient: Recipient, *, kind: Kind, offer: Offer | None = None, reason: str = "", by: Viewer | None = None
) -> CampaignAnswer:
    """Answering twice changes nothing, but for the reason of a refusal and a call asked again once it was dealt with.

    `by` is the counsellor who takes the answer down; None for the link's own holder.
    """
    if offer is not None and not recipient.offers.filter(offer=offer).exists():
        raise RefusedError(NOT_OF_THIS_MAIL)
    if kind == Kind.NOT_FOR_ME and reason not in RefusalReason.values:
        raise RefusedError("Choisissez une raison dans la liste.")
    answer, is_new = CampaignAnswer.objects.get_or_create(
        recipient=recipient, kind=kind, offer=offer, defaults={"reason": reason}
    )
    if not is_new:
        _say_again(answer, reason)
    if kind == Kind.NOT_FOR_ME and offer is not None:
        refuse_offer(recipient.young_person, offer, reason)
    if is_new:
        _trace(recipient, answer, by)
    return answer


def refuse_offer(young_person: YoungPerson, offer: Offer, reason: str) -> OfferRefusal:
    """Neither a run nor a campaign proposes it to them again: `matching.inputs` reads it."""
    refusal, _ = OfferRefusal.objects.update_or_create(
        young_person=young_person, offer=offer, defaults={"reason": reason}
    )
    return refusal


@transaction.atomic
def handle_answer(answer: CampaignAnswer, *, by: Viewer) -> CampaignAnswer:
    """A counsellor has called, or recorded the contract: off the worklist. Twice changes nothing."""
    now = timezone.now()
    waiting = CampaignAnswer.objects.filter(pk=answer.pk, handled_at=None)
    if waiting.update(handled_at=now, handled_by_id=by.user_id):
        person = answer.recipient.young_person
        record_action("answer.handled", by=by, target=person, facts={"kind": answer.kind}, cell_id=person.cell_id)
    answer.refresh_from_db()
    return answer


@transaction.atomic
def revoke_links(recipient: Recipient, *, by: Viewer) -> Recipient:
    """The mail reached somebody it should not have: nobody answers through it any more."""
    if Recipient.objects.filter(pk=recipient.pk, links_revoked_at=None).update(links_revoked_at=timezone.now()):
        cell_id = recipient.campaign.cell_id
        record_action("campaign.links_revoked", by=by, target=recipient.young_person, cell_id=cell_id)
    recipient.refresh_from_db()
    return recipient


def _say_again(answer: CampaignAnswer, reason: str) -> None:
    if answer.kind == Kind.CALL_ME and answer.handled_at is not None:
        CampaignAnswer.objects.filter(pk=answer.pk).update(handled_at=None, handled_by=None, created_at=timezone.now())
    if answer.reason != reason:
        CampaignAnswer.objects.filter(pk=answer.pk).update(reason=reason)
    answer.refresh_from_db()


def _trace(recipient: Recipient, answer: CampaignAnswer, by: Viewer | None) -> None:
    """On the person's journey (youth.journey)."""
    facts = {"kind": answer.kind, "campaign": str(recipient.campaign.uuid)}
    record_action(
        "person.answered",
        by=by or Viewer(),
        target=recipient.young_person,
        facts=facts,
        cell_id=recipient.campaign.cell_id,
    )
