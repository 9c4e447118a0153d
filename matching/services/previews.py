"""The very mail of one person, before launch or after it, and the same sent to a colleague as a test."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from cells.errors import RefusedError
from cells.mailing.ledger import queue_mail
from cells.mailing.message import Content
from cells.models import MailPurpose, MailStream, Membership, OutgoingMail, User
from cells.scoping import Viewer
from cells.services.audit import record_action
from cells.tasks import send_due_mails
from employers.models import Offer
from matching.mails import NOT_SENT_YET, compose_offers_mail
from matching.models import Campaign, Recipient, RecipientOffer
from matching.services.recipients import read_facts
from matching.services.rehearsal import Rehearsal, rehearse
from matching.services.sending import worded
from matching.wording import Proposal
from matching.workflow import SkipReason
from youth.models import Wish, YoungPerson

OUTSIDE = (
    "Ce jeune ne reçoit pas de mail de cette campagne : il ne cherche pas d’employeur, n’a aucun vœu ouvert pour la "
    "rentrée en cours, ou n’est pas du public visé."
)
TEST_STREAM = "Essais de campagne"
LIST_HEADERS = ("List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "X-Campaign")


def preview_mail(campaign: Campaign, young_person: YoungPerson, rehearsal: Rehearsal | None = None) -> Content:
    """The mail as it was sent, else as it would go out now. Raises RefusedError when the person gets none, and why.

    Before launch, `rehearsal` spares playing the whole campaign for one mail.
    """
    if campaign.launched_at is None:
        return _drafted(campaign, young_person, rehearsal or rehearse(campaign))
    recipient = Recipient.objects.filter(campaign=campaign, young_person=young_person).select_related("mail").first()
    if recipient is None:
        raise RefusedError(OUTSIDE)
    mail = recipient.mail
    if mail is None:
        raise _no_mail(SkipReason(recipient.skip_reason))
    if mail.content_sha256:
        return Content(mail.subject, mail.text, mail.html, mail.headers)
    proposals = list(worded(recipient.offers.all()))[: campaign.offers_per_mail]
    return _composed(campaign, young_person, proposals, recipient.address_of == Recipient.AddressOf.GUARDIAN, mail)


def _drafted(campaign: Campaign, young_person: YoungPerson, rehearsal: Rehearsal, is_test: bool = False) -> Content:
    reason = rehearsal.reasons.get(young_person.pk)
    if reason is None:
        raise RefusedError(OUTSIDE)
    if reason:
        raise _no_mail(SkipReason(reason))
    facts = read_facts(campaign, YoungPerson.objects.filter(pk=young_person.pk), 0)
    address = facts.address(young_person.pk)
    to_guardian = address is not None and address.of == Recipient.AddressOf.GUARDIAN
    return _composed(campaign, young_person, _shown(rehearsal, young_person), to_guardian, None, is_test)


def _shown(rehearsal: Rehearsal, young_person: YoungPerson) -> list[Proposal]:
    """As RecipientOffer rows that nobody saves."""
    rows = [row for row in rehearsal.shares.rows_of(young_person.pk) if not row["spare"]]
    offers = Offer.objects.public().select_related("employer", "target_level", "commune")
    by_id = offers.in_bulk([row["offer_id"] for row in rows])
    wishes = Wish.objects.in_bulk([row["wish_id"] for row in rows])
    known = [row for row in rows if row["offer_id"] in by_id and row["wish_id"] in wishes]
    return [RecipientOffer(offer=by_id[row["offer_id"]], wish=wishes[row["wish_id"]], **_facts(row)) for row in known]


def _facts(row: dict[str, object]) -> dict[str, object]:
    return {name: row[name] for name in ("rank", "score", "distance_m", "reasons")}


def _composed(
    campaign: Campaign,
    young_person: YoungPerson,
    proposals: Sequence[Proposal],
    to_guardian: bool,
    mail: OutgoingMail | None,
    is_test: bool = False,
) -> Content:
    if not proposals:
        raise _no_mail(SkipReason.NO_OFFER)
    return compose_offers_mail(
        campaign,
        proposals,
        first_name=young_person.given_name,
        to_guardian=to_guardian,
        mail_uuid=mail.uuid if mail else NOT_SENT_YET,
        is_test=is_test,
    )


def _no_mail(reason: SkipReason) -> RefusedError:
    return RefusedError(f"Ce jeune ne reçoit pas de mail de cette campagne. Raison : {reason.label}.")


def colleagues(cell_id: int) -> list[User]:
    """Those of the cell who may be sent a test: members today who have already signed in with their address."""
    members = Membership.objects.current().filter(cell=cell_id).values("user")
    return list(User.objects.filter(pk__in=members, is_active=True, last_login__isnull=False))


@transaction.atomic
def send_test_mail(
    campaign: Campaign, young_person: YoungPerson, *, to: User, by: Viewer, rehearsal: Rehearsal | None = None
) -> None:
    """The person's mail, marked as a test, to a colleague. No row of the campaign counts it."""
    if to not in colleagues(campaign.cell_id):
        raise RefusedError("Un essai ne part qu’à un membre de la cellule qui s’est déjà connecté.")
    content = _drafted(campaign, young_person, rehearsal or rehearse(campaign), is_test=True)
    stream, _ = MailStream.objects.get_or_create(
        cell_id=campaign.cell_id, name=TEST_STREAM, purpose=MailPurpose.SERVICE
    )
    headers = {name: value for name, value in content.headers.items() if name not in LIST_HEADERS}
    marked = Content(content.subject, content.text, content.html, headers)
    key = f"campaign-test:{campaign.pk}:{young_person.pk}:{to.pk}:{timezone.now():%Y%m%d%H%M%S%f}"
    queue_mail(stream, dedup_key=key, to=to.email, content=marked)
    record_action("campaign.tested", by=by, target=campaign, facts={"to": str(to.uuid)}, cell_id=campaign.cell_id)
    transaction.on_commit(_send_now, robust=True)


def _send_now() -> None:
    """Else the clock does, within a minute."""
    send_due_mails.delay()
