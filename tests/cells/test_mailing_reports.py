"""What comes back about our mails, in the shapes of several servers; mail_reports/ holds one message a file."""

from pathlib import Path

import pytest

from cells.mailing import reports
from cells.mailing.message import message_id_for
from cells.mailing.objections import hash_address
from cells.mailing.reports import take_report
from cells.mailing.suppressions import lift_suppression, suppressed
from cells.mailing.verp import envelope_sender, mails_named
from cells.models import MailPolicy, MailPurpose, MailReport, MailStream, OutgoingMail, RefusalRule, Suppression
from tests.cells.factories import MailStreamFactory, OutgoingMailFactory

pytestmark = pytest.mark.django_db

CORPUS = Path(__file__).parent / "mail_reports"
State, Reason = OutgoingMail.State, Suppression.Reason

# By file: the mail's state afterwards, why its address is suppressed, the code read.
MEANT = {
    "arf_complaint": (State.COMPLAINED, Reason.COMPLAINT, ""),
    "arf_redacted": (State.COMPLAINED, Reason.COMPLAINT, ""),
    "encoded_status": (State.BOUNCED, Reason.DEAD, "5.1.1"),
    "exchange_accents": (State.BOUNCED, Reason.DEAD, "5.1.10"),
    "exim_old": (State.BOUNCED, None, ""),
    "gmail_policy": (State.BOUNCED, None, "5.7.26"),
    "mailbox_full": (State.BOUNCED, None, "5.2.2"),
    "nested": (State.BOUNCED, Reason.DEAD, "5.1.1"),
    "postfix_delayed": (State.SENT, None, "4.4.1"),
    "postfix_expired": (State.BOUNCED, None, "4.4.1"),
    "postfix_unknown_user": (State.BOUNCED, Reason.DEAD, "5.1.1"),
    "qmail": (State.BOUNCED, Reason.DEAD, "5.1.1"),
    "return_path_only": (State.BOUNCED, Reason.DEAD, "5.1.1"),
    "sendmail_disabled": (State.BOUNCED, Reason.DEAD, "5.2.1"),
    "several_recipients": (State.BOUNCED, Reason.DEAD, "5.1.1"),
    "truncated_after_status": (State.BOUNCED, Reason.DEAD, "5.1.1"),
}
# By file: why it is kept aside.
ASIDE = {
    "arf_not_spam": reports.NO_REPORT,
    "forwarded_to_another": reports.OTHER_RECIPIENT,
    "garbage": reports.NO_REPORT,
    "not_about_us": reports.NOT_OURS,
    "out_of_office": reports.NO_REPORT,
    "success": reports.NO_REPORT,
    "truncated_in_status": reports.NO_REPORT,
}


@pytest.fixture(autouse=True)
def domain(settings):
    settings.MAIL_DOMAIN = "jonction.example"
    settings.MAIL_BOUNCE_ADDRESS = "retours@jonction.example"


@pytest.fixture(autouse=True)
def rules(db):
    RefusalRule.objects.all().delete()
    actions = {"5.1.1": "suppress", "5.1.10": "suppress", "5.2.1": "suppress", "5.2.2": "retry", "5.7.26": "pause"}
    for code, action in actions.items():
        RefusalRule.objects.create(code=code, action=action, valid_from="2026-01-01", source="essai")


def sent_mail(**changes):
    mail = OutgoingMailFactory(state=State.SENT, closed_at="2026-11-21T09:00:00Z", **changes)
    OutgoingMail.objects.filter(pk=mail.pk).update(message_id=message_id_for(mail.uuid))
    mail.refresh_from_db()
    return mail


def message(name, mail):
    words = {"message_id": mail.message_id, "recipient": mail.to_address, "return_path": envelope_sender(mail.uuid)}
    raw = (CORPUS / f"{name}.eml").read_bytes()
    for word, value in words.items():
        raw = raw.replace(f"{{{word}}}".encode(), value.encode())
    return raw


def reason_of(mail):
    row = Suppression.objects.filter(address_hash=hash_address(mail.to_address)).first()
    return row and row.reason


