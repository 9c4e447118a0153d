"""A young person on a phone: three taps to an offer near home, and every state of the pages is readable by all."""

import pytest

from employers.models import Offer
from tests.browser.conftest import PHONE, assert_accessible
from tests.cells.factories import CommuneFactory, CommunePostcodeFactory
from tests.employers.factories import OfferFactory


@pytest.fixture
def offer():
    CommunePostcodeFactory()
    return OfferFactory(title="Apprenti cuisinier", apply_phone="0232000000", commune=CommuneFactory())


def test_three_taps_lead_to_an_offer_near_home(page, live_server, offer):
    page.set_viewport_size(PHONE)
    page.goto(f"{live_server.url}/offres/")
    page.get_by_label("Ville ou code postal").fill("76000")
    page.get_by_role("button", name="Chercher").click()
    page.get_by_role("link", name="Apprenti cuisinier").click()
    assert page.get_by_role("link", name="Appeler le 02").get_attribute("href") == "tel:0232000000"
    assert page.context.cookies() == []


@pytest.mark.parametrize("query", ["", "?lieu=rouen&q=cuisinier", "?lieu=Xyzzy", "?q=zzz&niveau=7"])
def test_the_search_is_accessible(page, live_server, offer, query):
    page.goto(f"{live_server.url}/offres/{query}")
    assert_accessible(page)


def test_choosing_a_commune_is_accessible(page, live_server):
    for insee, postcode in (("93066", "93200"), ("97411", "97400")):
        commune = CommuneFactory(insee_code=insee, name="Saint-Denis", search_name="saint denis")
        CommunePostcodeFactory(commune=commune, postcode=postcode)
    page.goto(f"{live_server.url}/offres/?lieu=saint-denis")
    assert page.get_by_role("link", name="Saint-Denis (93200)").is_visible()
    assert_accessible(page)


def test_an_offer_is_accessible_open_or_over(page, live_server, offer):
    page.goto(f"{live_server.url}/offres/{offer.uuid}/")
    assert_accessible(page)
    over = OfferFactory(status=Offer.Status.FILLED)
    page.goto(f"{live_server.url}/offres/{over.uuid}/")
    assert page.get_by_role("heading", name="Cette offre n’est plus disponible").is_visible()
    assert_accessible(page)


def test_the_page_of_the_api_is_accessible(page, live_server):
    page.goto(f"{live_server.url}/api/v1/docs")
    assert_accessible(page)
