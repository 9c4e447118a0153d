"""A young person on a telephone: no account, three taps, and a way out of the mails."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from cells.mailing.objections import objecting
from cells.mailing.tokens import UNSUBSCRIBE, sign_mail
from cells.models import MailPurpose
from tests.browser.conftest import assert_reflows
from tests.cells.factories import CommuneFactory, CommunePostcodeFactory, OutgoingMailFactory
from tests.employers.factories import OfferFactory


@pytest.fixture
def rouen(db):
    return CommunePostcodeFactory(commune=CommuneFactory(), postcode="76000").commune


def test_three_taps_lead_from_the_search_to_an_offer_near_home(phone, rouen):
    OfferFactory(title="Apprenti cuisinier", apply_phone="0232000000", commune=rouen)
    OfferFactory(title="Apprenti boulanger", latitude=43.3, longitude=5.4)
    phone.goto(reverse("employers:offer-search"))
    phone.get_by_label("Ville ou code postal").tap()
    phone.keyboard.type("rouen")
    phone.get_by_role("button", name="Chercher").tap()
    expect(phone.get_by_role("heading", name="1 offre près de Rouen")).to_be_in_viewport()
    expect(phone.get_by_role("link", name="Apprenti cuisinier")).to_be_in_viewport()
    assert_reflows(phone)
    phone.get_by_role("link", name="Apprenti cuisinier").tap()
    expect(phone.get_by_role("heading", name="Apprenti cuisinier")).to_be_visible()
    call = phone.get_by_role("link", name="Appeler le 02")
    expect(call).to_have_attribute("href", "tel:0232000000")
    expect(call).to_be_in_viewport()
    assert_reflows(phone)
    assert phone.context.cookies() == []


def test_a_search_that_finds_nothing_proposes_wider_ones_that_find(phone, rouen):
    OfferFactory(title="Apprenti cuisinier", latitude=rouen.latitude + 0.4, longitude=rouen.longitude)  # 44 km north
    phone.goto(reverse("employers:offer-search") + "?lieu=76000&rayon=10")
    expect(phone.get_by_role("heading", name="Aucune offre près de Rouen")).to_be_visible()
    expect(phone.get_by_role("link", name="jusqu’à 30 km")).to_have_count(0)
    phone.get_by_role("link", name="jusqu’à 60 km : 1 offre").tap()
    expect(phone.get_by_role("link", name="Apprenti cuisinier")).to_be_visible()
    expect(phone.get_by_label("Jusqu’à")).to_have_value("60")


def test_the_link_of_a_mail_asks_then_stops_the_offers(phone, cell):
    mail = OutgoingMailFactory(stream__cell=cell, to_address="lea.martin@exemple.fr")
    phone.goto(reverse("matching:unsubscribe", args=[sign_mail(mail.uuid, purpose=UNSUBSCRIBE)]))
    expect(phone.get_by_text("l•••@exemple.fr")).to_be_visible()
    assert objecting([mail.to_address], MailPurpose.OFFERS) == set()
    phone.get_by_role("button", name="Ne plus recevoir ces offres").tap()
    expect(phone.get_by_role("heading", name="C’est noté")).to_be_visible()
    assert objecting([mail.to_address], MailPurpose.OFFERS) == {mail.to_address}
    assert_reflows(phone)
