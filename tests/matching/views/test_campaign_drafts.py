"""Preparing a campaign on screen: its settings, its public, its rehearsal, its slot, a test to a colleague."""

from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cells.models import AuditEntry, OutgoingMail
from matching.models import Campaign, Recipient
from matching.workflow import CampaignState
from tests.cells.factories import ImportBatchFactory, MembershipFactory, UserFactory
from tests.matching.factories import CampaignFactory, MatchRunFactory
from tests.matching.islands import person_with_offers
from tests.support.html import text_of
from tests.support.queries import only_reading

pytestmark = pytest.mark.django_db
TYPED = {"name": "Rentrée", "offers_per_mail": 4, "hold_out_percent": 10}
HTMX = {"HX-Request": "true"}


@pytest.fixture(autouse=True)
def fresh_cache():
    cache.clear()


@pytest.fixture
def campaign(cell):
    person_with_offers(cell, 2, first_name="Éloïse")
    return CampaignFactory(run=MatchRunFactory(cell=cell))


def page(campaign, name="campaign-detail", person=None):
    return reverse(f"matching:{name}", args=[campaign.uuid, *([person.uuid] if person else [])])


def eloise(campaign):
    return campaign.cell.young_people.get(first_name="Éloïse")


def test_a_campaign_is_prepared_without_a_run(alice, signed_in, cell):
    batch = ImportBatchFactory(cell=cell)
    typed = TYPED | {
        "sources": ["affelnet"], "departments": [], "age_from": 15, "age_to": 17, "batch": str(batch.uuid),
        "dedupe": "address", "wording": "reminder", "exposure_factor": "7.5",
        "sends_from": "09:00", "sends_until": "18:30",
    }  # fmt: skip
    response = signed_in(alice).post(reverse("matching:campaign-new"), typed)
    campaign = Campaign.objects.get()
    assert response.url == page(campaign)
    assert (campaign.run, campaign.cell, campaign.exposure_factor) == (None, cell, 7.5)
    assert (campaign.dedupe, campaign.wording, f"{campaign.sends_until:%H:%M}") == ("address", "reminder", "18:30")
    assert campaign.audience["sources"] == ["affelnet"]
    assert campaign.audience["not_contacted_days"] == 14
    assert "vœu Affelnet en cours lu dans l’import" in text_of(signed_in(alice).get(page(campaign)))


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"age_from": 18, "age_to": 16}, "L’âge le plus bas"),
        ({"sends_from": "20:00", "sends_until": "08:00"}, "L’heure de fin"),
        ({"name": ""}, "À corriger"),
        ({"departments": ["2A"]}, "Département du jeune"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(alice, signed_in, cell, typed, said):
    response = signed_in(alice).post(reverse("matching:campaign-new"), TYPED | typed)
    assert response.status_code == 422
    assert said in text_of(response)
    assert not Campaign.objects.exists()


def test_a_batch_of_another_cell_is_not_offered(alice, signed_in, other_cell):
    batch = ImportBatchFactory(cell=other_cell, file_name="chez-eux.csv")
    client = signed_in(alice)
    assert "chez-eux" not in client.get(reverse("matching:campaign-new")).content.decode()
    assert client.post(reverse("matching:campaign-new"), TYPED | {"batch": str(batch.uuid)}).status_code == 422


def test_the_public_is_counted_while_the_form_is_filled(alice, signed_in, campaign):
    url = reverse("matching:campaign-audience")
    client = signed_in(alice)
    with only_reading():
        everyone = client.get(url, {"age_from": "rien"}, headers=HTMX)
        nobody = client.get(url, {"sources": ["typed"]}, headers=HTMX)
    assert "1 jeune aujourd’hui" in text_of(everyone)
    assert "0 jeune aujourd’hui" in text_of(nobody)
    assert "saisi par la cellule" in text_of(nobody)


def test_a_draft_is_changed_and_a_scheduled_one_is_not(alice, signed_in, campaign):
    client = signed_in(alice)
    assert 'value="Campagne de novembre"' in client.get(page(campaign, "campaign-change")).content.decode()
    client.post(page(campaign, "campaign-change"), TYPED | {"name": "Janvier"})
    campaign.refresh_from_db()
    assert (campaign.name, campaign.stream.name, campaign.offers_per_mail) == ("Janvier", "Janvier", 4)
    Campaign.objects.update(state=CampaignState.SCHEDULED, scheduled_for=timezone.now())
    assert "Seul un brouillon" in text_of(client.post(page(campaign, "campaign-change"), TYPED))


def test_a_rehearsal_is_kept_and_played_again_on_demand(alice, signed_in, campaign):
    client = signed_in(alice)
    url = page(campaign, "campaign-rehearsal")
    assert "Reçoivent un mail 1" in text_of(client.get(url))
    person_with_offers(campaign.cell, 1)
    assert "Reçoivent un mail 1" in text_of(client.get(url))
    assert "Reçoivent un mail 2" in text_of(client.get(url, {"encore": 1}))
    assert not Recipient.objects.exists()


def test_a_rehearsal_names_what_blocks_and_launching_is_refused(alice, signed_in, campaign):
    campaign.cell.phone = ""
    campaign.cell.save()
    client = signed_in(alice)
    assert "Bloque l’envoi La cellule n’a pas de numéro" in text_of(client.get(page(campaign, "campaign-rehearsal")))
    assert "Envoyer 1 mail" not in text_of(client.get(page(campaign, "campaign-launch")))
    refused = client.post(page(campaign, "campaign-launch"), follow=True)
    assert "Il manque de quoi écrire les mails" in text_of(refused)
    assert not Recipient.objects.exists()


def test_a_nameless_offer_blocks_and_a_placeless_one_does_not(alice, signed_in, campaign):
    offer = person_with_offers(campaign.cell, 1, offer_changes={"title": ""})
    seen = text_of(signed_in(alice).get(page(campaign, "campaign-rehearsal")))
    assert "1 offre sans intitulé" in seen
    assert offer


def test_a_sample_is_found_by_name_and_only_in_one_s_departments(limited, signed_in, campaign):
    person_with_offers(campaign.cell, 1, first_name="Zoé", search_name="zoe", in_rouen=False)
    seen = text_of(signed_in(limited).get(page(campaign, "campaign-rehearsal"), {"q": "zoe"}))
    assert "Personne de ce nom" in seen


def test_a_slot_is_set_then_taken_back(alice, signed_in, campaign):
    client = signed_in(alice)
    day = timezone.localdate() + timedelta(days=3)
    client.post(page(campaign, "campaign-schedule"), {"day": day.isoformat(), "time": "09:30"})
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.SCHEDULED
    assert timezone.localtime(campaign.scheduled_for).strftime("%H:%M") == "09:30"
    assert "Départ prévu le" in text_of(client.get(page(campaign)))
    client.post(page(campaign, "campaign-unschedule"))
    campaign.refresh_from_db()
    assert (campaign.state, campaign.scheduled_for) == (CampaignState.DRAFT, None)


@pytest.mark.parametrize("slot", [{"day": "hier", "time": "9"}, {"day": "2020-01-01", "time": "09:00"}])
def test_a_slot_that_makes_no_sense_is_refused(alice, signed_in, campaign, slot):
    response = signed_in(alice).post(page(campaign, "campaign-schedule"), slot, follow=True)
    assert "fr-alert--error" in response.content.decode()
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.DRAFT


def test_a_late_campaign_asks_before_it_leaves(alice, signed_in, campaign):
    late = timezone.now() - timedelta(days=3)
    Campaign.objects.update(state=CampaignState.SCHEDULED, scheduled_for=late)
    client = signed_in(alice)
    assert "passé depuis plus de deux jours" in text_of(client.get(page(campaign)))
    assert "ont encore un sens" in text_of(client.get(page(campaign, "campaign-launch")))
    client.post(page(campaign, "campaign-launch"))
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.LAUNCHED


def test_a_test_goes_to_a_colleague_is_marked_and_counts_nowhere(alice, signed_in, campaign, published):
    client = signed_in(alice)
    url = page(campaign, "recipient-test", eloise(campaign))
    assert "Essai envoyé" in text_of(client.post(url, {"to": str(alice.uuid)}, follow=True))
    mail = OutgoingMail.objects.get()
    assert (mail.to_address, mail.stream.purpose) == (alice.email, "service")
    assert mail.subject.startswith("[Essai] ")
    assert "Ceci est un essai" in mail.text
    assert "Bonjour Éloïse" in mail.text
    assert "List-Unsubscribe" not in mail.headers
    assert not Recipient.objects.exists()
    assert AuditEntry.objects.get(action="campaign.tested").facts == {"to": str(alice.uuid)}


def test_a_test_goes_to_nobody_else(alice, charlie, signed_in, campaign):
    client = signed_in(alice)
    signed_in(charlie)
    never_signed_in = MembershipFactory(cell=campaign.cell, user=UserFactory()).user
    url = page(campaign, "recipient-test", eloise(campaign))
    for user in (charlie, never_signed_in):
        assert "fr-alert--error" in client.post(url, {"to": str(user.uuid)}, follow=True).content.decode()
    assert not OutgoingMail.objects.exists()


def test_the_links_of_a_test_lead_nowhere(alice, signed_in, campaign, published):
    client = signed_in(alice)
    client.post(page(campaign, "recipient-test", eloise(campaign)), {"to": str(alice.uuid)})
    link = next(word for word in OutgoingMail.objects.get().text.split() if "/reponse/" in word)
    assert client.get(link.split("8000")[-1]).status_code == 404


def test_the_rehearsal_page_costs_the_same_for_2_people_and_for_20(alice, signed_in, campaign):
    client = signed_in(alice)
    counts = []
    for more in (1, 18):
        for _ in range(more):
            person_with_offers(campaign.cell, 1)
        with CaptureQueriesContext(connection) as captured:
            client.get(page(campaign, "campaign-rehearsal"), {"encore": 1})
        counts.append(len(captured))
    assert counts[0] == counts[1]
