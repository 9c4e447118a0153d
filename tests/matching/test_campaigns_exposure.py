"""Launches side by side: nobody is written to twice, no offer is shown beyond its budget, no old run is used."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from cells.errors import RefusedError
from cells.models import OutgoingMail
from matching.models import RecipientOffer
from matching.run_settings import RunSettings
from matching.services import campaigns
from matching.services.campaigns import count_outcomes, create_campaign, launch_campaign, preview_mail
from matching.workflow import SkipReason
from tests.employers.factories import OfferFactory
from tests.matching.factories import MatchFactory, MatchRunFactory
from tests.youth.factories import WishFactory, YoungPersonFactory

WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()"


@pytest.fixture(autouse=True)
def published(monkeypatch):
    monkeypatch.setattr(campaigns.send_campaign_batch, "delay", lambda campaign_id: None)


def run_of(cell, days_ago=0, **wanted):
    day = timezone.localdate() - timedelta(days=days_ago)
    return MatchRunFactory(cell=cell, parameters=RunSettings.resolve(day, wanted).to_json())


def person_shown(run, *offers):
    person = YoungPersonFactory(cell=run.cell)
    wish = WishFactory(young_person=person)
    for rank, offer in enumerate(offers, start=1):
        MatchFactory(run=run, young_person=person, wish=wish, offer=offer, rank=rank)
    return person


def draft(run, by, **changes):
    return create_campaign(**{"run": run, "name": "Novembre", "by": by, **changes})


def launch(run, by, **changes):
    return launch_campaign(draft(run, by, **changes), by=by)


def outcomes(campaign):
    return dict(campaign.recipients.values_list("young_person", "skip_reason"))


def shown(campaign):
    frozen = RecipientOffer.objects.filter(recipient__campaign=campaign).order_by("rank")
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
    run = run_of(cell)
    person = person_shown(run, OfferFactory())
    first, second = draft(run, alice_viewer), draft(run, alice_viewer)
    launch_during(first, alice_viewer, second, alice_viewer, monkeypatch)
    assert OutgoingMail.objects.filter(to_address=person.email).count() == 1
    assert outcomes(second) == {person.pk: SkipReason.ALREADY_CONTACTED}


@pytest.mark.django_db(transaction=True)
def test_two_cells_that_launch_together_share_the_budget_of_an_offer(
    cell, other_cell, alice_viewer, charlie_viewer, monkeypatch
):
    offer = OfferFactory()
    ours, theirs = run_of(cell, exposure_factor=1), run_of(other_cell, exposure_factor=1)
    here, there = person_shown(ours, offer), person_shown(theirs, offer)
    first, second = draft(ours, alice_viewer), draft(theirs, charlie_viewer)
    launch_during(first, alice_viewer, second, charlie_viewer, monkeypatch)
    assert outcomes(first) == {here.pk: ""}
    assert outcomes(second) == {there.pk: SkipReason.BUDGET}


@pytest.mark.django_db
def test_offers_another_cell_has_spent_since_the_run_leave_their_place(cell, other_cell, alice_viewer, charlie_viewer):
    spent, free = OfferFactory(), OfferFactory()
    ours, theirs = run_of(cell, exposure_factor=1), run_of(other_cell, exposure_factor=1)
    lea, noe = person_shown(ours, spent, free), person_shown(ours, spent)
    person_shown(theirs, spent)
    launch(theirs, charlie_viewer)
    campaign = draft(ours, alice_viewer)
    assert count_outcomes(campaign) == {"": 1, SkipReason.BUDGET: 1}
    assert "Une offre" in preview_mail(campaign, lea).subject
    with pytest.raises(RefusedError, match="plafonds"):
        preview_mail(campaign, noe)
    launch_campaign(campaign, by=alice_viewer)
    assert outcomes(campaign) == {lea.pk: "", noe.pk: SkipReason.BUDGET}
    assert shown(campaign) == [(lea.pk, free.pk, 1)]


@pytest.mark.django_db
def test_what_is_left_of_an_offer_goes_to_first_proposals_first(cell, alice_viewer):
    rare, common = OfferFactory(), OfferFactory(positions=5)
    run = run_of(cell, exposure_factor=1)
    second_choice = person_shown(run, common, rare)
    first_choice, too_late = person_shown(run, rare), person_shown(run, rare)
    campaign = launch(run, alice_viewer)
    assert outcomes(campaign) == {second_choice.pk: "", first_choice.pk: "", too_late.pk: SkipReason.BUDGET}
    assert sorted(shown(campaign)) == sorted([(second_choice.pk, common.pk, 1), (first_choice.pk, rare.pk, 1)])


@pytest.mark.django_db
def test_people_who_get_no_mail_spend_nothing(cell, alice_viewer):
    offer = OfferFactory()
    run = run_of(cell, exposure_factor=1)
    silent, person = person_shown(run, offer), person_shown(run, offer)
    silent.email = ""
    silent.save()
    assert outcomes(launch(run, alice_viewer)) == {silent.pk: SkipReason.NO_ADDRESS, person.pk: ""}


@pytest.mark.django_db
def test_a_run_of_eight_days_ago_gives_no_campaign(cell, alice_viewer):
    assert draft(run_of(cell, days_ago=7), alice_viewer).pk
    with pytest.raises(RefusedError, match="relancez un rapprochement"):
        draft(run_of(cell, days_ago=8), alice_viewer)


@pytest.mark.django_db
def test_a_draft_that_waited_too_long_is_not_launched(cell, alice_viewer, time_machine):
    campaign = draft(run_of(cell), alice_viewer)
    time_machine.move_to(timezone.now() + timedelta(days=8))
    with pytest.raises(RefusedError, match="relancez un rapprochement"):
        launch_campaign(campaign, by=alice_viewer)
    assert not OutgoingMail.objects.exists()


@pytest.mark.django_db
def test_a_run_that_another_has_replaced_gives_no_campaign(cell, other_cell, alice_viewer):
    old = run_of(cell)
    waiting = draft(old, alice_viewer)
    run_of(other_cell)
    assert draft(old, alice_viewer).pk
    run_of(cell)
    with pytest.raises(RefusedError, match="plus récent"):
        draft(old, alice_viewer)
    with pytest.raises(RefusedError, match="plus récent"):
        launch_campaign(waiting, by=alice_viewer)


@pytest.mark.django_db
def test_a_run_of_another_engine_gives_no_campaign_and_its_draft_can_still_be_read(cell, alice_viewer):
    run = run_of(cell)
    person_shown(run, OfferFactory())
    campaign = draft(run, alice_viewer)
    run.parameters["engine"]["engine_version"] = "0"
    run.save()
    assert count_outcomes(campaign) == {"": 1}
    with pytest.raises(RefusedError, match="relancez un rapprochement"):
        draft(run, alice_viewer)
