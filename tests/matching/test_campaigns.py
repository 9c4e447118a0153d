"""Creating, launching, pausing and cancelling; what is frozen and why."""

import uuid
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cells.errors import ForbiddenMoveError, RefusedError
from cells.mailing.message import message_id_for
from cells.models import AuditEntry, MailPurpose, MailStream, Objection, OutgoingMail
from cells.services.objections import record_objection
from employers.models import Offer
from matching.audiences import Audience
from matching.models import Campaign, Recipient, RecipientOffer
from matching.services import campaigns
from matching.services.campaigns import (
    cancel_campaign,
    count_outcomes,
    create_campaign,
    launch_campaign,
    pause_campaign,
    resume_campaign,
)
from matching.services.previews import preview_mail
from matching.services.recipients import is_held_out
from matching.workflow import CampaignState, SkipReason
from tests.employers.factories import ContractFactory
from tests.matching import islands
from tests.matching.factories import MatchRunFactory
from tests.youth.factories import GuardianFactory, WishFactory, YoungPersonFactory
from youth.models import YoungPerson

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def published(monkeypatch):
    """Ids of the campaigns whose sending was asked for."""
    ids = []
    monkeypatch.setattr(campaigns.send_campaign_batch, "delay", ids.append)
    return ids


@pytest.fixture
def run(cell):
    return MatchRunFactory(cell=cell)


@pytest.fixture
def person(run):
    return person_with_offers(run, 2)


def person_with_offers(run, count, **changes):
    return islands.person_with_offers(run.cell, count, **changes)


def draft(run, by, **changes):
    return create_campaign(**{"run": run, "name": "Novembre", "by": by, **changes})


def person_offers(person):
    return Offer.objects.filter(latitude=person.latitude, longitude=person.longitude)


def launch(run, by, **changes):
    return launch_campaign(draft(run, by, **changes), by=by)


def outcome(campaign, person):
    return campaign.recipients.get(young_person=person).skip_reason


def object_to(address):
    record_objection(address=address, purpose=MailPurpose.OFFERS, source=Objection.Source.PAGE)


def test_launch_freezes_one_recipient_with_a_queued_mail_and_its_offers(run, person, alice_viewer):
    campaign = launch(run, alice_viewer)
    recipient = campaign.recipients.get()
    assert (recipient.young_person, recipient.skip_reason, recipient.address_of) == (person, "", "self")
    assert recipient.mail.to_address == person.email
    assert recipient.mail.state == OutgoingMail.State.QUEUED
    assert recipient.mail.content_sha256 == ""
    frozen = recipient.offers.select_related("wish")
    assert [(one.rank, one.spare, one.wish.young_person, one.distance_m) for one in frozen] == [
        (rank, False, person, 0) for rank in (1, 2)
    ]
    assert {(one.reasons["rank"], one.reasons["rome"], one.reasons["via"]) for one in frozen} == {(1, 1, 0)}
    assert campaign.state == CampaignState.LAUNCHED


def test_launching_twice_does_nothing_more(run, person, alice_viewer, published, django_capture_on_commit_callbacks):
    campaign = draft(run, alice_viewer)
    with django_capture_on_commit_callbacks(execute=True):
        first = launch_campaign(campaign, by=alice_viewer)
    asked = list(published)
    with django_capture_on_commit_callbacks(execute=True):
        again = launch_campaign(campaign, by=alice_viewer)
    assert again.launched_at == first.launched_at
    assert asked == published == [campaign.pk] * campaigns.PARALLEL_SENDERS
    assert (Recipient.objects.count(), OutgoingMail.objects.count(), RecipientOffer.objects.count()) == (1, 1, 2)
    assert AuditEntry.objects.filter(action="campaign.launched").count() == 1


def test_a_broker_that_is_down_does_not_undo_a_launch(
    run, person, alice_viewer, monkeypatch, django_capture_on_commit_callbacks
):
    def refuse(campaign_id):
        raise ConnectionError

    monkeypatch.setattr(campaigns.send_campaign_batch, "delay", refuse)
    with django_capture_on_commit_callbacks(execute=True):
        campaign = launch(run, alice_viewer)
    assert Campaign.objects.get(pk=campaign.pk).state == CampaignState.LAUNCHED


