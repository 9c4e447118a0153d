"""The switch that stops every campaign."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from cells.models import AuditEntry, MailPolicy
from matching.models import Campaign
from matching.services.campaigns import launch_due_campaigns
from matching.workflow import CampaignState
from tests.matching.factories import CampaignFactory
from tests.support.html import text_of

pytestmark = pytest.mark.django_db
URL = "/campagnes/arret/"


def test_a_manager_stops_everything_with_a_reason_and_lets_it_go_on(manager, alice, signed_in):
    client = signed_in(manager)
    assert client.post(URL, {"reason": " "}).status_code == 422
    assert "Tous les envois de campagne sont arrêtés" in text_of(client.post(URL, {"reason": "Erreur"}, follow=True))
    assert MailPolicy.objects.get().campaigns_stopped
    assert "Erreur" in text_of(signed_in(alice).get(reverse("matching:campaign-list")))
    client.post(URL, {"reprendre": "1"})
    assert not MailPolicy.objects.get().campaigns_stopped
    assert AuditEntry.objects.filter(action__startswith="campaigns.", user=manager).count() == 2


def test_a_counsellor_is_told_whom_to_warn(alice, signed_in):
    refused = signed_in(alice).post(URL, {"reason": "x"})
    assert refused.status_code == 403
    assert "Seul un responsable de cellule" in text_of(refused)
    assert not MailPolicy.objects.filter(campaigns_stopped=True).exists()


def test_nothing_scheduled_leaves_while_all_is_stopped(manager, signed_in, cell):
    now = timezone.now()
    CampaignFactory(run__cell=cell, state=CampaignState.SCHEDULED, scheduled_for=now - timedelta(hours=1))
    client = signed_in(manager)
    client.post(URL, {"reason": "Erreur"})
    assert launch_due_campaigns(now) == 0
    client.post(URL, {"reprendre": "1"})
    assert launch_due_campaigns(now) == 1
    assert Campaign.objects.get().is_launched
