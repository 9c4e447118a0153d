"""The ledger against a real SMTP server and a real PostgreSQL."""

import ssl
import threading
from collections import Counter
from datetime import timedelta
from typing import ClassVar

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils import timezone

from cells.mailing import delivery, ledger, smtp
from cells.mailing.delivery import Withdrawal, deliver_batch
from cells.mailing.ledger import RETRY_DELAYS, sweep_expired_leases
from cells.mailing.message import Content
from cells.mailing.smtp import SmtpLine
from cells.models import MailStream, OutgoingMail
from tests.cells.factories import MailStreamFactory, OutgoingMailFactory
from tests.support.smtp import DROP_AFTER_TAKING, DROP_AT_RCPT, DROP_DURING_DATA, SmtpServer, free_port

pytestmark = pytest.mark.django_db(transaction=True)

State = OutgoingMail.State


@pytest.fixture
def server(settings):
    settings.EMAIL_HOST, settings.EMAIL_TIMEOUT = "127.0.0.1", 10
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
    settings.MAIL_CONNECTIONS = 1
    with SmtpServer() as running:
        settings.EMAIL_PORT = running.port
        yield running


@pytest.fixture
def stream(db):
    return MailStreamFactory()


@pytest.fixture
def mail(stream):
    return OutgoingMailFactory(stream=stream)


def write(mails):
    headers = {"From": "cellule@jonction.example", "MIME-Version": "1.0"}
    return {mail.pk: Content("Des offres", f"Bonjour {mail.pk}\n", f"<p>{mail.pk}</p>", headers) for mail in mails}


def deliver(stream, **changes):
    return deliver_batch(stream, **{"prepare": write, "worker": "essai", **changes})


def states(stream):
    return Counter(stream.mails.values_list("state", flat=True))


def make_due(stream):
    stream.mails.filter(state=State.QUEUED).update(next_attempt_at=Now())


def expire_leases():
    OutgoingMail.objects.filter(state=State.LEASED).update(lease_until=Now() - timedelta(seconds=1))


def test_a_due_mail_is_sent_once_and_kept_as_sent(server, stream, mail):
    result = deliver(stream)
    mail.refresh_from_db()
    assert (result.claimed, dict(result.counts)[State.SENT]) == (1, 1)
    assert (mail.state, mail.smtp_code, mail.attempts) == (State.SENT, 250, 1)
    assert mail.handed_over_at <= mail.closed_at
    ((address, content),) = server.taken
    assert address == mail.to_address
    assert delivery.content_digest(content) == mail.content_sha256 == delivery.content_digest(delivery.assemble(mail))
    assert deliver(stream).claimed == 0


def test_a_batch_uses_one_connection(server, stream):
    OutgoingMailFactory.create_batch(20, stream=stream)
    deliver(stream)
    assert (len(server.taken), server.handler.sessions) == (20, 1)


def test_no_more_than_the_limit_is_claimed(server, stream):
    OutgoingMailFactory.create_batch(5, stream=stream)
    assert deliver(stream, limit=3).claimed == 3
    assert states(stream) == {State.SENT: 3, State.QUEUED: 2}


def test_a_mail_that_is_not_due_yet_waits(server, stream):
    OutgoingMailFactory(stream=stream, next_attempt_at=timezone.now() + timedelta(hours=1))
    assert deliver(stream).claimed == 0


@pytest.mark.parametrize("state", [MailStream.State.PAUSED, MailStream.State.STOPPED])
def test_nothing_leaves_a_stream_that_is_not_open(server, stream, mail, state):
    MailStream.objects.filter(pk=stream.pk).update(state=state)
    assert deliver(stream).claimed == 0
    assert server.taken == []


def test_a_dot_at_the_start_of_a_line_arrives_as_written(server, stream, mail):
    headers = {"From": "a@b.fr", "MIME-Version": "1.0"}
    deliver(stream, prepare=lambda mails: {mail.pk: Content("x", ".\n..\n.fin\n", "<p>.</p>", headers)})
    assert server.messages()[0].get_body(("plain",)).get_content().splitlines() == [".", "..", ".fin"]


