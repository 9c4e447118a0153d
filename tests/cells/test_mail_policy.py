"""The kill switch: one row that every worker obeys."""

import pytest

from cells.errors import RefusedError
from cells.models import AuditEntry, MailPurpose
from cells.scoping import NOBODY
from cells.services.mail_policy import allow_campaigns, campaigns_are_stopped, stop_campaigns
from tests.cells.factories import MailStreamFactory, OutgoingMailFactory
from tests.support.mailing import deliver, point_to, states, write
from tests.support.smtp import SmtpServer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def server(settings):
    with SmtpServer() as running:
        point_to(settings, running.port)
        yield running


def queue(purpose, count=3):
    stream = MailStreamFactory(purpose=purpose)
    OutgoingMailFactory.create_batch(count, stream=stream)
    return stream


def test_stopped_campaigns_send_nothing_until_they_are_allowed_again(server):
    stream = queue(MailPurpose.OFFERS)
    stop_campaigns(reason="Mauvais fichier", by=NOBODY)
    assert campaigns_are_stopped()
    assert deliver(stream).claimed == 0
    allow_campaigns(by=NOBODY)
    deliver(stream)
    assert states(stream) == {"sent": 3}


def test_service_mail_goes_on(server):
    stream = queue(MailPurpose.SERVICE)
    stop_campaigns(reason="Mauvais fichier", by=NOBODY)
    deliver(stream)
    assert states(stream) == {"sent": 3}


def test_a_stop_in_mid_batch_holds_the_rest(server):
    stream = queue(MailPurpose.OFFERS)

    def stop_then_write(mails):
        stop_campaigns(reason="Mauvais fichier", by=NOBODY)
        return write(mails)

    assert deliver(stream, prepare=stop_then_write).interrupted
    assert server.taken == []
    assert states(stream) == {"queued": 3}


def test_each_change_leaves_one_trace():
    for _ in range(2):
        stop_campaigns(reason="Mauvais fichier", by=NOBODY)
    allow_campaigns(by=NOBODY)
    actions = AuditEntry.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["campaigns.stopped", "campaigns.allowed"]


def test_a_stop_says_why():
    with pytest.raises(RefusedError):
        stop_campaigns(reason="  ", by=NOBODY)
