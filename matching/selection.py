"""People and mails as the screens of runs and campaigns show them."""

from django.db.models import Count, Exists, OuterRef, QuerySet
from django.utils import timezone

from cells.models import OutgoingMail
from matching.models import Campaign, Match, MatchRun, Recipient
from matching.workflow import SkipReason
from youth.models import Wish
from youth.models.people import YoungPersonQuerySet

MAIL_STATES = OutgoingMail.State


def people_without_match(people: YoungPersonQuerySet, run: MatchRun) -> YoungPersonQuerySet:
    """Those who seek and have an open wish, and to whom the run proposed nothing."""
    matched = Match.objects.filter(run=run, young_person=OuterRef("pk"))
    wished = Wish.objects.current(timezone.localdate()).filter(young_person=OuterRef("pk"))
    return people.seeking().filter(Exists(wished), ~Exists(matched))


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


def outcome_choices() -> list[tuple[str, str]]:
    return [*MAIL_STATES.choices, *SkipReason.choices]


def still_to_send(counts: dict[str, int]) -> int:
    return counts.get(MAIL_STATES.QUEUED, 0) + counts.get(MAIL_STATES.LEASED, 0)
