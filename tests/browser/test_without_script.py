"""Everything a counsellor needs first works where JavaScript does not."""

from django.urls import reverse
from playwright.sync_api import expect

from tests.browser.conftest import PASSWORD
from tests.cells.factories import CommuneFactory
from tests.employers.factories import OfferFactory
from tests.matching.factories import MatchFactory, MatchRunFactory
from tests.youth.factories import YoungPersonFactory


def test_sign_in_search_list_and_file_without_javascript(page_without_script, alice, cell):
    page = page_without_script
    lea = YoungPersonFactory(cell=cell, last_name="Lefèvre", first_name="Léa")
    YoungPersonFactory(cell=cell, last_name="Diallo", first_name="Sory", search_name="diallo sory")
    offer = OfferFactory(title="Apprenti cuisinier au Donjon")
    MatchFactory(
        run=MatchRunFactory(cell=cell), young_person=lea, offer=offer, reasons={"rank": 1, "rome": 1, "via": 0}
    )
    page.goto(reverse("youth:person-list"))
    page.get_by_label("Adresse électronique").fill(alice.email)
    page.get_by_label("Mot de passe").fill(PASSWORD)
    page.get_by_role("button", name="Se connecter").click()
    expect(page.get_by_role("row")).to_have_count(3)
    page.get_by_label("Trouver un jeune").fill("lefe")
    page.get_by_role("button", name="Chercher").click()
    expect(page.get_by_role("row")).to_have_count(2)
    page.get_by_label("Situation").select_option("En contrat")
    page.get_by_role("button", name="Filtrer").click()
    expect(page.get_by_text("Personne ne correspond")).to_be_visible()
    page.get_by_role("link", name="Voir tous les jeunes").click()
    page.get_by_role("link", name="Lefèvre Léa").click()
    expect(page.get_by_role("heading", name="Léa Lefèvre")).to_be_visible()
    page.get_by_role("link", name="Offres proposées et mails envoyés").click()
    expect(page.get_by_role("link", name="Apprenti cuisinier au Donjon", exact=True)).to_be_visible()


def test_the_offer_search_without_javascript(page_without_script, db):
    page = page_without_script
    OfferFactory(title="Apprenti cuisinier au Donjon", commune=CommuneFactory())
    page.goto(reverse("employers:offer-search"))
    page.get_by_label("Ville ou code postal").fill("Rouen")
    page.get_by_role("button", name="Chercher").click()
    page.get_by_role("link", name="Apprenti cuisinier au Donjon", exact=True).click()
    expect(page.get_by_role("link", name="Candidater sur le site de l’annonce")).to_be_visible()