def test_no_more_offers_than_asked_are_shown_and_the_next_best_are_kept_in_reserve(run, alice_viewer):
    person = person_with_offers(run, 8)
    campaign = launch(run, alice_viewer, offers_per_mail=2)
    frozen = RecipientOffer.objects.filter(recipient__campaign=campaign, recipient__young_person=person)
    ranks = [(rank, rank > 2) for rank in range(1, 6)]
    assert list(frozen.order_by("rank").values_list("rank", "spare")) == ranks
    assert frozen.values("offer").distinct().count() == 5


def test_an_employer_fills_no_more_of_a_mail_with_its_spare_offers_counted(run, alice_viewer):
    person = person_with_offers(run, 1)
    employer = person_offers(person).get().employer
    for _ in range(4):
        islands.offer_beside(person, employer=employer)
    assert RecipientOffer.objects.filter(recipient__campaign=launch(run, alice_viewer)).count() == 2


def test_people_outside_the_audience_are_not_frozen_at_all(run, person, other_cell, alice_viewer):
    WishFactory(young_person=YoungPersonFactory(cell=other_cell))
    WishFactory(young_person=YoungPersonFactory(cell=run.cell, situation=YoungPerson.Situation.NOT_SEEKING))
    WishFactory(
        young_person=YoungPersonFactory(cell=run.cell), closed_at=timezone.now(), closed_reason="Retiré du fichier"
    )
    YoungPersonFactory(cell=run.cell)
    campaign = launch(run, alice_viewer)
    assert [recipient.young_person for recipient in campaign.recipients.all()] == [person]


def test_a_current_contract_is_the_first_reason(run, alice_viewer):
    person = person_with_offers(run, 1, email="")
    ContractFactory(young_person=person)
    assert outcome(launch(run, alice_viewer), person) == SkipReason.IN_CONTRACT


def test_a_person_without_an_open_offer_gets_no_mail(run, alice_viewer):
    without = person_with_offers(run, 0)
    closed = person_with_offers(run, 1, offer_changes={"expires_at": timezone.now() - timedelta(days=1)})
    campaign = launch(run, alice_viewer)
    assert {outcome(campaign, without), outcome(campaign, closed)} == {SkipReason.NO_OFFER}


def test_a_person_whose_only_offer_goes_to_another_is_told_apart(run, alice_viewer):
    first = person_with_offers(run, 1)
    person_with_offers(run, 0, near=first)
    campaign = launch(run, alice_viewer, exposure_factor=1)
    assert Counter(campaign.recipients.values_list("skip_reason", flat=True)) == {"": 1, SkipReason.CROWDED_OUT: 1}


def test_a_person_nobody_can_write_to_gets_no_mail(run, alice_viewer):
    person = person_with_offers(run, 1, email="")
    GuardianFactory(young_person=person, email="", phone="0612345678")
    assert outcome(launch(run, alice_viewer), person) == SkipReason.NO_ADDRESS


def test_guardians_are_written_to_in_order_when_the_person_has_no_address(run, alice_viewer):
    person = person_with_offers(run, 1, email="")
    GuardianFactory(young_person=person, rank=2, email="second@exemple.fr")
    GuardianFactory(young_person=person, rank=1, email="premier@exemple.fr")
    recipient = launch(run, alice_viewer).recipients.get()
    assert (recipient.address_of, recipient.mail.to_address) == ("guardian", "premier@exemple.fr")


def test_an_address_that_objects_is_passed_over(run, alice_viewer):
    person = person_with_offers(run, 1, email="lea@exemple.fr")
    GuardianFactory(young_person=person, rank=1, email="premier@exemple.fr")
    GuardianFactory(young_person=person, rank=2, email="second@exemple.fr")
    object_to("LEA@exemple.fr")
    object_to("premier@exemple.fr")
    assert launch(run, alice_viewer).recipients.get().mail.to_address == "second@exemple.fr"


def test_a_person_all_of_whose_addresses_object_gets_no_mail(run, alice_viewer):
    person = person_with_offers(run, 1, email="lea@exemple.fr")
    object_to("lea@exemple.fr")
    assert outcome(launch(run, alice_viewer), person) == SkipReason.OBJECTION


