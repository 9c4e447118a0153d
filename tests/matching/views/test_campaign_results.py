"""What came of a campaign: figures, recipients found by name, a file, answers to deal with."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cells.models import AuditEntry
from matching.models import CampaignAnswer
from matching.workflow import SkipReason
from tests.cells.factories import DepartmentFactory
from tests.matching.factories import (
    CampaignAnswerFactory,
    CampaignFactory,
    RecipientFactory,
    SentRecipientFactory,
)
from tests.matching.sent_offers import launched
from tests.support.html import streamed, text_of
from tests.support.queries import only_reading

pytestmark = pytest.mark.django_db


@pytest.fixture
def campaign(cell):
    return launched(cell)


def page(campaign, name="campaign-results"):
    return reverse(f"matching:{name}", args=[campaign.uuid])


def sent(campaign, **changes):
    return SentRecipientFactory(
        campaign=campaign, **{f"young_person__{name}": value for name, value in changes.items()}
    )


def test_results_count_mails_answers_and_contracts(alice, signed_in, campaign):
    CampaignAnswerFactory(recipient=sent(campaign))
    RecipientFactory(campaign=campaign, skip_reason=SkipReason.HELD_OUT)
    client = signed_in(alice)
    with only_reading():
        seen = text_of(client.get(page(campaign)))
    assert "Reçoivent un mail 1 Groupe témoin 1" in seen
    assert "1 demande à être appelé" in seen
    assert "Envoyé 1" in seen
    assert "On ne peut pas conclure" in seen


def test_a_draft_has_no_results_yet(alice, signed_in, cell):
    draft = CampaignFactory(run__cell=cell)
    assert signed_in(alice).get(page(draft)).url == page(draft, "campaign-detail")


def test_a_recipient_is_found_by_name(alice, signed_in, campaign):
    sent(campaign, last_name="Okonkwo", search_name="okonkwo lea")
    sent(campaign)
    client = signed_in(alice)
    found = client.get(page(campaign, "campaign-detail"), {"q": "okonk"}).context["page"].object_list
    assert [one.young_person.last_name for one in found] == ["Okonkwo"]
    assert not client.get(page(campaign, "campaign-detail"), {"q": "…"}).context["page"].object_list


def test_the_file_neutralises_formulas_and_is_traced(alice, signed_in, campaign):
    CampaignAnswerFactory(recipient=sent(campaign, last_name="=cmd()", ine="1234567890A"))
    RecipientFactory(campaign=campaign, skip_reason=SkipReason.OBJECTION)
    response = signed_in(alice).post(page(campaign, "campaign-export"))
    lines = streamed(response).splitlines()
    assert lines[0].lstrip("\ufeff").startswith("Nom;Prénom;INE")
    assert lines[1].startswith("'=cmd();")
    assert lines[1].endswith("Demande à être appelé")
    assert "Opposition" in lines[2]
    assert AuditEntry.objects.get(action="campaign.exported").facts == {"rows": 2}


def test_a_manager_s_file_stops_at_their_departments(manager, signed_in, campaign):
    manager.memberships.get().departments.add(DepartmentFactory(code="76"))
    here = sent(campaign, in_rouen=True).young_person
    sent(campaign)
    lines = streamed(signed_in(manager).post(page(campaign, "campaign-export"))).splitlines()
    assert [line.split(";")[0] for line in lines[1:]] == [here.last_name]


def test_answers_wait_for_a_counsellor_and_leave_when_dealt_with(alice, signed_in, campaign):
    answer = CampaignAnswerFactory(recipient=sent(campaign, last_name="Okonkwo"))
    client = signed_in(alice)
    with only_reading():
        assert "Okonkwo" in text_of(client.get(reverse("matching:answer-list")))
        assert "1 réponse aux campagnes à traiter" in text_of(client.get(reverse("matching:today")))
    client.post(reverse("matching:answer-handle", args=[answer.uuid]))
    answer.refresh_from_db()
    assert answer.handled_by == alice
    assert "Personne n’attend" in text_of(client.get(reverse("matching:answer-list")))


def test_whoever_found_is_led_to_the_contract(alice, signed_in, campaign):
    answer = CampaignAnswerFactory(recipient=sent(campaign), kind=CampaignAnswer.Kind.FOUND)
    seen = signed_in(alice).get(reverse("matching:answer-list")).content.decode()
    assert reverse("employers:contract-create", args=[answer.recipient.young_person.uuid]) in seen


def test_answers_of_others_people_are_neither_seen_nor_handled(charlie, limited, signed_in, campaign):
    answer = CampaignAnswerFactory(recipient=sent(campaign, last_name="Okonkwo"))
    for user in (charlie, limited):
        client = signed_in(user)
        assert "Okonkwo" not in text_of(client.get(reverse("matching:answer-list")))
        assert client.post(reverse("matching:answer-handle", args=[answer.uuid])).status_code == 404


def test_links_are_closed_from_the_mail_s_page(alice, signed_in, campaign):
    recipient = sent(campaign)
    client = signed_in(alice)
    args = [campaign.uuid, recipient.young_person.uuid]
    closed = client.post(reverse("matching:recipient-revoke", args=args), follow=True)
    assert "ont été fermés le" in text_of(closed)


@pytest.mark.parametrize("name", ["campaign-results", "campaign-detail"])
def test_pages_cost_the_same_for_2_recipients_and_for_20(alice, signed_in, campaign, name):
    client = signed_in(alice)
    counts = []
    for more in (2, 18):
        for _ in range(more):
            CampaignAnswerFactory(recipient=sent(campaign))
        with CaptureQueriesContext(connection) as captured:
            client.get(page(campaign, name))
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_the_worklist_costs_the_same_for_2_answers_and_for_20(alice, signed_in, campaign):
    client = signed_in(alice)
    counts = []
    for more in (2, 18):
        for _ in range(more):
            CampaignAnswerFactory(recipient=sent(campaign))
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse("matching:answer-list"))
        counts.append(len(captured))
    assert counts[0] == counts[1]