@pytest.mark.parametrize("moment", ["at_rcpt", "at_data"])
@pytest.mark.parametrize("answer", ["450 boîte occupée", "421 fermeture", "452 plein"])
def test_a_temporary_refusal_is_tried_again_later(server, stream, mail, moment, answer):
    getattr(server.handler, moment).append(answer)
    deliver(stream)
    mail.refresh_from_db()
    assert (mail.state, mail.attempts, mail.handed_over_at) == (State.QUEUED, 1, None)
    assert mail.smtp_code == int(answer[:3])
    assert mail.next_attempt_at - mail.created_at >= RETRY_DELAYS[0]
    assert deliver(stream).claimed == 0
    make_due(stream)
    deliver(stream)
    assert server.per_address() == {mail.to_address: 1}
    assert states(stream) == {State.SENT: 1}


def test_temporary_refusals_follow_the_schedule_and_end_in_a_visible_refusal(server, stream, mail):
    server.handler.at_data.extend(["451 plus tard"] * (len(RETRY_DELAYS) + 1))
    waits = []
    for _ in RETRY_DELAYS:
        deliver(stream)
        row = OutgoingMail.objects.annotate(now=Now()).get(pk=mail.pk)
        waits.append(row.next_attempt_at - row.now)
        make_due(stream)
    assert all(
        wanted - timedelta(seconds=20) < wait <= wanted for wait, wanted in zip(waits, RETRY_DELAYS, strict=True)
    )
    deliver(stream)
    mail.refresh_from_db()
    assert mail.state == State.FAILED
    assert "451 plus tard" in mail.outcome


@pytest.mark.parametrize("answer", ["530 5.7.0 authentification requise", "550 5.7.1 refus", "451 plus tard"])
def test_a_refused_sender_burns_no_mail(server, stream, answer):
    OutgoingMailFactory.create_batch(3, stream=stream)
    server.handler.at_mail.extend(["250 OK", answer])
    assert deliver(stream).unreachable
    assert states(stream) == {State.SENT: 1, State.QUEUED: 2}
    assert set(stream.mails.filter(state=State.QUEUED).values_list("attempts", "smtp_code")) == {(0, None)}
    make_due(stream)
    deliver(stream)
    assert states(stream) == {State.SENT: 3}


def test_a_server_that_closes_a_connection_used_enough_is_called_again(server, stream):
    OutgoingMailFactory.create_batch(3, stream=stream)
    server.handler.at_mail.extend(["250 OK", "421 4.7.0 trop de messages"])
    deliver(stream)
    assert states(stream) == {State.SENT: 3}
    assert server.handler.sessions == 2


class RecordedLine:
    """Stands for smtplib's connections: keeps the TLS context each is given."""

    contexts: ClassVar[list] = []

    def __init__(self, host, port, *, context=None, **options):
        if context:
            self.contexts.append(context)

    def starttls(self, *, context):
        self.contexts.append(context)

    def ehlo_or_helo_if_needed(self):
        pass


@pytest.mark.parametrize("way", ["EMAIL_USE_SSL", "EMAIL_USE_TLS"])
def test_the_server_s_certificate_is_verified(settings, monkeypatch, way):
    settings.EMAIL_USE_SSL = settings.EMAIL_USE_TLS = False
    settings.EMAIL_HOST_USER = ""
    setattr(settings, way, True)
    monkeypatch.setattr(RecordedLine, "contexts", [])
    monkeypatch.setattr(smtp.smtplib, "SMTP_SSL", RecordedLine)
    monkeypatch.setattr(smtp.smtplib, "SMTP", RecordedLine)
    smtp._connect()
    ((mode, hostname),) = [(context.verify_mode, context.check_hostname) for context in RecordedLine.contexts]
    assert (mode, hostname) == (ssl.CERT_REQUIRED, True)


@pytest.mark.parametrize("moment", ["at_rcpt", "at_data"])
@pytest.mark.parametrize("answer", ["550 5.1.1 inconnu", "552 trop gros", "554 refus"])
def test_a_permanent_refusal_ends_with_the_server_s_words(server, stream, mail, moment, answer):
    getattr(server.handler, moment).append(answer)
    deliver(stream)
    mail.refresh_from_db()
    assert (mail.state, mail.smtp_code, mail.outcome) == (State.FAILED, int(answer[:3]), answer)


@pytest.mark.parametrize("answer", ["421 fermeture", "550 inconnu", "450 occupé", DROP_AT_RCPT])
def test_one_refusal_does_not_hold_up_the_others(server, stream, answer):
    OutgoingMailFactory.create_batch(5, stream=stream)
    server.handler.at_rcpt.extend(["250 OK", answer])
    deliver(stream)
    make_due(stream)
    deliver(stream)
    assert max(server.per_address().values()) == 1
    assert states(stream)[State.SENT] == (4 if answer.startswith("550") else 5)


