"""Whether a stream is doing harm: too many of its mails are refused or complained of."""

from django.db.models import Count, Q

from cells.models import MailPolicy, MailPurpose, MailStream, OutgoingMail

State = OutgoingMail.State

TOO_MANY_REFUSED = "Pause automatique : {count} mails refusés sur {total}."
TOO_MANY_COMPLAINTS = "Pause automatique : {count} signalements sur {total} mails."


def policy() -> MailPolicy:
    return MailPolicy.objects.get_or_create(pk=MailPolicy.ONLY)[0]


def trouble_of(stream: MailStream) -> str:
    """Why the stream should be paused, in French; empty when all is well or too little was sent to tell."""
    rules, counts = policy(), _counts(stream)
    total = counts["total"]
    if total < rules.minimum_sample or stream.purpose == MailPurpose.SERVICE:
        return ""
    if counts["complained"] * 1_000 > rules.complained_permille * total:
        return TOO_MANY_COMPLAINTS.format(count=counts["complained"], total=total)
    if counts["refused"] * 100 > rules.refused_percent * total:
        return TOO_MANY_REFUSED.format(count=counts["refused"], total=total)
    return ""


def pause_stream(stream: MailStream) -> bool:
    """False when it was not open any more."""
    open_one = MailStream.objects.filter(pk=stream.pk, state=MailStream.State.OPEN)
    return open_one.update(state=MailStream.State.PAUSED) == 1


def _counts(stream: MailStream) -> dict[str, int]:
    stream.refresh_from_db(fields=["judged_from"])
    closed = stream.mails.exclude(state__in=[State.QUEUED, State.LEASED, State.WITHDRAWN])
    if stream.judged_from:
        closed = closed.filter(closed_at__gte=stream.judged_from)
    return closed.aggregate(
        total=Count("pk"),
        refused=Count("pk", filter=Q(state__in=[State.FAILED, State.BOUNCED])),
        complained=Count("pk", filter=Q(state=State.COMPLAINED)),
    )