def test_every_file_of_the_corpus_is_expected_to_mean_something():
    assert {path.stem for path in CORPUS.glob("*.eml")} == set(MEANT) | set(ASIDE)


@pytest.mark.parametrize("name", MEANT)
def test_a_report_about_our_mail_is_applied(name):
    mail = sent_mail()
    report = take_report(message(name, mail))
    mail.refresh_from_db()
    assert (mail.state, reason_of(mail), report.code) == MEANT[name]
    assert (report.mail, report.set_aside) == (mail, "")


@pytest.mark.parametrize("name", ASIDE)
def test_what_is_no_report_of_ours_is_kept_aside_and_changes_nothing(name):
    mail = sent_mail()
    report = take_report(message(name, mail))
    mail.refresh_from_db()
    assert report.set_aside == ASIDE[name]
    assert (mail.state, reason_of(mail)) == (State.SENT, None)


@pytest.mark.parametrize("name", MEANT)
def test_no_truncation_makes_the_reader_fall(name):
    mail = sent_mail()
    raw = message(name, mail)
    for end in range(0, len(raw), 97):
        assert take_report(raw[:end]).set_aside != reports.UNREADABLE


def test_the_same_report_twice_counts_once():
    mail = sent_mail()
    raw = message("mailbox_full", mail)
    assert take_report(raw) == take_report(raw)
    assert MailReport.objects.count() == 1


def test_a_bounce_ends_a_doubt():
    mail = sent_mail()
    OutgoingMail.objects.filter(pk=mail.pk).update(state=State.UNCERTAIN, handed_over_at="2026-11-21T09:00:00Z")
    take_report(message("postfix_unknown_user", mail))
    mail.refresh_from_db()
    assert mail.state == State.BOUNCED


def test_a_refusal_of_principle_pauses_the_campaign_and_spares_the_address():
    mail = sent_mail(stream=MailStreamFactory(purpose=MailPurpose.OFFERS))
    take_report(message("gmail_policy", mail))
    mail.stream.refresh_from_db()
    assert mail.stream.state == MailStream.State.PAUSED
    assert reason_of(mail) is None


def test_soft_failures_of_several_mails_suppress_the_address_at_last():
    MailPolicy.objects.update_or_create(pk=1, defaults={"soft_limit": 3, "soft_days": 30})
    mails = [sent_mail(to_address="pleine@exemple.fr") for _ in range(3)]
    for mail in mails[:2]:
        take_report(message("mailbox_full", mail))
    take_report(message("mailbox_full", mails[1]) + b"\r\n")  # another report about the same mail
    assert reason_of(mails[0]) is None
    take_report(message("mailbox_full", mails[2]))
    assert reason_of(mails[0]) == Reason.SOFT
    assert lift_suppression("pleine@exemple.fr")
    assert suppressed(["pleine@exemple.fr"], MailPurpose.OFFERS) == set()


def test_a_complaint_stops_campaigns_but_not_service_mail():
    mail = sent_mail()
    take_report(message("arf_complaint", mail))
    assert suppressed([mail.to_address], MailPurpose.OFFERS) == {mail.to_address}
    assert suppressed([mail.to_address], MailPurpose.SERVICE) == set()


def test_too_many_complaints_pause_the_campaign():
    MailPolicy.objects.update_or_create(pk=1, defaults={"minimum_sample": 10, "complained_permille": 100})
    stream = MailStreamFactory(purpose=MailPurpose.OFFERS)
    mails = [sent_mail(stream=stream) for _ in range(10)]
    for mail, expected in zip(mails[:2], (MailStream.State.OPEN, MailStream.State.PAUSED), strict=True):
        take_report(message("arf_complaint", mail))
        stream.refresh_from_db()
        assert stream.state == expected


def test_a_return_path_nobody_signed_names_no_mail():
    mail = sent_mail()
    assert mails_named(envelope_sender(mail.uuid)) == {mail.uuid}
    assert mails_named(f"retours+{mail.uuid.hex}.{'0' * 16}@jonction.example") == set()
