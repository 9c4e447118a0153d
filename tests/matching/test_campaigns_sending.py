"""From launch to the sink: what goes out, what is re-checked, what a pause or a crash leaves."""

import re
import threading
from collections import Counter
from datetime import date, timedelta
from html.parser import HTMLParser

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cells.mailing import ledger
from cells.models import MailPurpose, Objection, OutgoingMail
from cells.services.objections import record_objection
from employers.models import Employer, Offer
from matching import tasks
from matching.models import Campaign, CampaignAnswer, RecipientOffer
from matching.services import sending
from matching.services.campaigns import (
    cancel_campaign,
    create_campaign,
    launch_campaign,
    pause_campaign,
    resume_campaign,
)
from matching.services.previews import preview_mail
from matching.services.sending import campaigns_to_wake, deliver_campaign, finish_campaigns, prepare_campaign_mails
from matching.workflow import CampaignState
from tests.cells.factories import CommuneFactory
from tests.employers.factories import ContractFactory, EmployerFactory, OfferFactory
from tests.matching.factories import CampaignAnswerFactory, MatchRunFactory, OfferRefusalFactory, SentRecipientFactory
from tests.matching.islands import next_place
from tests.support.smtp import DROP_AFTER_TAKING, SmtpServer
from tests.youth.factories import GuardianFactory, WishFactory, YoungPersonFactory
from youth.models import YoungPerson

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def published(monkeypatch):
    """Ids of the campaigns whose sending was asked for; the tests play the worker."""
    ids = []
    monkeypatch.setattr(tasks.send_campaign_batch, "delay", ids.append)
    monkeypatch.setattr(tasks.send_campaign_batch, "apply_async", lambda args, **options: ids.append(args[0]))
    return ids


@pytest.fixture
def server(settings):
    settings.SITE_URL = "https://jonction.example"
    settings.MAIL_DOMAIN = "jonction.example"
    with SmtpServer() as running:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        settings.MAIL_CONNECTIONS = 1
        yield running


@pytest.fixture
def run(cell):
    return MatchRunFactory(cell=cell)


def person_with_offers(run, count=1, **changes):
    """Each further from the offers of the others than anyone looks."""
    place = next_place()
    person = YoungPersonFactory(cell=run.cell, **place, **changes)
    WishFactory(young_person=person, label="CAP Cuisine")
    for rank in range(1, count + 1):
        OfferFactory(
            title=f"Apprenti·e « chef » n° {rank} & <co>",
            employer=EmployerFactory(name=f"L’Épi d’or {rank}"),
            commune=CommuneFactory(),
            starts_on=date(2027, 1, 4),
            **place,
        )
    return person


def launch(run, by, **changes):
    return launch_campaign(create_campaign(run=run, name="Novembre", by=by, **changes), by=by)


def send(campaign):
    return deliver_campaign(campaign.pk, worker="essai", seconds=60)


def states(campaign):
    return Counter(campaign.stream.mails.values_list("state", flat=True))


def the_mail(campaign):
    return campaign.stream.mails.get()


def as_text(message, kind):
    return message.get_body((kind,)).get_content().replace("\r\n", "\n")


class Words(HTMLParser):
    """The text and the links of a page."""

    def __init__(self):
        super().__init__()
        self.words, self.links, self.tags = [], [], Counter()

    def handle_starttag(self, tag, attributes):
        self.tags[tag] += 1
        self.links += [value for name, value in attributes if name in ("href", "src")]

    def handle_data(self, data):
        self.words.append(data)


def read_html(message):
    page = Words()
    page.feed(as_text(message, "html"))
    return page


def squeeze(text):
    return re.sub(r"\s+", " ", text)


def test_every_recipient_gets_one_mail_and_the_campaign_ends(server, run, alice_viewer):
    people = [person_with_offers(run) for _ in range(5)]
    campaign = launch(run, alice_viewer)
    assert send(campaign) is False
    assert server.per_address() == {person.email: 1 for person in people}
    assert states(campaign) == {"sent": 5}
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.FINISHED
    assert campaign.finished_at is not None
    send(campaign)
    assert len(server.taken) == 5


