"""What came back about our mails: each report counts once, and only for a mail of ours and its own recipient."""

from hashlib import sha256

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from cells.mailing.health import pause_stream, policy, trouble_of
from cells.mailing.notices import Notice, read_notice
from cells.mailing.objections import hash_address
from cells.mailing.refusals import Action, RefusalRules
from cells.mailing.suppressions import suppress_address, suppress_after_soft_failures
from cells.models import MailReport, OutgoingMail, Suppression

State = OutgoingMail.State
Kind, Source = MailReport.Kind, MailReport.Source

NOT_OURS = "Aucun de nos mails n’est nommé."
OTHER_RECIPIENT = "Il parle d’un autre destinataire."
NO_REPORT = "Ce n’est pas un retour de mail."
UNREADABLE = "Il n’a pas pu être lu."
TAKEN = (State.SENT, State.UNCERTAIN)


def take_report(raw: bytes, *, source: MailReport.Source = Source.MAILBOX) -> MailReport:
    """Whatever comes, a row says what became of it. The same bytes twice change nothing."""
    try:
        notice, aside = read_notice(raw), ""
    except Exception:
        notice, aside = Notice(Kind.OTHER), UNREADABLE
    return take_notice(notice, digest=sha256(raw).hexdigest(), source=source, aside=aside)


@transaction.atomic
def take_notice(notice: Notice, *, digest: str, source: MailReport.Source, aside: str = "") -> MailReport:
    mail = _mail_of(notice)
    aside = aside or _reason_aside(notice, mail)
    report, is_new = MailReport.objects.get_or_create(
        digest=digest,
        defaults={
            "source": source,
            "kind": notice.kind,
            "mail": mail,
            "address_hash": hash_address(mail.to_address) if mail else "",
            "code": notice.code,
            "diagnostic": notice.diagnostic.replace("\x00", ""),
            "set_aside": aside,
        },
    )
    if is_new and mail is not None and not aside:
        _apply(report, mail)
    return report


def note_soft_failure(mail: OutgoingMail, code: str, said: str) -> None:
    """A mail given up after all its tries."""
    MailReport.objects.get_or_create(
        digest=sha256(f"{mail.message_id} {mail.attempts}".encode()).hexdigest(),
        defaults={
            "source": Source.SMTP,
            "kind": Kind.BOUNCE,
            "mail": mail,
            "address_hash": hash_address(mail.to_address),
            "code": code,
            "diagnostic": said[:300],
            "is_soft": True,
        },
    )
    suppress_after_soft_failures(mail.to_address, policy())


def _mail_of(notice: Notice) -> OutgoingMail | None:
    named = Q(uuid__in=notice.mail_uuids) | Q(message_id__in=notice.message_ids)
    return OutgoingMail.objects.filter(named).select_related("stream").order_by("pk").last()


def _reason_aside(notice: Notice, mail: OutgoingMail | None) -> str:
    if notice.kind == Kind.OTHER:
        return NO_REPORT
    if mail is None:
        return NOT_OURS
    if notice.recipients and mail.to_address.lower() not in notice.recipients and notice.kind != Kind.COMPLAINT:
        return OTHER_RECIPIENT
    return ""


def _apply(report: MailReport, mail: OutgoingMail) -> None:
    if report.kind == Kind.COMPLAINT:
        suppress_address(mail.to_address, Suppression.Reason.COMPLAINT)
        _close(mail, State.COMPLAINED, "Signalé comme indésirable par le destinataire.")
    elif report.kind == Kind.BOUNCE:
        _bounce(report, mail)
    if report.kind != Kind.DELAY and trouble_of(mail.stream):
        pause_stream(mail.stream)


def _bounce(report: MailReport, mail: OutgoingMail) -> None:
    """Without a code, the failure is taken for a passing one."""
    action = RefusalRules.on().action(report.code) if report.code else Action.RETRY
    _close(mail, State.BOUNCED, f"{report.code} {report.diagnostic}".strip())
    if action == Action.SUPPRESS:
        suppress_address(mail.to_address, Suppression.Reason.DEAD, report.code)
    elif action == Action.PAUSE and mail.stream.purpose != "service":
        pause_stream(mail.stream)
    elif action == Action.RETRY:
        MailReport.objects.filter(pk=report.pk).update(is_soft=True)
        suppress_after_soft_failures(mail.to_address, policy())


def _close(mail: OutgoingMail, state: str, outcome: str) -> None:
    """A bounce also ends a doubt: the server had taken the mail."""
    rows = OutgoingMail.objects.filter(pk=mail.pk, state__in=[*TAKEN, State.BOUNCED])
    rows.update(state=state, outcome=outcome[:300], closed_at=Now())
