"""What a mail's answer links do, for a stranger without account, cookie or script."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cells.errors import RefusedError
from cells.mailing.tokens import ANSWER, UNSUBSCRIBE, sign_mail
from cells.models import AuditEntry
from matching.models import CampaignAnswer, OfferRefusal, RecipientOffer
from matching.services.answers import handle_answer, record_answer, revoke_links
from tests.employers.factories import OfferFactory
from tests.matching.factories import SentRecipientFactory
from tests.support.html import text_of
from tests.youth.factories import WishFactory
from youth.journey import journey_of

pytestmark = pytest.mark.django_db
Kind = CampaignAnswer.Kind


@pytest.fixture
def recipient(cell):
    recipient = SentRecipientFactory(campaign__run__cell=cell, young_person__last_name="Secret")
    wish = WishFactory(young_person=recipient.young_person)
    for rank, spare in ((1, False), (2, False), (3, True)):
        RecipientOffer.objects.create(
            recipient=recipient, offer=OfferFactory(title=f"Offre {rank}"), wish=wish, rank=rank, spare=spare, score=1
        )
    return recipient


@pytest.fixture
def visitor():
    """No cookie, no CSRF token, no session."""
    return Client(enforce_csrf_checks=True)


def token_of(recipient, purpose=ANSWER):
    return sign_mail(recipient.mail.uuid, purpose=purpose)


def page(recipient, question="", purpose=ANSWER):
    arguments = [token_of(recipient, purpose), *([question] if question else [])]
    return reverse("matching:answer-to" if question else "matching:answer", args=arguments)


def first_offer(recipient):
    return recipient.offers.get(rank=1).offer


@pytest.mark.parametrize("question", ["", "trouve", "aide", "offer"])
def test_opening_any_link_changes_nothing(visitor, recipient, question):
    question = str(first_offer(recipient).uuid) if question == "offer" else question
    for method in (visitor.get, visitor.head):
        with CaptureQueriesContext(connection) as queries:
            assert method(page(recipient, question)).status_code == 200
        assert all(query["sql"].startswith("SELECT") for query in queries)
    assert not CampaignAnswer.objects.exists()


@pytest.mark.parametrize(("question", "kind"), [("trouve", Kind.FOUND), ("aide", Kind.CALL_ME)])
def test_one_press_is_enough_and_lands_on_the_worklist_and_in_the_file(visitor, recipient, question, kind):
    done = visitor.post(page(recipient, question))
    assert "C’est noté" in text_of(done)
    assert done.cookies == {}
    answer = CampaignAnswer.objects.waiting().get()
    assert (answer.kind, answer.recipient, answer.offer) == (kind, recipient, None)
    assert "Réponse à un mail d’offres" in [event.title for event in journey_of(recipient.young_person)]
    entry = AuditEntry.objects.get(action="person.answered")
    assert (entry.user, entry.cell_id, entry.facts["kind"]) == (None, recipient.campaign.cell_id, kind)


def test_pressing_twice_is_harmless(visitor, recipient):
    for _ in range(2):
        visitor.post(page(recipient, "aide"))
    assert CampaignAnswer.objects.count() == AuditEntry.objects.filter(action="person.answered").count() == 1


def test_a_call_asked_again_after_it_was_dealt_with_comes_back(visitor, recipient, alice_viewer):
    visitor.post(page(recipient, "aide"))
    handle_answer(CampaignAnswer.objects.get(), by=alice_viewer)
    assert not CampaignAnswer.objects.waiting().exists()
    visitor.post(page(recipient, "aide"))
    assert CampaignAnswer.objects.waiting().count() == 1


def test_an_offer_is_refused_with_a_reason_of_the_list(visitor, recipient):
    offer = first_offer(recipient)
    url = page(recipient, str(offer.uuid))
    assert visitor.post(url, {}).status_code == visitor.post(url, {"reason": "autre chose"}).status_code == 422
    assert not OfferRefusal.objects.exists()
    assert "ne sera plus proposée" in text_of(visitor.post(url, {"reason": "too_far"}))
    refusal = OfferRefusal.objects.get()
    assert (refusal.young_person, refusal.offer, refusal.reason) == (recipient.young_person, offer, "too_far")
    assert not CampaignAnswer.objects.waiting().exists()


def test_the_last_reason_given_counts(visitor, recipient):
    for reason in ("too_far", "dates"):
        visitor.post(page(recipient, str(first_offer(recipient).uuid)), {"reason": reason})
    assert OfferRefusal.objects.get().reason == CampaignAnswer.objects.get().reason == "dates"


def test_a_candidature_is_told_and_shown(visitor, recipient):
    visitor.post(page(recipient, str(first_offer(recipient).uuid)), {"candidate": "1"})
    assert CampaignAnswer.objects.get().kind == Kind.APPLIED
    assert not OfferRefusal.objects.exists()
    assert "Réponse notée : candidature envoyée" in text_of(visitor.get(page(recipient)))


def test_the_page_shows_the_offers_of_the_mail_and_nothing_of_the_person(visitor, recipient):
    seen = visitor.get(page(recipient)).content.decode()
    assert "Offre 1" in seen
    assert "Offre 2" in seen
    assert "Offre 3" not in seen  # a spare one
    person = recipient.young_person
    assert not [word for word in (person.last_name, person.first_name, person.email) if word in seen]


def test_an_offer_of_another_mail_is_not_answered(visitor, recipient):
    other = OfferFactory()
    assert visitor.post(page(recipient, str(other.uuid)), {"reason": "too_far"}).status_code == 404
    with pytest.raises(RefusedError, match="pas dans ce mail"):
        record_answer(recipient, kind=Kind.NOT_FOR_ME, offer=other, reason="too_far")
    assert visitor.get(page(recipient, "n-importe-quoi")).status_code == 404


@pytest.mark.parametrize("change", [lambda token: token[:-2], lambda token: "0" * 32 + token[32:], lambda token: "x"])
def test_a_token_that_is_not_ours_is_a_page_in_french(visitor, recipient, change):
    for name, question in (("answer", []), ("answer-to", ["aide"])):
        url = reverse(f"matching:{name}", args=[change(token_of(recipient)), *question])
        answer = visitor.post(url)
        assert answer.status_code == 404
        assert "Ce lien ne mène à aucune offre" in text_of(answer)
    assert not CampaignAnswer.objects.exists()


def test_a_token_for_another_purpose_answers_nothing_and_ours_unsubscribes_nobody(visitor, recipient):
    assert visitor.get(page(recipient, purpose=UNSUBSCRIBE)).status_code == 404
    assert visitor.post(reverse("matching:unsubscribe", args=[token_of(recipient)])).status_code == 404


def test_links_expire(visitor, recipient, time_machine):
    time_machine.move_to(timezone.now() + timedelta(days=121))
    answer = visitor.post(page(recipient, "aide"))
    assert answer.status_code == 410
    assert recipient.campaign.cell.reply_to in text_of(answer)
    assert not CampaignAnswer.objects.exists()


def test_links_are_closed_by_a_counsellor_once(visitor, recipient, alice_viewer):
    for _ in range(2):
        revoke_links(recipient, by=alice_viewer)
    assert visitor.post(page(recipient, "trouve")).status_code == 410
    assert AuditEntry.objects.filter(action="campaign.links_revoked").count() == 1


def test_a_guardian_is_asked_about_the_child(visitor, recipient):
    recipient.address_of = "guardian"
    recipient.save()
    assert "Votre enfant a trouvé" in text_of(visitor.get(page(recipient, "trouve")))


def test_handling_twice_leaves_one_trace(recipient, alice_viewer):
    answer = record_answer(recipient, kind=Kind.FOUND)
    for _ in range(2):
        handled = handle_answer(answer, by=alice_viewer)
    assert handled.handled_by_id == alice_viewer.user_id
    assert AuditEntry.objects.filter(action="answer.handled").count() == 1