def test_headers_let_client_and_person_know_who_writes_and_how_to_stop(server, run, alice_viewer):
    person_with_offers(run)
    campaign = launch(run, alice_viewer)
    send(campaign)
    (message,) = server.messages()
    (sender,) = message["From"].addresses
    assert sender.display_name == "Cellule Normandie (Jonction)"
    assert message["Reply-To"].addresses[0].addr_spec == run.cell.reply_to
    assert message["Message-ID"] == the_mail(campaign).message_id
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert re.fullmatch(r"<https://jonction\.example/desinscription/[\w.-]+/>", message["List-Unsubscribe"])
    assert message["List-Id"].endswith("<offres.28.jonction.example>")
    assert message["X-Campaign"] == campaign.uuid.hex
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Precedence"] is None
    assert message["Date"].datetime


def test_the_subject_tells_nothing_of_the_person(server, run, alice_viewer):
    person = person_with_offers(run)
    send(launch(run, alice_viewer))
    subject = server.messages()[0]["Subject"]
    assert "apprentissage" in subject
    assert person.first_name not in subject
    assert person.last_name not in subject
    assert "Cuisine" not in subject


def test_text_and_html_say_the_same(server, run, alice_viewer):
    person = person_with_offers(run, 3)
    send(launch(run, alice_viewer))
    (message,) = server.messages()
    text, page = squeeze(as_text(message, "plain")), read_html(message)
    html = squeeze(" ".join(page.words))
    facts = [f"Bonjour {person.first_name},", "moins d’un\N{NO-BREAK SPACE}kilomètre de chez vous"]
    facts += ["votre 1er vœu", "CAP Cuisine", "J’ai trouvé", "appelez-moi", "Pas pour moi"]
    facts += [f"{rank}. Apprenti·e « chef » n° {rank} & <co>" for rank in (1, 2, 3)]
    facts += ["L’Épi d’or 3, Rouen (76)", "commence en janvier 2027", run.cell.name, run.cell.phone]
    facts += [run.cell.reply_to, "Vous recevez ce message parce que", "Ne plus recevoir ces offres"]
    for fact in map(squeeze, facts):
        assert fact in text, fact
        assert fact in html, fact
    links = [link for link in page.links if link.startswith("https:")]
    assert len(links) == 2 * 3 + 2 + 2
    assert all(link in text for link in links)


def test_the_mail_is_small_has_no_image_and_is_made_for_screen_readers(server, run, alice_viewer):
    person_with_offers(run, 8)
    send(launch(run, alice_viewer, offers_per_mail=8))
    ((_, raw),) = server.taken
    page = read_html(server.messages()[0])
    source = as_text(server.messages()[0], "html")
    assert len(raw) < 100_000
    assert page.tags["img"] == page.tags["script"] == page.tags["link"] == 0
    assert (page.tags["h1"], page.tags["h2"]) == (1, 9)
    assert source.count('role="presentation"') == page.tags["table"]
    assert '<html lang="fr"' in source
    assert "<co>" not in source


def test_a_guardian_is_written_to_about_the_child_by_first_name_in_the_body_only(server, run, alice_viewer):
    person = person_with_offers(run, email="", first_name="Chloé")
    GuardianFactory(young_person=person, email="parent@exemple.fr")
    send(launch(run, alice_viewer))
    (message,) = server.messages()
    text = as_text(message, "plain")
    assert message["To"] == "parent@exemple.fr"
    assert "Madame, Monsieur," in text
    assert "pour Chloé" in text
    assert "de son domicile" in text
    assert person.last_name not in text
    assert "chez vous" not in text
    assert "Chloé" not in str(message["Subject"])


def test_the_preview_before_launch_and_after_is_what_goes_out(server, run, alice_viewer):
    person = person_with_offers(run, 2)
    campaign = create_campaign(run=run, name="Novembre", by=alice_viewer)
    drafted = preview_mail(campaign, person)
    campaign = launch_campaign(campaign, by=alice_viewer)
    frozen = preview_mail(campaign, person)
    send(campaign)
    (message,) = server.messages()
    assert (frozen.subject, frozen.text) == (message["Subject"], as_text(message, "plain"))
    assert frozen.html == as_text(message, "html")
    sent = preview_mail(campaign, person)
    assert (sent.subject, sent.text, sent.html) == (frozen.subject, frozen.text, frozen.html)
    without_link = re.compile(r"/(desinscription|reponse)/[\w.-]+/")
    assert without_link.sub("", drafted.text) == without_link.sub("", frozen.text)


