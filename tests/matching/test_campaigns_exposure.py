"""Launches side by side: nobody is written to twice, no offer is shown beyond its budget."""

import threading

import pytest
from django.db import connection

from cells.errors import RefusedError
from cells.models import OutgoingMail
from matching.models import RecipientOffer
from matching.services import campaigns
from matching.services.campaigns import count_outcomes, create_campaign, launch_campaign
from matching.services.previews import preview_mail
from matching.services.rehearsal import rehearse
from matching.workflow import SkipReason
from tests.employers.factories import OfferFactory
from tests.matching import islands

WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()"


@pytest.fixture(autouse=True)
def published(monkeypatch):
    monkeypatch.setattr(campaigns.send_campaign_batch, "delay", lambda campaign_id: None)


def person_reaching(cell, *places, **changes):
    """A person who lives between offers made at these places."""
    return islands.person_with_offers(cell, 0, near=places[0], **changes)


def offer_somewhere(**changes):
    return OfferFactory(**islands.next_place(), **changes)


def draft(cell, by, **changes):
    return create_campaign(**{"cell": cell, "name": "Novembre", "exposure_factor": 1, "by": by, **changes})


def launch(cell, by, **changes):
    return launch_campaign(draft(cell, by, **changes), by=by)


def outcomes(campaign):
    return dict(campaign.recipients.values_list("young_person", "skip_reason"))


def shown(campaign):
    frozen = RecipientOffer.objects.filter(recipient__campaign=campaign, spare=False).order_by("rank")
    return list(frozen.values_list("recipient__young_person", "offer", "rank"))


def launch_during(first, first_by, second, second_by, monkeypatch):
    """Launch `second` from elsewhere when `first` has chosen its recipients and committed nothing."""
    freeze = campaigns.freeze_recipients

    def work():
        try:
            launch_campaign(second, by=second_by)
        finally:
            connection.close()

    other = threading.Thread(target=work)

    def freeze_late(campaign, choices):
        if threading.current_thread() is not other:
            other.start()
            wait_until_blocked(other)
        freeze(campaign, choices)

    monkeypatch.setattr(campaigns, "freeze_recipients", freeze_late)
    launch_campaign(first, by=first_by)
    other.join()


def wait_until_blocked(thread):
    """Until the thread waits for a lock of ours, or has done all it had to."""
    while thread.is_alive():
        with connection.cursor() as cursor:
            cursor.execute(WAITING)
            if cursor.fetchone()[0]:
                return
        thread.join(0.02)


@pytest.mark.django_db(transaction=True)
def test_two_campaigns_of_a_cell_launched_together_write_once_to_a_person(cell, alice_viewer, monkeypatch):
    person = person_reaching(cell, offer_somewhere(positions=9))
    first, second = draft(cell, alice_viewer), draft(cell, alice_viewer)
    launch_during(first, alice_viewer, second, alice_viewer, monkeypatch)
    assert OutgoingMail.objects.filter(to_address=person.email).count() == 1
    assert outcomes(second) == {person.pk: SkipReason.ALREADY_CONTACTED}


@pytest.mark.django_db(transaction=True)
def test_two_cells_that_launch_together_share_the_budget_of_an_offer(
    cell, other_cell, alice_viewer, charlie_viewer, monkeypatch
):
    offer = offer_somewhere()
    here, there = person_reaching(cell, offer), person_reaching(other_cell, offer)
    first, second = draft(cell, alice_viewer), draft(other_cell, charlie_viewer)
    launch_during(first, alice_viewer, second, charlie_viewer, monkeypatch)
    assert outcomes(first) == {here.pk: ""}
    assert outcomes(second) == {there.pk: SkipReason.BUDGET}


@pytest.mark.django_db
def test_offers_another_cell_has_spent_leave_their_place(cell, other_cell, alice_viewer, charlie_viewer):
    spent = offer_somewhere()
    person_reaching(other_cell, spent)
    launch(other_cell, charlie_viewer)
    noe = person_reaching(cell, spent)
    campaign = draft(cell, alice_viewer)
    assert count_outcomes(campaign) == {SkipReason.BUDGET: 1}
    with pytest.raises(RefusedError, match="plafonds"):
        preview_mail(campaign, noe)
    free = OfferFactory(latitude=spent.latitude, longitude=spent.longitude)
    assert "Une offre" in preview_mail(campaign, noe).subject
    launch_campaign(campaign, by=alice_viewer)
    assert shown(campaign) == [(noe.pk, free.pk, 1)]


@pytest.mark.django_db
def test_a_scarce_offer_goes_to_whoever_has_no_other(cell, alice_viewer):
    rare = offer_somewhere()
    choosy = person_reaching(cell, rare, radius_km=50)
    stuck = person_reaching(cell, rare, radius_km=1)
    OfferFactory(latitude=rare.latitude + 0.1, longitude=rare.longitude, positions=1)
    campaign = launch(cell, alice_viewer)
    assert outcomes(campaign) == {choosy.pk: "", stuck.pk: ""}
    assert (stuck.pk, rare.pk, 1) in shown(campaign)


@pytest.mark.django_db
def test_people_who_get_no_mail_spend_nothing(cell, alice_viewer):
    offer = offer_somewhere()
    silent, person = person_reaching(cell, offer, email=""), person_reaching(cell, offer)
    assert outcomes(launch(cell, alice_viewer)) == {silent.pk: SkipReason.NO_ADDRESS, person.pk: ""}


@pytest.mark.django_db
def test_spare_offers_spend_nothing(cell, other_cell, alice_viewer, charlie_viewer):
    offer = offer_somewhere()
    OfferFactory(latitude=offer.latitude, longitude=offer.longitude)
    person_reaching(cell, offer)
    launch(cell, alice_viewer, offers_per_mail=1)
    there = person_reaching(other_cell, offer)
    assert outcomes(launch(other_cell, charlie_viewer)) == {there.pk: ""}


@pytest.mark.django_db
def test_the_spread_of_the_offers_is_measured_on_what_could_be_shown(cell, alice_viewer):
    offer = offer_somewhere(title="La plus montrée", positions=2)
    other = OfferFactory(latitude=offer.latitude, longitude=offer.longitude)
    for _ in range(3):
        person_reaching(cell, offer)
    spread = rehearse(draft(cell, alice_viewer, offers_per_mail=1)).spread
    assert (spread.offers, spread.showings, spread.never_shown) == (2, 3, 0)
    assert (spread.busiest_title, spread.busiest_shown, spread.busiest_budget) == ("La plus montrée", 2, 2)
    other.delete()
    assert rehearse(draft(cell, alice_viewer, exposure_factor=200)).spread.gini == 0


@pytest.mark.django_db
def test_nobody_and_nothing_is_measured_too(cell, alice_viewer):
    spread = rehearse(draft(cell, alice_viewer)).spread
    assert (spread.offers, spread.showings, spread.gini) == (0, 0, 0)
