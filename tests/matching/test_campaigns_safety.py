"""What is looked at again before each mail, and what stops a campaign by itself."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone

from cells.mailing.suppressions import DEAD_ADDRESS, suppress_address
from cells.models import AuditEntry, MailPolicy, MailRate, MailStream, RefusalRule, Suppression
from employers.models import Offer
from matching import tasks
from matching.models import Campaign
from matching.services.campaigns import resume_campaign
from matching.services.safety import PAUSED_BY_ITSELF
from matching.services.sending import deliver_campaign
from matching.workflow import CampaignState
from tests.cells.factories import CommuneFactory, DepartmentFactory, OutgoingMailFactory
from tests.employers.factories import OfferFactory
from tests.matching.factories import CampaignFactory, RecipientFactory
from tests.support.mailing import point_to
from tests.support.smtp import SmtpServer
from tests.youth.factories import WishFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def published(monkeypatch):
    ids = []
    monkeypatch.setattr(tasks.send_campaign_batch, "delay", ids.append)
    monkeypatch.setattr(tasks.send_campaign_batch, "apply_async", lambda args, **options: ids.append(args[0]))
    return ids


@pytest.fixture
def server(settings):
    with SmtpServer() as running:
        point_to(settings, running.port)
        yield running


@pytest.fixture
def campaign(cell):
    return CampaignFactory(run__cell=cell, state=CampaignState.LAUNCHED, launched_at=timezone.now(), offers_per_mail=1)


def recipient_of(campaign, offers=1, spares=0, **changes):
    mail = OutgoingMailFactory(stream=campaign.stream, next_attempt_at="2026-01-01T00:00:00Z")
    recipient = RecipientFactory(campaign=campaign, mail=mail, skip_reason="", address_of="self", **changes)
    wish = WishFactory(young_person=recipient.young_person)
    for rank in range(1, offers + spares + 1):
        offer = OfferFactory(title=f"Offre {rank}")
        recipient.offers.create(offer=offer, wish=wish, rank=rank, spare=rank > offers, score=1, reasons={})
    return recipient


def send(campaign):
    deliver_campaign(campaign.pk, worker="essai", seconds=30)
    campaign.refresh_from_db()


def mail_of(recipient):
    recipient.mail.refresh_from_db()
    return recipient.mail


def close_offers(recipient, *ranks):
    ids = recipient.offers.filter(rank__in=ranks).values("offer")
    Offer.objects.filter(pk__in=ids).update(status=Offer.Status.CANCELLED)


def test_a_spare_offer_takes_the_place_of_one_that_closed_and_counts_as_shown(server, campaign):
    recipient = recipient_of(campaign, spares=2)
    close_offers(recipient, 1)
    send(campaign)
    assert "Offre 2" in mail_of(recipient).text
    assert "Offre 3" not in mail_of(recipient).text
    assert dict(recipient.offers.values_list("rank", "spare")) == {1: False, 2: False, 3: True}


def test_no_offer_left_no_mail(server, campaign):
    recipient = recipient_of(campaign, spares=1)
    close_offers(recipient, 1, 2)
    send(campaign)
    assert mail_of(recipient).state == "withdrawn"
    assert server.taken == []


def test_an_address_that_died_meanwhile_gets_nothing(server, campaign):
    recipient = recipient_of(campaign)
    suppress_address(recipient.mail.to_address, Suppression.Reason.DEAD)
    send(campaign)
    assert (mail_of(recipient).state, recipient.mail.outcome) == ("withdrawn", DEAD_ADDRESS)


def instant(text, zone):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.parametrize(
    ("department", "zone", "opens"),
    [("76", "Europe/Paris", "2030-11-22 08:00"), ("974", "Indian/Reunion", None)],
)
def test_a_mail_waits_for_the_morning_of_the_place_it_goes_to(server, campaign, settings, department, zone, opens):
    settings.MAIL_QUIET_HOURS = True
    place = DepartmentFactory(code=department, time_zone=zone)
    with time_machine.travel(instant("2030-11-22 06:30", "Europe/Paris"), tick=True):
        commune = CommuneFactory(insee_code=f"{department}999"[:5], department=place)
        recipient = recipient_of(campaign, young_person__commune=commune)
        send(campaign)
    mail = mail_of(recipient)
    assert (mail.state, mail.attempts) == (("queued", 0) if opens else ("sent", 1))
    if opens:
        assert mail.next_attempt_at == instant(opens, zone)
        assert campaign.state == CampaignState.LAUNCHED


def test_a_campaign_has_its_own_hours(server, campaign, settings):
    settings.MAIL_QUIET_HOURS = True
    Campaign.objects.update(sends_from=time(6), sends_until=time(22), sends_on_rest_days=True)
    with time_machine.travel(instant("2030-11-24 06:30", "Europe/Paris"), tick=True):  # a Sunday
        recipient = recipient_of(campaign)
        send(campaign)
    assert mail_of(recipient).state == "sent"


def test_a_refusal_of_principle_pauses_the_campaign_with_its_reason_until_a_person_resumes_it(
    server, campaign, alice_viewer
):
    RefusalRule.objects.get_or_create(code="5.7.26", valid_from="2026-01-01", defaults={"action": "pause"})
    recipient = recipient_of(campaign)
    server.handler.at_data.append("550 5.7.26 non authentifié")
    send(campaign)
    assert campaign.state == CampaignState.PAUSED
    assert "5.7.26" in campaign.message
    assert AuditEntry.objects.filter(action="campaign.paused", facts={"by_itself": True}).count() == 1
    assert mail_of(recipient).state == "queued"
    resumed = resume_campaign(campaign, by=alice_viewer)
    assert (resumed.state, resumed.message) == (CampaignState.LAUNCHED, "")


def test_a_stream_paused_by_a_late_bounce_takes_its_campaign_with_it(campaign):
    recipient_of(campaign)
    MailStream.objects.filter(pk=campaign.stream_id).update(state=MailStream.State.PAUSED)
    tasks.wake_campaigns()
    campaign.refresh_from_db()
    assert (campaign.state, campaign.message) == (CampaignState.PAUSED, PAUSED_BY_ITSELF)


def test_a_resumed_campaign_is_judged_on_what_it_sends_from_then_on(server, campaign, alice_viewer):
    MailPolicy.objects.update_or_create(pk=1, defaults={"minimum_sample": 2, "refused_percent": 40})
    for _ in range(2):
        recipient_of(campaign)
    server.handler.at_rcpt.extend(["550 non", "550 non"])
    send(campaign)
    assert campaign.state == CampaignState.PAUSED
    resume_campaign(campaign, by=alice_viewer)
    for _ in range(3):
        recipient_of(campaign)
    server.handler.at_rcpt.append("550 non")
    send(campaign)
    assert campaign.state == CampaignState.FINISHED


def test_a_rate_slows_the_campaign_within_one_task(server, campaign):
    MailRate.objects.create(domain="", per_minute=120, burst=1, tokens=1)
    recipients = [recipient_of(campaign) for _ in range(3)]
    begin = timezone.now()
    send(campaign)
    assert {mail_of(recipient).state for recipient in recipients} == {"sent"}
    assert timezone.now() - begin >= timedelta(seconds=0.9)