def test_siblings_who_share_an_address_stay_two_people(run, alice_viewer):
    for _ in range(2):
        person = person_with_offers(run, 1, email="")
        GuardianFactory(young_person=person, email="famille@exemple.fr")
    campaign = launch(run, alice_viewer)
    assert campaign.stream.mails.filter(to_address="famille@exemple.fr").count() == 2


def test_somebody_another_campaign_wrote_to_lately_is_left_alone(run, person, alice_viewer):
    first = launch(run, alice_viewer)
    assert outcome(launch(run, alice_viewer), person) == SkipReason.ALREADY_CONTACTED
    assert outcome(launch(run, alice_viewer, audience=Audience(not_contacted_days=0)), person) == ""
    Campaign.objects.update(launched_at=timezone.now() - timedelta(days=15))
    assert outcome(launch(run, alice_viewer), person) == ""
    assert outcome(first, person) == ""


def test_a_mail_that_never_left_does_not_count_as_contact(run, person, alice_viewer):
    cancel_campaign(launch(run, alice_viewer), by=alice_viewer)
    assert outcome(launch(run, alice_viewer), person) == ""


def test_the_control_group_is_drawn_the_same_way_every_time_and_near_its_share():
    campaign = uuid.uuid4()
    people = [uuid.UUID(int=number) for number in range(4000)]
    drawn = [is_held_out(campaign, person, 10) for person in people]
    assert drawn == [is_held_out(campaign, person, 10) for person in people]
    assert 300 < sum(drawn) < 500
    assert drawn != [is_held_out(uuid.uuid4(), person, 10) for person in people]
    assert not any(is_held_out(campaign, person, 0) for person in people)


def test_the_control_group_gets_no_mail(run, alice_viewer):
    for _ in range(30):
        person_with_offers(run, 1)
    campaign = launch(run, alice_viewer, hold_out_percent=50)
    for recipient in campaign.recipients.select_related("young_person"):
        held_out = is_held_out(campaign.uuid, recipient.young_person.uuid, 50)
        assert (recipient.skip_reason, recipient.mail is None) == (SkipReason.HELD_OUT if held_out else "", held_out)


def test_the_counts_foreseen_are_those_that_are_frozen(run, person, alice_viewer):
    person_with_offers(run, 1, email="")
    campaign = draft(run, alice_viewer)
    foreseen = count_outcomes(campaign)
    assert foreseen == {"": 1, SkipReason.NO_ADDRESS: 1}
    launched = launch_campaign(campaign, by=alice_viewer)
    assert count_outcomes(launched) == foreseen
    facts = AuditEntry.objects.get(action="campaign.launched").facts
    assert facts == {"mailed": 1, "no_address": 1}


def test_message_ids_are_distinct_and_computed_from_the_mail(run, alice_viewer):
    for _ in range(5):
        person_with_offers(run, 1)
    mails = launch(run, alice_viewer).stream.mails.all()
    assert {mail.message_id for mail in mails} == {message_id_for(mail.uuid) for mail in mails}
    assert len({mail.message_id for mail in mails}) == 5


def test_launching_costs_the_same_number_of_queries_for_2_people_and_for_20(run, alice_viewer):
    counts = []
    for number in (2, 18):
        for _ in range(number):
            person_with_offers(run, 2)
        campaign = draft(run, alice_viewer, audience=Audience(not_contacted_days=0))
        with CaptureQueriesContext(connection) as captured:
            launch_campaign(campaign, by=alice_viewer)
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_another_cell_makes_no_campaign_of_ours(run, charlie_viewer):
    with pytest.raises(RefusedError, match="autre cellule"):
        draft(run, charlie_viewer)


@pytest.mark.parametrize(
    "changes",
    [{"offers_per_mail": 0}, {"offers_per_mail": 9}, {"hold_out_percent": 51}, {"name": " "}, {"exposure_factor": 0}],
)
def test_settings_out_of_bounds_are_refused_in_french(run, alice_viewer, changes):
    with pytest.raises(RefusedError, match="doit"):
        draft(run, alice_viewer, **changes)


