"""Preparing, launching and following a campaign on screen."""

import pytest
from django.urls import reverse
from django.utils import timezone

from cells.models import OutgoingMail
from matching.models import Campaign, Recipient
from matching.workflow import CampaignState, SkipReason
from tests.matching.factories import CampaignFactory, MatchRunFactory, RecipientFactory
from tests.matching.islands import person_with_offers
from tests.support.html import text_of
from tests.support.queries import only_reading
from tests.youth.factories import YoungPersonFactory

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def campaign(cell):
    person_with_offers(cell, 2, first_name="Éloïse")
    return CampaignFactory(run=MatchRunFactory(cell=cell))


def page(campaign, name="campaign-detail"):
    return reverse(f"matching:{name}", args=[campaign.uuid])


def person_of(campaign):
    return campaign.cell.young_people.get(first_name="Éloïse")


def test_a_campaign_starts_as_a_draft_of_a_finished_run(alice, cell, signed_in):
    run = MatchRunFactory(cell=cell)
    typed = {"name": "Rentrée", "offers_per_mail": 4, "hold_out_percent": 10}
    response = signed_in(alice).post(reverse("matching:campaign-create", args=[run.uuid]), typed)
    campaign = Campaign.objects.get()
    assert response.url == page(campaign)
    assert (campaign.state, campaign.offers_per_mail, campaign.hold_out_percent) == (CampaignState.DRAFT, 4, 10)


@pytest.mark.parametrize(
    "changed", [{"offers_per_mail": 2}, {"offers_per_mail": 9}, {"hold_out_percent": 51}, {"name": ""}]
)
def test_what_is_out_of_bounds_is_refused(alice, cell, signed_in, changed):
    url = reverse("matching:campaign-create", args=[MatchRunFactory(cell=cell).uuid])
    typed = {"name": "Rentrée", "offers_per_mail": 4, "hold_out_percent": 10} | changed
    assert signed_in(alice).post(url, typed).status_code == 422
    assert not Campaign.objects.exists()


def test_a_draft_says_who_would_get_a_mail_and_writes_nothing(alice, campaign, signed_in):
    client = signed_in(alice)
    with only_reading():
        draft, confirm = client.get(page(campaign)), client.get(page(campaign, "campaign-launch"))
        rehearsal = client.get(page(campaign, "campaign-rehearsal"))
    assert "1 jeune dans le public visé" in text_of(draft)
    assert "Reçoivent un mail 1" in text_of(rehearsal)
    assert "Envoyer 1 mail" in text_of(confirm)
    assert not Recipient.objects.exists()


