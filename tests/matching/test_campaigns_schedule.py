"""Campaigns the clock launches, and who is left out for a reason of this campaign's own."""

from datetime import timedelta

import pytest
from django.utils import timezone

from cells.errors import ForbiddenMoveError
from cells.mailing.suppressions import suppress_address
from cells.models import AuditEntry, Suppression
from matching.clock import launch_due_campaigns as beat
from matching.models import Campaign, CampaignAnswer, Recipient
from matching.services import campaigns
from matching.services.answers import record_answer, refuse_offer
from matching.services.campaigns import create_campaign, launch_campaign, launch_due_campaigns, schedule_campaign
from matching.workflow import CampaignState, SkipReason
from tests.matching.islands import offer_beside, person_with_offers
from tests.youth.factories import GuardianFactory

pytestmark = pytest.mark.django_db
SOON = timedelta(hours=1)


@pytest.fixture(autouse=True)
def published(monkeypatch):
    monkeypatch.setattr(campaigns.send_campaign_batch, "delay", lambda campaign_id: None)


def scheduled(cell, by, **settings):
    campaign = create_campaign(cell=cell, name="Janvier", by=by, **settings)
    return schedule_campaign(campaign, at=timezone.now() + SOON, by=by)


def launch(cell, by, **settings):
    return launch_campaign(create_campaign(cell=cell, name="Janvier", by=by, **settings), by=by)


def outcomes(campaign):
    return dict(campaign.recipients.values_list("young_person", "skip_reason"))


def after(delay):
    return launch_due_campaigns(timezone.now() + delay)


def test_the_clock_launches_at_the_hour_and_once(cell, alice_viewer):
    person_with_offers(cell)
    campaign = scheduled(cell, alice_viewer)
    assert [after(delay) for delay in (timedelta(), SOON * 2, SOON * 2)] == [0, 1, 0]
    campaign.refresh_from_db()
    assert campaign.state == CampaignState.LAUNCHED
    assert Recipient.objects.count() == 1
    assert AuditEntry.objects.get(action="campaign.launched").user is None


def test_beat_finds_what_is_due(cell, alice_viewer):
    person_with_offers(cell)
    campaign = scheduled(cell, alice_viewer)
    Campaign.objects.update(scheduled_for=timezone.now())
    beat()
    campaign.refresh_from_db()
    assert campaign.is_launched


def test_two_days_late_it_waits_for_a_person(cell, alice_viewer):
    person_with_offers(cell)
    campaign = scheduled(cell, alice_viewer)
    later = SOON + timedelta(days=2, minutes=1)
    assert after(later) == 0
    assert campaign.is_late(timezone.now() + later)
    assert launch_campaign(campaign, by=alice_viewer).is_launched


def test_what_cannot_leave_says_why_and_the_next_one_leaves(cell, other_cell, alice_viewer, charlie_viewer):
    person_with_offers(cell)
    person_with_offers(other_cell)
    cell.phone = ""
    cell.save()
    blocked, free = scheduled(cell, alice_viewer), scheduled(other_cell, charlie_viewer)
    assert after(SOON * 2) == 1
    blocked.refresh_from_db()
    free.refresh_from_db()
    assert (blocked.state, free.state) == (CampaignState.SCHEDULED, CampaignState.LAUNCHED)
    assert "numéro de téléphone" in blocked.message


def test_a_launched_campaign_is_not_scheduled_again(cell, alice_viewer):
    campaign = launch(cell, alice_viewer)
    with pytest.raises(ForbiddenMoveError):
        schedule_campaign(campaign, at=timezone.now() + SOON, by=alice_viewer)


# --- reasons of one's own -----------------------------------------------------------------------------------


def siblings(cell):
    """The older file shares its parent's address; the younger one owns it."""
    first = person_with_offers(cell, email="")
    GuardianFactory(young_person=first, email="Famille@exemple.fr")
    return first, person_with_offers(cell, email="famille@exemple.fr")


def test_one_mail_per_address_goes_to_its_owner(cell, alice_viewer):
    sharing, owner = siblings(cell)
    assert outcomes(launch(cell, alice_viewer, dedupe="address")) == {
        sharing.pk: SkipReason.SAME_ADDRESS,
        owner.pk: "",
    }


def test_one_mail_per_address_else_goes_to_the_oldest_file(cell, alice_viewer):
    people = [person_with_offers(cell, email="") for _ in range(3)]
    for person in people:
        GuardianFactory(young_person=person, email="famille@exemple.fr")
    kept = outcomes(launch(cell, alice_viewer, dedupe="address"))
    assert [kept[person.pk] for person in people] == ["", SkipReason.SAME_ADDRESS, SkipReason.SAME_ADDRESS]


def test_by_default_each_person_has_their_mail(cell, alice_viewer):
    siblings(cell)
    assert set(outcomes(launch(cell, alice_viewer)).values()) == {""}


def test_whoever_says_they_found_is_left_alone_until_a_counsellor_has_called(cell, alice_viewer):
    person = person_with_offers(cell)
    first = launch(cell, alice_viewer)
    record_answer(first.recipients.get(), kind=CampaignAnswer.Kind.FOUND)
    Campaign.objects.update(launched_at=timezone.now() - timedelta(days=60))
    assert outcomes(launch(cell, alice_viewer)) == {person.pk: SkipReason.SAYS_FOUND}
    CampaignAnswer.objects.update(handled_at=timezone.now())
    assert outcomes(launch(cell, alice_viewer)) == {person.pk: ""}


def test_a_refused_offer_is_never_shown_again_and_others_take_its_place(cell, alice_viewer):
    person = person_with_offers(cell, 0)
    refused, other = offer_beside(person), offer_beside(person)
    refuse_offer(person, refused, "too_far")
    campaign = launch(cell, alice_viewer, offers_per_mail=1)
    assert list(campaign.recipients.get().offers.values_list("offer", flat=True)) == [other.pk]


def test_an_offer_refused_by_one_is_still_shown_to_the_other(cell, alice_viewer):
    person = person_with_offers(cell, 0)
    neighbour = person_with_offers(cell, 0, near=person)
    offer = offer_beside(person)
    refuse_offer(person, offer, "dates")
    assert outcomes(launch(cell, alice_viewer)) == {person.pk: SkipReason.NO_OFFER, neighbour.pk: ""}


def test_refusals_make_room_below_in_a_long_list(cell, alice_viewer):
    person = person_with_offers(cell, 0)
    offers = [offer_beside(person) for _ in range(40)]
    for offer in offers[:35]:
        refuse_offer(person, offer, "other")
    campaign = launch(cell, alice_viewer, offers_per_mail=3)
    shown = set(campaign.recipients.get().offers.values_list("offer", flat=True))
    assert shown == {offer.pk for offer in offers[35:]}


def test_an_address_that_no_longer_receives_is_told_apart_from_an_objection(cell, alice_viewer):
    dead, saved = person_with_offers(cell), person_with_offers(cell)
    GuardianFactory(young_person=saved, email="parent@exemple.fr")
    for person in (dead, saved):
        suppress_address(person.email, Suppression.Reason.DEAD)
    campaign = launch(cell, alice_viewer)
    assert outcomes(campaign) == {dead.pk: SkipReason.DEAD_ADDRESS, saved.pk: ""}
    assert campaign.stream.mails.get().to_address == "parent@exemple.fr"