def test_pause_and_resume_move_campaign_and_stream_together(
    run, person, alice_viewer, published, django_capture_on_commit_callbacks
):
    campaign = launch(run, alice_viewer)
    assert pause_campaign(campaign, by=alice_viewer).state == CampaignState.PAUSED
    assert MailStream.objects.get().state == MailStream.State.PAUSED
    with django_capture_on_commit_callbacks(execute=True):
        assert resume_campaign(campaign, by=alice_viewer).state == CampaignState.LAUNCHED
    assert MailStream.objects.get().state == MailStream.State.OPEN
    assert published == [campaign.pk] * campaigns.PARALLEL_SENDERS


def test_a_draft_is_not_launched_by_resuming_it(run, alice_viewer):
    with pytest.raises(RefusedError, match="pause"):
        resume_campaign(draft(run, alice_viewer), by=alice_viewer)


def test_cancelling_withdraws_every_mail_that_has_not_left(run, person, alice_viewer):
    campaign = launch(run, alice_viewer)
    cancelled = cancel_campaign(campaign, by=alice_viewer)
    assert cancelled.state == CampaignState.CANCELLED
    assert Counter(OutgoingMail.objects.values_list("state", flat=True)) == {"withdrawn": 1}
    for act in (pause_campaign, cancel_campaign):
        with pytest.raises(ForbiddenMoveError):
            act(campaign, by=alice_viewer)


def test_a_cancelled_draft_is_never_launched(run, person, alice_viewer):
    campaign = cancel_campaign(draft(run, alice_viewer), by=alice_viewer)
    with pytest.raises(ForbiddenMoveError):
        launch_campaign(campaign, by=alice_viewer)
    assert not Recipient.objects.exists()


def test_every_act_leaves_a_trace(run, person, alice_viewer):
    campaign = launch(run, alice_viewer)
    pause_campaign(campaign, by=alice_viewer)
    resume_campaign(campaign, by=alice_viewer)
    cancel_campaign(campaign, by=alice_viewer)
    actions = AuditEntry.objects.filter(target_uuid=campaign.uuid).order_by("pk").values_list("action", "user")
    assert list(actions) == [
        (f"campaign.{act}", alice_viewer.user_id) for act in ("created", "launched", "paused", "resumed", "cancelled")
    ]


def test_a_preview_of_a_draft_shows_the_mail_and_writes_nothing(run, person, alice_viewer):
    content = preview_mail(draft(run, alice_viewer), person)
    assert person.first_name in content.text
    assert (Recipient.objects.count(), OutgoingMail.objects.count()) == (0, 0)


def test_a_preview_says_why_there_is_no_mail(run, alice_viewer):
    person = person_with_offers(run, 1, email="")
    campaign = draft(run, alice_viewer)
    with pytest.raises(RefusedError, match="Aucune adresse"):
        preview_mail(campaign, person)
    with pytest.raises(RefusedError, match="Aucune adresse"):
        preview_mail(launch_campaign(campaign, by=alice_viewer), person)
    campaign.refresh_from_db()
    with pytest.raises(RefusedError, match="aucun vœu ouvert"):
        preview_mail(campaign, person_with_offers(run, 1))


def test_a_preview_of_a_draft_says_why_there_would_be_no_mail(run, alice_viewer):
    signed, contacted, outside = [person_with_offers(run, 1) for _ in range(3)]
    ContractFactory(young_person=signed)
    outside.wishes.update(school_year=2019)
    launch(run, alice_viewer)
    campaign = draft(run, alice_viewer)
    for person, reason in ((signed, "En contrat"), (contacted, "Déjà contacté"), (outside, "aucun vœu ouvert")):
        with pytest.raises(RefusedError, match=reason):
            preview_mail(campaign, person)


def test_a_preview_of_a_draft_says_who_is_held_out(run, person, alice_viewer):
    campaign = draft(run, alice_viewer, hold_out_percent=50)
    while not is_held_out(campaign.uuid, person.uuid, 50):
        campaign = draft(run, alice_viewer, hold_out_percent=50)
    with pytest.raises(RefusedError, match="Groupe témoin"):
        preview_mail(campaign, person)


def test_a_wish_of_a_past_year_makes_nobody_a_recipient(run, person, alice_viewer):
    past = WishFactory(young_person__cell=run.cell, school_year=2019).young_person
    campaign = launch(run, alice_viewer)
    assert [recipient.young_person for recipient in campaign.recipients.all()] == [person] != [past]