def test_an_objection_after_launch_withdraws_the_mail(server, run, alice_viewer):
    person = person_with_offers(run)
    campaign = launch(run, alice_viewer)
    record_objection(address=person.email, purpose=MailPurpose.OFFERS, source=Objection.Source.COUNSELLOR)
    send(campaign)
    assert server.taken == []
    assert (the_mail(campaign).state, the_mail(campaign).outcome) == ("withdrawn", sending.OBJECTED)
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.FINISHED


def test_a_contract_signed_after_launch_withdraws_the_mail(server, run, alice_viewer):
    campaign_person = person_with_offers(run)
    campaign = launch(run, alice_viewer)
    ContractFactory(young_person=campaign_person)
    send(campaign)
    assert (the_mail(campaign).state, the_mail(campaign).outcome) == ("withdrawn", sending.SIGNED)


def test_somebody_who_stopped_seeking_after_launch_gets_no_mail(server, run, alice_viewer):
    person = person_with_offers(run)
    campaign = launch(run, alice_viewer)
    YoungPerson.objects.filter(pk=person.pk).update(situation=YoungPerson.Situation.NOT_SEEKING)
    send(campaign)
    assert the_mail(campaign).outcome == sending.NOT_SEEKING
    assert server.taken == []


def test_somebody_who_says_they_found_after_launch_gets_no_mail(server, run, alice_viewer):
    person = person_with_offers(run)
    campaign = launch(run, alice_viewer)
    answered = SentRecipientFactory(young_person=person)
    CampaignAnswerFactory(recipient=answered, kind=CampaignAnswer.Kind.FOUND)
    send(campaign)
    assert the_mail(campaign).outcome == sending.SAYS_FOUND
    assert server.taken == []


def test_an_offer_refused_after_launch_is_not_shown(server, run, alice_viewer):
    person = person_with_offers(run, 2)
    campaign = launch(run, alice_viewer)
    refused = RecipientOffer.objects.get(recipient__campaign=campaign, rank=1)
    OfferRefusalFactory(young_person=person, offer=refused.offer)
    send(campaign)
    text = as_text(server.messages()[0], "plain")
    assert refused.offer.title not in text
    assert "une offre d’apprentissage" in text


def test_an_offer_closed_after_launch_is_dropped_and_a_mail_without_offer_is_not_sent(server, run, alice_viewer):
    two, one = person_with_offers(run, 2), person_with_offers(run, 1)
    campaign = launch(run, alice_viewer)
    first = RecipientOffer.objects.filter(recipient__campaign=campaign, rank=1)
    closed = [first.get(recipient__young_person=person).offer_id for person in (two, one)]
    Offer.objects.filter(pk__in=closed).update(status=Offer.Status.CANCELLED)
    send(campaign)
    assert server.per_address() == {two.email: 1}
    text = as_text(server.messages()[0], "plain")
    assert "une offre d’apprentissage" in text
    assert "1. Apprenti·e « chef » n° 2" in text
    assert campaign.recipients.get(young_person=one).mail.outcome == sending.NO_OFFER_LEFT


def test_an_employer_who_objects_after_launch_is_not_shown(server, run, alice_viewer):
    person_with_offers(run, 1)
    campaign = launch(run, alice_viewer)
    Employer.objects.update(objects_to_contact=True)
    send(campaign)
    assert server.taken == []


def in_thread(act):
    def work():
        try:
            act()
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def test_a_pause_in_mid_sending_holds_and_a_resume_sends_the_rest_once(server, run, alice_viewer):
    people = [person_with_offers(run) for _ in range(8)]
    campaign = launch(run, alice_viewer)

    def pause(count):
        if count == 3:
            in_thread(lambda: pause_campaign(campaign, by=alice_viewer))

    server.handler.on_message = pause
    send(campaign)
    assert states(campaign) == {"sent": 3, "queued": 5}
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.PAUSED
    assert campaigns_to_wake() == []
    send(campaign)
    assert len(server.taken) == 3
    resume_campaign(campaign, by=alice_viewer)
    send(campaign)
    assert server.per_address() == {person.email: 1 for person in people}
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.FINISHED


def test_a_cancellation_in_mid_sending_is_final(server, run, alice_viewer):
    for _ in range(8):
        person_with_offers(run)
    campaign = launch(run, alice_viewer)

    def cancel(count):
        if count == 3:
            in_thread(lambda: cancel_campaign(campaign, by=alice_viewer))

    server.handler.on_message = cancel
    send(campaign)
    assert states(campaign) == {"sent": 3, "withdrawn": 5}
    send(campaign)
    assert len(server.taken) == 3
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.CANCELLED


