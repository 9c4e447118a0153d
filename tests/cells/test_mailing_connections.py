"""Several connections at once: as many mails in doubt at most, and a server that takes fewer is enough."""

import pytest
from django.db import OperationalError
from django.db.models.functions import Now

from cells.mailing import ledger, sender
from cells.mailing.smtp import SmtpLine, UnreachableError
from cells.models import OutgoingMail
from tests.cells.factories import MailStreamFactory, OutgoingMailFactory
from tests.support.mailing import deliver, make_due, point_to, states
from tests.support.smtp import DROP_AFTER_TAKING, DROP_DURING_DATA, SmtpServer

pytestmark = pytest.mark.django_db(transaction=True)

State = OutgoingMail.State
CONNECTIONS = 4


@pytest.fixture(params=[True, False], ids=["pipelining", "step by step"])
def server(request, settings):
    with SmtpServer() as running:
        running.handler.pipelines = request.param
        point_to(settings, running.port, CONNECTIONS)
        yield running


@pytest.fixture
def stream():
    return MailStreamFactory()


@pytest.fixture
def mails(stream):
    return OutgoingMailFactory.create_batch(10, stream=stream)


class Killed(BaseException):
    """Stands for SIGKILL."""


def kill(*args, **kwargs):
    raise Killed


def test_every_mail_is_sent_once_over_the_connections(server, stream, mails):
    deliver(stream)
    assert server.per_address() == {mail.to_address: 1 for mail in mails}
    assert server.handler.sessions == CONNECTIONS
    assert states(stream) == {State.SENT: 10}


@pytest.mark.parametrize("verdicts", range(CONNECTIONS))
def test_a_kill_leaves_in_doubt_no_more_than_what_was_in_flight(server, stream, mails, monkeypatch, verdicts):
    original, heard = SmtpLine.verdict, []

    def verdict(line):
        if len(heard) == CONNECTIONS + verdicts:
            raise Killed
        heard.append(line)
        return original(line)

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(SmtpLine, "verdict", verdict)
        patch.setattr(ledger, "settle", kill)
        patch.setattr(ledger, "release", kill)
        deliver(stream)
    stream.mails.filter(state=State.LEASED).update(lease_until=Now())
    ledger.sweep_expired_leases()
    deliver(stream)
    assert states(stream) == {State.SENT: 6, State.UNCERTAIN: CONNECTIONS}
    assert max(server.per_address().values()) == 1


@pytest.mark.parametrize("refusal", ["421 fermeture", "450 occupé", "550 inconnu", "552 trop gros"])
@pytest.mark.parametrize("moment", ["at_rcpt", "at_data"])
def test_one_refusal_touches_one_mail(server, stream, mails, moment, refusal):
    getattr(server.handler, moment).extend(["250 OK", refusal])
    deliver(stream)
    make_due(stream)
    deliver(stream)
    assert max(server.per_address().values()) == 1
    assert states(stream)[State.SENT] == (9 if refusal.startswith("55") else 10)


@pytest.mark.parametrize("loss", [DROP_DURING_DATA, DROP_AFTER_TAKING])
def test_one_lost_connection_leaves_one_mail_in_doubt(server, stream, mails, loss):
    server.handler.at_data.extend(["250 OK", loss])
    deliver(stream)
    deliver(stream)
    assert states(stream) == {State.SENT: 9, State.UNCERTAIN: 1}
    assert max(server.per_address().values()) == 1


def test_a_refused_sender_lets_the_others_of_its_group_end(server, stream, mails):
    server.handler.at_mail.extend(["250 OK", "451 plus tard"])
    assert deliver(stream).unreachable
    assert states(stream) == {State.SENT: CONNECTIONS - 1, State.QUEUED: 10 - CONNECTIONS + 1}
    make_due(stream)
    deliver(stream)
    assert server.per_address() == {mail.to_address: 1 for mail in mails}


def test_a_server_that_takes_two_connections_gets_two(server, stream, mails, monkeypatch):
    original, opened = SmtpLine.open, []

    def open_two(line):
        if line not in opened and len(opened) == 2:
            raise UnreachableError("421 too many connections")
        original(line)
        opened.append(line) if line not in opened else None

    monkeypatch.setattr(SmtpLine, "open", open_two)
    deliver(stream)
    assert states(stream) == {State.SENT: 10}
    assert server.handler.sessions == 2


def test_verdicts_wait_for_a_database_that_restarts(server, stream, mails, monkeypatch):
    original, failures = ledger.settle, iter([OperationalError("gone"), OperationalError("starting up")])

    def settle(lease, closings):
        for failure in failures:
            raise failure
        return original(lease, closings)

    monkeypatch.setattr(sender, "SETTLE_PAUSE", 0)
    monkeypatch.setattr(ledger, "settle", settle)
    deliver(stream)
    assert states(stream) == {State.SENT: 10}


def test_a_database_lost_at_the_hand_over_leaves_no_doubt(server, stream, mails, monkeypatch):
    original, calls = ledger.hand_over, []

    def hand_over(lease, ids, closings=()):
        marked = original(lease, ids, closings)
        calls.append(ids)
        if len(calls) == 2:  # committed, but nobody hears of it
            raise OperationalError("gone")
        return marked

    with monkeypatch.context() as patch, pytest.raises(OperationalError):
        patch.setattr(ledger, "hand_over", hand_over)
        deliver(stream)
    assert states(stream) == {State.SENT: CONNECTIONS, State.QUEUED: 10 - CONNECTIONS}
    make_due(stream)
    deliver(stream)
    assert server.per_address() == {mail.to_address: 1 for mail in mails}