def test_launching_freezes_the_recipients_and_wakes_the_senders(
    alice, campaign, signed_in, published, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        response = signed_in(alice).post(page(campaign, "campaign-launch"), follow=True)
    assert "Campagne lancée" in text_of(response)
    assert Recipient.objects.get().mail is not None
    assert {name for name, *_ in published} >= {"matching.tasks.send_campaign_batch"}


def test_a_campaign_pauses_resumes_and_is_cancelled(alice, campaign, signed_in):
    client = signed_in(alice)
    client.post(page(campaign, "campaign-launch"))
    for act, state in (("pause", "paused"), ("resume", "launched"), ("cancel", "cancelled")):
        client.post(page(campaign, f"campaign-{act}"))
        campaign.refresh_from_db()
        assert campaign.state == state
    assert OutgoingMail.objects.get().state == OutgoingMail.State.WITHDRAWN
    refused = client.post(page(campaign, "campaign-resume"), follow=True)
    assert "fr-alert--error" in refused.content.decode()


def test_progress_is_asked_for_again_while_mails_leave(alice, campaign, signed_in):
    client = signed_in(alice)
    client.post(page(campaign, "campaign-launch"))
    fragment = client.get(page(campaign), headers=HTMX)
    assert 'hx-trigger="every 2s"' in fragment.content.decode()
    assert "0 / 1" in text_of(fragment)
    client.post(page(campaign, "campaign-pause"))
    assert "hx-trigger" not in client.get(page(campaign), headers=HTMX).content.decode()


def test_recipients_are_filtered_by_what_became_of_them(alice, campaign, signed_in):
    client = signed_in(alice)
    client.post(page(campaign, "campaign-launch"))
    RecipientFactory(campaign=campaign, skip_reason=SkipReason.OBJECTION)

    def shown(outcome):
        return len(client.get(page(campaign), {"issue": outcome}).context["page"].object_list)

    assert (shown(""), shown("queued"), shown("objection"), shown("sent")) == (2, 1, 1, 0)


def preview(campaign, person, name="recipient-preview"):
    return reverse(f"matching:{name}", args=[campaign.uuid, person.uuid])


def test_the_very_mail_of_a_person_is_shown_beside_its_text(alice, campaign, signed_in):
    response = signed_in(alice).get(preview(campaign, person_of(campaign)))
    assert "Bonjour Éloïse" in text_of(response)
    assert "frame-src 'self'" in response["Content-Security-Policy"]
    assert "sandbox" in response.content.decode()


def test_the_framed_mail_runs_nothing_and_only_our_page_frames_it(alice, campaign, signed_in):
    response = signed_in(alice).get(preview(campaign, person_of(campaign), "recipient-mail"))
    policy = response["Content-Security-Policy"]
    assert "Éloïse" in response.content.decode()
    assert "sandbox" in policy
    assert "script-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    assert response["X-Frame-Options"] == "SAMEORIGIN"


def test_no_other_page_may_be_framed(alice, campaign, signed_in):
    response = signed_in(alice).get(page(campaign))
    assert "frame-ancestors 'none'" in response["Content-Security-Policy"]
    assert response["X-Frame-Options"] == "DENY"


def test_a_person_without_mail_is_shown_the_reason(alice, campaign, signed_in):
    nobody = YoungPersonFactory(cell=campaign.cell)
    assert "aucun vœu ouvert" in text_of(signed_in(alice).get(preview(campaign, nobody)))


def test_an_outsider_neither_sees_nor_launches(charlie, campaign, signed_in):
    client = signed_in(charlie)
    assert client.get(preview(campaign, person_of(campaign))).status_code == 404
    assert client.post(page(campaign, "campaign-launch")).status_code == 404
    campaign.refresh_from_db()
    assert campaign.launched_at is None


def test_a_counsellor_of_one_cell_cannot_preview_a_person_of_another(alice, campaign, other_cell, signed_in):
    stranger = YoungPersonFactory(cell=other_cell)
    assert signed_in(alice).get(preview(campaign, stranger)).status_code == 404


def test_finished_campaigns_show_their_dates(alice, campaign, signed_in):
    Campaign.objects.update(state=CampaignState.FINISHED, launched_at=timezone.now(), finished_at=timezone.now())
    assert "Terminée" in text_of(signed_in(alice).get(reverse("matching:campaign-list")))


@pytest.mark.parametrize("name", ["recipient-preview", "recipient-mail"])
def test_reading_a_person_s_mail_is_noted(
    alice, campaign, signed_in, published, django_capture_on_commit_callbacks, name
):
    person = person_of(campaign)
    client = signed_in(alice)
    with django_capture_on_commit_callbacks(execute=True):
        client.get(preview(campaign, person, name))
    assert [(args, facts["target_uuids"]) for _, args, facts in published] == [(["person.read"], [str(person.uuid)])]


def test_going_back_to_a_campaign_shows_the_whole_page(alice, campaign, signed_in):
    """htmx asks for it again when its own history is lost."""
    response = signed_in(alice).get(page(campaign), headers=HTMX | {"HX-History-Restore-Request": "true"})
    assert "dans le public visé" in text_of(response)
    assert "<html" in response.content.decode()
