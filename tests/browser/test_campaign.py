"""A campaign from its first line to its results: the cell prepares it, a young person answers, a counsellor calls."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from matching.models import Campaign, CampaignAnswer, OfferRefusal
from matching.services.sending import deliver_campaign
from tests.browser.conftest import assert_accessible
from tests.cells.factories import CommuneFactory, DepartmentFactory
from tests.employers.factories import EmployerFactory
from tests.matching.islands import person_with_offers

FIRST_RUN_MS = 90_000  # the engine is compiled the first time it runs on a machine


@pytest.fixture
def eloise(cell):
    person = person_with_offers(
        cell, 3, first_name="Éloïse", offer_changes={"commune": CommuneFactory()}, phone="0612345678"
    )
    EmployerFactory()
    DepartmentFactory(code="14")
    return person


def links_of(message) -> list[str]:
    text = message.get_body(("plain",)).get_content()
    return [word for word in text.split() if "/reponse/" in word]


def test_a_campaign_is_prepared_tried_sent_answered_and_read(
    signed_in_page, phone, sink, manager, eloise, cell, published, settings
):
    settings.MAIL_QUIET_HOURS = False
    page = signed_in_page(manager)
    page.goto(reverse("matching:campaign-list"))
    page.get_by_role("link", name="Préparer une campagne").first.click()
    expect(page.get_by_text("1 jeune aujourd’hui")).to_be_visible()
    page.get_by_label("Nom de la campagne").fill("Rentrée")
    page.get_by_label("Affelnet").check(force=True)
    page.get_by_label("Groupe témoin").fill("0")
    assert_accessible(page)
    page.get_by_role("button", name="Créer le brouillon").click()

    expect(page.get_by_text("Simulation de")).to_be_visible(timeout=FIRST_RUN_MS)
    expect(page.get_by_role("row", name="Reçoivent un mail")).to_contain_text("1")
    assert_accessible(page)
    page.get_by_role("link", name=eloise.full_name).click()
    expect(page.get_by_text("Bonjour Éloïse").first).to_be_visible()
    page.get_by_role("button", name="Envoyer l’essai").click()
    expect(page.get_by_text("Essai envoyé")).to_be_visible()
    assert_accessible(page)

    campaign = Campaign.objects.get()
    page.goto(reverse("matching:campaign-launch", args=[campaign.uuid]))
    page.get_by_role("button", name="Envoyer 1 mail").click()
    expect(page.get_by_text("Campagne lancée")).to_be_visible()
    deliver_campaign(campaign.pk, worker="essai", seconds=30)
    message = next(one for one in sink.messages() if one["To"] == eloise.email)
    answer(phone, links_of(message))

    page.goto(reverse("cells:home"))
    page.get_by_role("link", name="réponse aux campagnes à traiter").click()
    expect(page.get_by_text("Demande à être appelé")).to_be_visible()
    assert_accessible(page)
    page.get_by_role("button", name="C’est fait").click()
    expect(page.get_by_text("Personne n’attend")).to_be_visible()
    page.goto(reverse("matching:campaign-results", args=[campaign.uuid]))
    expect(page.get_by_text("Sans groupe témoin, on ne peut pas savoir")).to_be_visible()
    assert_accessible(page)


def answer(phone, links):
    """On a telephone, by the links of the mail: three offers, then « trouvé » and « aide »."""
    refused, _, _, found, help_wanted = links
    phone.goto(refused)
    phone.get_by_label("C’est trop loin").check(force=True)
    phone.get_by_role("button", name="Ne plus proposer").tap()
    expect(phone.get_by_text("ne sera plus proposée")).to_be_visible()
    assert OfferRefusal.objects.get().reason == "too_far"
    phone.goto(found)
    expect(phone.get_by_role("button", name="Oui, c’est trouvé")).to_be_visible()
    phone.goto(help_wanted)
    phone.get_by_role("button", name="Oui, appelez-moi").tap()
    expect(phone.get_by_role("heading", name="C’est noté")).to_be_visible()
    assert set(CampaignAnswer.objects.values_list("kind", flat=True)) == {"not_for_me", "call_me"}
    phone.get_by_role("link", name="Revoir les offres").tap()
    expect(phone.get_by_role("heading", name="Les offres de votre mail")).to_be_visible()
    assert_accessible(phone)