def test_the_broker_may_lose_everything_the_beat_finds_what_is_due(server, run, alice_viewer, published):
    person_with_offers(run)
    campaign = launch(run, alice_viewer)
    published.clear()
    tasks.wake_campaigns()
    assert published == [campaign.pk]
    tasks.send_campaign_batch(campaign.pk)
    published.clear()
    tasks.wake_campaigns()
    assert published == []


def test_a_campaign_somebody_is_sending_is_not_woken(run, alice_viewer):
    for _ in range(2):
        person_with_offers(run)
    campaign = launch(run, alice_viewer)
    lease = ledger.claim(campaign.stream, limit=1, worker="autre")
    assert len(lease.mails) == 1
    assert campaigns_to_wake() == []
    OutgoingMail.objects.filter(state="leased").update(lease_until=Now() - timedelta(seconds=1))
    assert campaigns_to_wake() == [campaign.pk]


def test_a_mail_that_waits_for_another_try_keeps_the_campaign_open(server, run, alice_viewer):
    person_with_offers(run)
    server.handler.at_rcpt.append("450 occupé")
    campaign = launch(run, alice_viewer)
    send(campaign)
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.LAUNCHED
    assert campaigns_to_wake() == []
    campaign.stream.mails.update(next_attempt_at=Now())
    assert campaigns_to_wake() == [campaign.pk]
    send(campaign)
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.FINISHED


def test_an_uncertain_mail_ends_the_campaign_and_is_never_sent_again(server, run, alice_viewer):
    person_with_offers(run)
    server.handler.at_data.append(DROP_AFTER_TAKING)
    campaign = launch(run, alice_viewer)
    send(campaign)
    tasks.wake_campaigns()
    send(campaign)
    assert states(campaign) == {"uncertain": 1}
    assert len(server.taken) == 1
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.FINISHED


def test_a_sweep_that_closes_the_last_mail_lets_the_beat_end_the_campaign(run, alice_viewer):
    person_with_offers(run)
    campaign = launch(run, alice_viewer)
    past = timezone.now() - timedelta(minutes=1)
    campaign.stream.mails.update(state="leased", lease_until=past, handed_over_at=past, leased_by="mort")
    assert finish_campaigns() == 0
    ledger.sweep_expired_leases()
    assert finish_campaigns() == 1


def test_a_task_out_of_time_asks_for_another(server, run, alice_viewer, published, monkeypatch):
    person_with_offers(run)
    campaign = launch(run, alice_viewer)
    published.clear()
    monkeypatch.setattr(tasks, "SEND_SECONDS", 0)
    tasks.send_campaign_batch(campaign.pk)
    assert published == [campaign.pk]
    assert server.taken == []


def test_two_workers_share_a_campaign_without_a_double(server, run, alice_viewer, monkeypatch):
    people = [person_with_offers(run) for _ in range(40)]
    campaign = launch(run, alice_viewer)
    batch = sending.deliver_batch
    monkeypatch.setattr(sending, "deliver_batch", lambda stream, **options: batch(stream, limit=5, **options))
    workers = [threading.Thread(target=lambda: in_own_connection(campaign)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert server.per_address() == {person.email: 1 for person in people}


def in_own_connection(campaign):
    try:
        send(campaign)
    finally:
        connection.close()


def test_preparing_costs_the_same_number_of_queries_for_2_mails_and_for_12(run, alice_viewer):
    for _ in range(12):
        person_with_offers(run, 2)
    launched = launch(run, alice_viewer)
    campaign = Campaign.objects.select_related("stream", "cell").get(pk=launched.pk)
    mails = list(campaign.stream.mails.all())
    counts = []
    for some in (mails[:2], mails):
        with CaptureQueriesContext(connection) as captured:
            assert len(prepare_campaign_mails(campaign, some)) == len(some)
        counts.append(len(captured))
    assert counts[0] == counts[1] <= 8


def test_the_sending_tasks_have_the_mail_queue():
    app = tasks.send_campaign_batch.app
    for task in (tasks.send_campaign_batch, tasks.wake_campaigns):
        assert task.queue == "mail"
        assert app.amqp.router.route({"queue": task.queue}, task.name)["queue"].name == "mail"