@pytest.mark.parametrize("answer", [DROP_DURING_DATA, DROP_AFTER_TAKING])
def test_a_connection_lost_after_the_message_began_is_uncertain_and_never_repeated(server, stream, answer):
    first, second = OutgoingMailFactory.create_batch(2, stream=stream)
    server.handler.at_data.append(answer)
    deliver(stream)
    deliver(stream)
    first.refresh_from_db()
    second.refresh_from_db()
    assert {first.state, second.state} == {State.UNCERTAIN, State.SENT}
    doubtful = first if first.state == State.UNCERTAIN else second
    assert "incertain" in doubtful.outcome
    assert max(server.per_address().values()) == 1


def test_a_connection_lost_before_the_message_is_tried_again_later(server, stream, mail):
    server.handler.at_rcpt.append(DROP_AT_RCPT)
    deliver(stream)
    mail.refresh_from_db()
    assert (mail.state, mail.handed_over_at) == (State.QUEUED, None)
    make_due(stream)
    deliver(stream)
    assert server.per_address() == {mail.to_address: 1}


def test_a_server_that_does_not_answer_costs_no_try(settings, stream, mail):
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    assert deliver(stream).unreachable
    mail.refresh_from_db()
    assert (mail.state, mail.attempts, mail.leased_by) == (State.QUEUED, 0, "")
    assert deliver(stream).claimed == 0


def test_what_prepare_withdraws_is_closed_with_its_reason(server, stream):
    kept, dropped = OutgoingMailFactory.create_batch(2, stream=stream)
    deliver(stream, prepare=lambda mails: write(mails) | {dropped.pk: Withdrawal("Opposition reçue.")})
    dropped.refresh_from_db()
    assert (dropped.state, dropped.outcome) == (State.WITHDRAWN, "Opposition reçue.")
    assert server.per_address() == {kept.to_address: 1}


def test_a_mail_that_cannot_be_composed_does_not_hold_up_the_others(server, stream):
    mails = OutgoingMailFactory.create_batch(3, stream=stream)

    def prepare(asked):
        if mails[1] in asked:
            raise KeyError("métier")
        return write(asked)

    deliver(stream, prepare=prepare)
    mails[1].refresh_from_db()
    assert mails[1].state == State.FAILED
    assert "KeyError" in mails[1].outcome
    assert states(stream) == {State.SENT: 2, State.FAILED: 1}


def test_an_address_mail_cannot_carry_is_refused_with_the_reason(server, stream):
    odd = OutgoingMailFactory(stream=stream, to_address="léa@exemple.fr")
    deliver(stream)
    odd.refresh_from_db()
    assert odd.state == State.FAILED
    assert "adresse" in odd.outcome


class Killed(BaseException):
    """Stands for SIGKILL: nothing of the worker runs after it."""


def kill(*args, **kwargs):
    raise Killed


def kill_after(function):
    def act(*args, **kwargs):
        function(*args, **kwargs)
        raise Killed

    return act


KILLS = {
    "after the claim": ("claimed", 0, State.SENT),
    "after the content is stored": ("stored", 0, State.SENT),
    "after the hand-over, before the message": ("handed over", 0, State.UNCERTAIN),
    "after the server took it, before the commit": ("taken", 1, State.UNCERTAIN),
    "after the commit": ("settled", 1, State.SENT),
}


def arm(monkeypatch, step):
    """Kill the worker at this step: it neither settles nor releases anything any more."""
    if step == "claimed":
        monkeypatch.setattr(delivery, "_compose", kill)
    elif step == "stored":
        monkeypatch.setattr(ledger, "store", kill_after(ledger.store))
    elif step == "handed over":
        monkeypatch.setattr(SmtpLine, "begin", kill)
    elif step == "taken":
        monkeypatch.setattr(SmtpLine, "verdict", kill_after(SmtpLine.verdict))
    if step == "settled":
        monkeypatch.setattr(ledger, "settle", kill_after(ledger.settle))
    else:
        monkeypatch.setattr(ledger, "settle", kill)
    monkeypatch.setattr(ledger, "release", kill)


