"""What a server's refusal leads to: the operator's rules, the address, the campaign."""

from datetime import date

import pytest

from cells.mailing.ledger import RETRY_DELAYS
from cells.mailing.refusals import Action, RefusalRules, code_of
from cells.mailing.smtp import Reply
from cells.mailing.suppressions import suppressed
from cells.models import MailPolicy, MailPurpose, MailReport, MailStream, OutgoingMail, RefusalRule
from tests.cells.factories import MailStreamFactory, OutgoingMailFactory
from tests.support.mailing import deliver, make_due, point_to, states
from tests.support.smtp import SmtpServer

pytestmark = pytest.mark.django_db(transaction=True)

State = OutgoingMail.State


@pytest.fixture
def server(settings):
    with SmtpServer() as running:
        point_to(settings, running.port)
        yield running


@pytest.fixture(autouse=True)
def rules(db):
    RefusalRule.objects.all().delete()
    for code, action in {"5.1.1": "suppress", "5.2.2": "retry", "5.7.26": "pause"}.items():
        add_rule(code, action)


@pytest.fixture
def stream():
    return MailStreamFactory(purpose=MailPurpose.OFFERS)


def add_rule(code, action, day="2026-01-01"):
    RefusalRule.objects.create(code=code, action=action, valid_from=day, source="essai")


def is_suppressed(mail, purpose=MailPurpose.OFFERS):
    return suppressed([mail.to_address], purpose) == {mail.to_address}


@pytest.mark.parametrize(
    ("code", "action"),
    [
        ("5.1.1", Action.SUPPRESS),
        ("5.1.9", Action.REFUSE),
        ("5.7.26", Action.PAUSE),
        ("550", Action.REFUSE),
        ("4.2.2", Action.RETRY),
        ("999", Action.RETRY),
    ],
)
def test_a_code_means_what_its_rule_says(code, action):
    assert RefusalRules.on().action(code) == action


def test_the_most_precise_rule_wins_then_the_latest_that_is_valid():
    add_rule("5.1", "pause")
    add_rule("5.1.1", "refuse", "2026-06-01")
    assert RefusalRules.on(date(2026, 5, 31)).action("5.1.1") == Action.SUPPRESS
    assert RefusalRules.on(date(2026, 6, 1)).action("5.1.1") == Action.REFUSE
    assert RefusalRules.on(date(2026, 6, 1)).action("5.1.2") == Action.PAUSE


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (Reply(550, "5.1.1 inconnu"), "5.1.1"),
        (Reply(550, "requested action not taken"), "550"),
        (Reply(550, "4.7.1 contredit sa réponse"), "550"),
        (Reply(451, "version 5.2.1 du serveur"), "451"),
    ],
)
def test_the_enhanced_code_counts_when_it_agrees_with_the_reply(reply, code):
    assert code_of(reply) == code


def test_an_unknown_address_is_never_written_to_again(server, stream):
    mail = OutgoingMailFactory(stream=stream)
    server.handler.at_rcpt.append("550 5.1.1 inconnu")
    deliver(stream)
    assert states(stream) == {State.FAILED: 1}
    assert is_suppressed(mail)
    assert is_suppressed(mail, MailPurpose.SERVICE)


def test_a_refusal_of_principle_pauses_the_campaign_and_keeps_its_mails(server, stream):
    mails = OutgoingMailFactory.create_batch(3, stream=stream)
    server.handler.at_data.extend(["250 OK", "550 5.7.26 non authentifié"])
    result = deliver(stream)
    stream.refresh_from_db()
    assert stream.state == MailStream.State.PAUSED
    assert "5.7.26" in result.trouble
    assert states(stream) == {State.SENT: 1, State.QUEUED: 2}
    assert not any(map(is_suppressed, mails))


def test_service_mail_is_never_paused(server):
    stream = MailStreamFactory(purpose=MailPurpose.SERVICE)
    OutgoingMailFactory(stream=stream)
    server.handler.at_data.append("550 5.7.26 non authentifié")
    assert deliver(stream).trouble == ""
    stream.refresh_from_db()
    assert stream.state == MailStream.State.OPEN


def test_a_full_mailbox_is_tried_again_though_the_server_says_for_ever(server, stream):
    mail = OutgoingMailFactory(stream=stream)
    server.handler.at_rcpt.append("552 5.2.2 boîte pleine")
    deliver(stream)
    make_due(stream)
    deliver(stream)
    assert server.per_address() == {mail.to_address: 1}


def test_an_address_that_fails_softly_too_often_is_suppressed(server):
    MailPolicy.objects.update_or_create(pk=1, defaults={"soft_limit": 2, "soft_days": 30})
    for number in range(2):
        stream = MailStreamFactory(purpose=MailPurpose.OFFERS)
        mail = OutgoingMailFactory(stream=stream, to_address="pleine@exemple.fr", attempts=len(RETRY_DELAYS))
        server.handler.at_rcpt.append("452 4.2.2 boîte pleine")
        deliver(stream)
        assert states(stream) == {State.FAILED: 1}
        assert is_suppressed(mail) is bool(number)
    assert MailReport.objects.filter(is_soft=True).count() == 2


def test_too_many_refusals_pause_the_campaign_once_there_are_enough_to_tell(server, stream):
    MailPolicy.objects.update_or_create(pk=1, defaults={"minimum_sample": 4, "refused_percent": 25})
    OutgoingMailFactory.create_batch(5, stream=stream)
    server.handler.at_rcpt.extend(["550 non", "550 non"])
    assert deliver(stream, limit=3).trouble == ""
    server.handler.at_rcpt.append("550 non")
    assert "3 mails refusés sur 5" in deliver(stream).trouble
    stream.refresh_from_db()
    assert stream.state == MailStream.State.PAUSED
