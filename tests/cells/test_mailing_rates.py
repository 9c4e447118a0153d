"""Rates live in the database: they hold for all workers at once, and survive any restart."""

from datetime import timedelta

import pytest
from django.db.models import F
from django.db.models.functions import Now

from cells.mailing import ledger
from cells.models import MailRate, OutgoingMail
from tests.cells.factories import MailStreamFactory, OutgoingMailFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def stream():
    return MailStreamFactory()


def mails_to(stream, domain, count):
    return [OutgoingMailFactory(stream=stream, to_address=f"a{number}@{domain}") for number in range(count)]


def claimed(stream):
    return len(ledger.claim(stream, limit=100, worker="essai").mails)


def pass_time(seconds):
    MailRate.objects.update(refilled_at=F("refilled_at") - timedelta(seconds=seconds))
    OutgoingMail.objects.filter(state="queued").update(next_attempt_at=Now())


def test_without_a_rate_everything_may_leave(stream):
    mails_to(stream, "exemple.fr", 10)
    assert claimed(stream) == 10


def test_a_domain_gets_what_its_rate_allows_and_the_others_go_on(stream):
    MailRate.objects.create(domain="orange.fr", per_minute=60, burst=3, tokens=3)
    mails_to(stream, "Orange.fr", 10)
    mails_to(stream, "exemple.fr", 5)
    assert claimed(stream) == 3 + 5
    assert claimed(stream) == 0


def test_what_waits_is_spread_at_the_pace_of_the_rate(stream):
    MailRate.objects.create(domain="orange.fr", per_minute=60, burst=1, tokens=1)
    mails_to(stream, "orange.fr", 4)
    claimed(stream)
    waits = OutgoingMail.objects.filter(state="queued").order_by("next_attempt_at").annotate(now=Now())
    seconds = [round((mail.next_attempt_at - mail.now).total_seconds()) for mail in waits]
    assert seconds == [1, 2, 3]
    assert set(waits.values_list("attempts", flat=True)) == {0}


def test_tokens_come_back_with_time_up_to_the_burst(stream):
    MailRate.objects.create(domain="orange.fr", per_minute=60, burst=5, tokens=0)
    mails_to(stream, "orange.fr", 20)
    assert claimed(stream) == 0
    pass_time(2)
    assert claimed(stream) == 2
    pass_time(3_600)
    assert claimed(stream) == 5


def test_a_clock_set_back_refills_nothing_and_takes_nothing(stream):
    MailRate.objects.create(domain="orange.fr", per_minute=60, burst=5, tokens=2)
    mails_to(stream, "orange.fr", 4)
    pass_time(-3_600)
    assert claimed(stream) == 2


def test_the_rate_of_all_domains_binds_the_others(stream):
    MailRate.objects.create(domain="", per_minute=60, burst=4, tokens=4)
    MailRate.objects.create(domain="orange.fr", per_minute=60, burst=3, tokens=3)
    mails_to(stream, "orange.fr", 5)
    mails_to(stream, "exemple.fr", 5)
    assert claimed(stream) == 4
