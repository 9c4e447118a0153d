"""A counsellor's day, in a real browser on a real server."""

import re
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from employers.models import Contract
from tests.browser.conftest import PASSWORD
from tests.cells.factories import CommuneFactory, CommunePostcodeFactory, OccupationFactory, TrainingFactory
from tests.employers.factories import OfferFactory, make_siret
from tests.matching.factories import MatchFactory, MatchRunFactory
from tests.support.worker import work
from tests.youth.factories import WishFactory, YoungPersonFactory
from tests.youth.wish_files import NEW_HEADER, affelnet_row, write_csv
from youth.models import YoungPerson


@pytest.fixture
def rouen(db):
    return CommunePostcodeFactory(commune=CommuneFactory(), postcode="76000").commune


@pytest.fixture
def cooking(db):
    return TrainingFactory(label="CAP Cuisine", mef="2472212431")


@pytest.fixture
def lea(cell, rouen, cooking):
    """Léa wants to cook in Rouen, where a kitchen has been proposed to her."""
    person = YoungPersonFactory(cell=cell, in_rouen=True, last_name="Lefèvre", first_name="Léa")
    wish = WishFactory(young_person=person, training=cooking)
    offer = OfferFactory(title="Apprenti cuisinier au Donjon", commune=rouen)
    reasons = {"rank": 1, "rome": 1, "via": 0}
    MatchFactory(run=MatchRunFactory(cell=cell), young_person=person, wish=wish, offer=offer, reasons=reasons)
    return person


