"""People and mails as the screens of runs and campaigns show them."""

from django.db.models import Count, QuerySet

from cells.models import MailPolicy, OutgoingMail
from matching.models import Campaign, Recipient
from matching.workflow import SkipReason
from youth.models import YoungPerson

MAIL_STATES = OutgoingMail.State


def count_mails(campaign: Campaign) -> dict[str, int]:
    """How many mails stand in each state."""
    counted = campaign.stream.mails.order_by().values_list("state").annotate(Count("pk"))
    return dict(counted)


def with_outcome(recipients: QuerySet[Recipient], outcome: str) -> QuerySet[Recipient]:
    """`outcome`: a state of the mail, or a reason for none; anything else does not narrow."""
    if outcome in SkipReason.values:
        return recipients.filter(skip_reason=outcome)
    if outcome in MAIL_STATES.values:
        return recipients.filter(mail__state=outcome)
    return recipients


def of_person(recipients: QuerySet[Recipient], words: str) -> QuerySet[Recipient]:
    """Those whose name, INE or phone number holds every word."""
    if not words.strip():
        return recipients
    return recipients.filter(young_person__in=YoungPerson.objects.all().search(words).order_by())


def current_stop() -> MailPolicy | None:
    """Why, and since when, no campaign sends anything; None when they may."""
    return MailPolicy.objects.filter(campaigns_stopped=True).first()


def outcome_choices() -> list[tuple[str, str]]:
    return [*MAIL_STATES.choices, *SkipReason.choices]


def still_to_send(counts: dict[str, int]) -> int:
    return counts.get(MAIL_STATES.QUEUED, 0) + counts.get(MAIL_STATES.LEASED, 0)