@pytest.mark.parametrize("moment", KILLS)
def test_a_worker_killed_at_any_moment_loses_nothing_and_doubles_nothing(server, stream, mail, monkeypatch, moment):
    step, taken_then, state_in_the_end = KILLS[moment]
    with monkeypatch.context() as patch, pytest.raises(Killed):
        arm(patch, step)
        deliver(stream)
    assert len(server.taken) == taken_then
    sweep_expired_leases()
    assert deliver(stream).claimed == 0  # the lease still holds
    expire_leases()
    sweep_expired_leases()
    deliver(stream)
    mail.refresh_from_db()
    assert mail.state == state_in_the_end
    assert len(server.taken) == (1 if state_in_the_end == State.SENT else taken_then)


def test_a_worker_killed_in_mid_batch_leaves_one_mail_in_doubt_at_most(server, stream, monkeypatch):
    mails = OutgoingMailFactory.create_batch(10, stream=stream)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        original, calls = SmtpLine.verdict, []

        def verdict(line):
            reply = original(line)
            calls.append(reply)
            if len(calls) == 4:
                raise Killed
            return reply

        patch.setattr(SmtpLine, "verdict", verdict)
        patch.setattr(ledger, "release", kill)
        deliver(stream)
    expire_leases()
    sweep_expired_leases()
    deliver(stream)
    assert states(stream) == {State.SENT: 9, State.UNCERTAIN: 1}
    assert server.per_address() == {mail.to_address: 1 for mail in mails}


def test_a_verdict_that_comes_late_replaces_the_doubt(server, stream, mail, monkeypatch):
    original = SmtpLine.verdict

    def slow_verdict(line):
        expire_leases()
        sweep_expired_leases()
        mail.refresh_from_db()
        assert mail.state == State.UNCERTAIN
        return original(line)

    monkeypatch.setattr(SmtpLine, "verdict", slow_verdict)
    deliver(stream)
    mail.refresh_from_db()
    assert (mail.state, mail.smtp_code) == (State.SENT, 250)


def test_a_worker_whose_lease_ran_out_sends_nothing_more(server, stream, monkeypatch):
    OutgoingMailFactory.create_batch(3, stream=stream)
    original = ledger.hand_over
    handed = []

    def late(lease, next_ids, previous=()):
        if len(handed) == 1:
            expire_leases()
        handed.append(next_ids)
        return original(lease, next_ids, previous)

    monkeypatch.setattr(ledger, "hand_over", late)
    assert deliver(stream).interrupted
    assert len(server.taken) == 1


def test_a_worker_that_dies_at_every_try_ends_in_a_visible_refusal(server, stream, mail):
    for _ in range(len(RETRY_DELAYS) + 1):
        ledger.claim(stream, limit=1, worker="essai")
        expire_leases()
        sweep_expired_leases()
    mail.refresh_from_db()
    assert (mail.state, mail.outcome) == (State.FAILED, ledger.CRASHED_TOO_OFTEN)


def test_two_workers_at_once_never_send_a_mail_twice(server, stream):
    mails = OutgoingMailFactory.create_batch(150, stream=stream)
    start = threading.Barrier(2)

    def work():
        start.wait()
        try:
            while deliver(stream, limit=10).claimed:
                pass
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert server.per_address() == {mail.to_address: 1 for mail in mails}
    assert server.handler.sessions > 2
    assert states(stream) == {State.SENT: 150}


def run_in_thread(act):
    def work():
        try:
            act()
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


@pytest.mark.parametrize(
    ("state", "rest"),
    [(MailStream.State.PAUSED, State.QUEUED), (MailStream.State.STOPPED, State.WITHDRAWN)],
)
def test_a_stream_closed_in_mid_batch_stops_at_once(server, stream, state, rest):
    OutgoingMailFactory.create_batch(10, stream=stream)

    def close_stream(count):
        if count == 4:
            run_in_thread(lambda: MailStream.objects.filter(pk=stream.pk).update(state=state))

    server.handler.on_message = close_stream
    assert deliver(stream).interrupted
    assert states(stream) == {State.SENT: 4, rest: 6}
    assert len(server.taken) == 4


def test_a_batch_cannot_be_delivered_inside_a_transaction(stream, mail):
    with pytest.raises(RuntimeError), transaction.atomic():
        deliver(stream)


def test_the_same_key_is_queued_once(stream):
    content = Content("Objet", "texte", "<p>texte</p>", {})
    assert ledger.queue_mail(stream, dedup_key="un", to="a@exemple.fr", content=content)
    assert not ledger.queue_mail(stream, dedup_key="un", to="b@exemple.fr", content=content)
    assert stream.mails.get().to_address == "a@exemple.fr"