def tab_to(page: Page, selector: str, most: int = 40) -> None:
    """As a keyboard's user goes: nothing but the Tab key."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
    raise AssertionError(f"{selector} is not reached after {most} times Tab on {page.url}")


def heading(page: Page, name: str, level: int = 1):
    return page.get_by_role("heading", name=name, level=level)


def test_by_keyboard_alone_from_sign_in_to_the_reason_of_a_proposal(page, alice, lea):
    YoungPersonFactory.create_batch(3, cell=lea.cell)
    page.goto("/")
    expect(heading(page, "Connexion")).to_be_visible()
    tab_to(page, "#id_username")
    page.keyboard.type(alice.email)
    tab_to(page, "#id_password")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(heading(page, "Aujourd’hui")).to_be_visible()
    page.keyboard.press("/")
    page.keyboard.type("efevre le")
    page.keyboard.press("Enter")
    expect(page.get_by_role("row")).to_have_count(5)
    page.get_by_role("searchbox", name="Nom, INE ou téléphone").last.press("End")
    page.keyboard.type("a")
    tab_to(page, f"a[href='{reverse('youth:person-detail', args=[lea.uuid])}']")
    page.keyboard.press("Enter")
    expect(heading(page, "Léa Lefèvre")).to_be_visible()
    proposals = page.get_by_role("region", name="Offres proposées")
    expect(proposals.get_by_role("link", name="Apprenti cuisinier au Donjon", exact=True)).to_be_visible()
    expect(proposals).to_contain_text("1er vœu")


def test_a_wish_is_typed_then_a_contract_takes_the_person_out_and_its_break_puts_them_back(signed_in_page, alice, lea):
    OccupationFactory(code="D1102", label="Boulangerie - viennoiserie")
    page, today = signed_in_page(alice), timezone.localdate()
    page.goto(reverse("youth:person-detail", args=[lea.uuid]))
    badge = page.locator(".jn-head").get_by_text
    page.get_by_role("link", name="Ajouter un vœu").click()
    job = page.get_by_role("combobox", name="Métier")
    job.press_sequentially("boulang")
    expect(page.locator("#metiers option")).to_have_attribute("value", re.compile("Boulangerie"))
    job.fill("D1102")
    page.get_by_role("button", name="Ajouter le vœu").click()
    expect(page.get_by_role("region", name="Vœux")).to_contain_text("2. Boulangerie")

    page.get_by_role("link", name="Enregistrer un contrat").click()
    page.get_by_label("SIRET de l’employeur").fill("12345678901234")
    page.get_by_role("button", name="Enregistrer le contrat").click()
    expect(page.get_by_role("alert")).to_be_focused()
    page.get_by_label("SIRET de l’employeur").fill(make_siret(77))
    page.get_by_label("Nom de l’employeur").fill("Boulangerie du Donjon")
    page.get_by_label("Signé le").fill((today - timedelta(days=9)).isoformat())
    page.get_by_label("Début du contrat").fill((today - timedelta(days=5)).isoformat())
    page.get_by_label("Fin prévue").fill((today + timedelta(days=700)).isoformat())
    page.get_by_role("button", name="Enregistrer le contrat").click()
    expect(badge("En contrat")).to_be_visible()
    assert YoungPerson.objects.get(pk=lea.pk).situation == YoungPerson.Situation.IN_CONTRACT

    page.get_by_role("link", name="Enregistrer une rupture").click()
    page.get_by_label("Date de la rupture").fill(today.isoformat())
    page.get_by_role("button", name="Enregistrer la rupture").click()
    expect(badge("En recherche")).to_be_visible()
    expect(page.get_by_role("region", name="Contrats")).to_contain_text("Rompu le")
    assert Contract.objects.get().state == "broken"


def test_a_wish_file_is_read_under_ones_eyes_and_its_bad_rows_are_explained(
    signed_in_page, alice, cell, rouen, cooking, published, tmp_path
):
    rows = [affelnet_row(), affelnet_row(ine="123456789CD", last_name="-", first_name="-", offer="1A111112")]
    page = signed_in_page(alice)
    page.goto(reverse("youth:import-create"))
    page.get_by_label("Fichier de vœux").set_input_files(write_csv(tmp_path / "voeux.csv", NEW_HEADER, rows))
    page.get_by_role("button", name="Déposer et lire le fichier").click()
    expect(heading(page, "voeux.csv")).to_be_visible()
    progress = page.locator("#avancement")
    expect(progress).to_contain_text("En attente")
    work(published)
    expect(progress).to_contain_text("Terminé")
    expect(page.locator("#annonces")).to_have_text("Import : Terminé")
    page.get_by_role("link", name="Voir les lignes refusées").click()
    refused = page.get_by_role("row").filter(has_text="Nom de l'élève")
    expect(refused.get_by_role("rowheader")).to_have_text("3")
    page.get_by_role("link", name="Jeunes", exact=True).first.click()
    expect(page.get_by_role("link", name="LEFÈVRE LÉA")).to_be_visible()


def test_a_run_then_a_campaign_go_to_their_end_under_ones_eyes(signed_in_page, manager, lea, published, sink):
    page = signed_in_page(manager)
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(reverse("matching:run-list"))
    page.get_by_role("button", name="Lancer un rapprochement").click()
    progress = page.locator("#avancement")
    expect(progress).to_contain_text("La page se met à jour seule")
    work(published)
    expect(progress).to_contain_text("1 jeunes sur 1 ont au moins une offre")
    page.get_by_role("link", name="Préparer une campagne de mails").click()
    page.get_by_label("Nom de la campagne").fill("Novembre")
    page.get_by_label("Groupe témoin").fill("0")
    page.get_by_role("button", name="Créer le brouillon").click()
    page.get_by_role("link", name="Léa Lefèvre").click()
    expect(page.frame_locator("iframe").get_by_text("Bonjour Léa")).to_be_visible()
    page.get_by_role("link", name="Novembre").click()
    page.get_by_role("link", name="Lancer la campagne").click()
    page.get_by_role("button", name="Envoyer 1 mail").click()
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "0")
    assert sink.taken == []
    work(published)
    expect(page.get_by_role("progressbar")).to_have_attribute("value", "1")
    expect(progress).to_contain_text("Terminée")
    assert sink.per_address() == {lea.email: 1}
    page.get_by_role("link", name="Mettre à jour la liste des destinataires").click()
    expect(page.get_by_role("row").filter(has_text="Léa Lefèvre")).to_contain_text("Envoyé")
