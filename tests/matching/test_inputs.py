"""From rows to arrays: who is read, what is read about them, and what is left out."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cells.models import OutgoingMail
from employers.models import Offer
from employers.workflow import ContractState
from matching.engine import NO_DAY, decode_rome, encode_rome, level_mask
from matching.inputs import adults_born_by, read_inputs
from matching.run_settings import RunSettings, day_number
from tests.cells.factories import (
    DiplomaLevelFactory,
    OccupationFactory,
    TrainingCentreFactory,
    TrainingFactory,
)
from tests.employers.factories import ContractFactory, EmployerFactory, OfferFactory
from tests.matching.sent_offers import launched, send
from tests.youth.factories import WishFactory, YoungPersonFactory
from youth.models import Wish, YoungPerson

pytestmark = pytest.mark.django_db
PARIS = ZoneInfo("Europe/Paris")


def settings_of(today=None, **wanted):
    return RunSettings.resolve(today or timezone.localdate(), wanted)


def read(cell, **wanted):
    return read_inputs(cell, settings_of(**wanted))


@pytest.fixture
def lea(cell):
    return YoungPersonFactory(cell=cell, in_rouen=True)


def ids(rows):
    return [row.pk for row in rows]


def test_people_are_those_of_the_cell_who_seek(cell, other_cell, lea):
    YoungPersonFactory(cell=other_cell)
    YoungPersonFactory(cell=cell, situation=YoungPerson.Situation.NOT_SEEKING)
    assert read(cell).people.id.tolist() == [lea.pk]


def test_a_current_contract_takes_the_person_out_and_a_break_puts_them_back(cell, lea):
    contract = ContractFactory(young_person=lea)
    assert len(read(cell).people) == 0
    contract.state, contract.broken_on = ContractState.BROKEN, date(2026, 11, 1)
    contract.save()
    people = read(cell).people
    assert people.id.tolist() == [lea.pk]
    assert people.excluded_employers.row(0).tolist() == [contract.employer_id]


def test_places_and_radius_are_read_as_they_are(cell, lea):
    YoungPersonFactory(cell=cell, radius_km=55)
    people = read(cell).people
    assert people.lat[0] == lea.latitude and people.lon[0] == lea.longitude
    assert np.isnan(people.lat[1]) and np.isnan(people.lon[1])
    assert people.radius_km.tolist() == [30, 55]
    assert people.available_from.tolist() == [NO_DAY, NO_DAY]


@pytest.mark.parametrize(
    ("birth_date", "is_minor"),
    [(date(2008, 11, 22), False), (date(2008, 11, 23), True), (date(1999, 1, 1), False)],
)
def test_majority_is_counted_on_the_day_of_the_run(cell, birth_date, is_minor):
    YoungPersonFactory(cell=cell, birth_date=birth_date)
    assert read(cell, today=date(2026, 11, 22)).people.is_minor.tolist() == [is_minor]


def test_majority_agrees_with_the_age_of_the_person_around_leap_days():
    for today in (date(2026, 2, 28), date(2026, 3, 1), date(2028, 2, 29), date(2028, 3, 1)):
        for birth in (date(2008, 2, 28), date(2008, 2, 29), date(2008, 3, 1), date(2010, 2, 28), date(2010, 3, 1)):
            of_age = YoungPerson(birth_date=birth).age_on(today) >= 18
            assert of_age == (birth <= adults_born_by(today))


def test_without_a_birth_date_affelnet_pupils_are_minors_and_others_are_not(cell):
    pupil, leaver, student = YoungPersonFactory.create_batch(3, cell=cell)
    WishFactory(young_person=pupil)
    WishFactory(young_person=leaver, closed_at=timezone.now(), closed_reason="disparu du fichier")
    WishFactory(young_person=student, source=Wish.Source.PARCOURSUP)
    assert read(cell).people.is_minor.tolist() == [True, False, False]


def test_closed_wishes_and_wishes_of_others_are_not_read(cell, other_cell, lea):
    wish = WishFactory(young_person=lea)
    WishFactory(young_person=lea, closed_at=timezone.now(), closed_reason="disparu du fichier")
    WishFactory(young_person__cell=other_cell)
    wishes = read(cell).wishes
    assert wishes.id.tolist() == [wish.pk]
    assert wishes.person_index.tolist() == [0]


def test_wishes_of_past_years_are_not_read(cell, lea):
    WishFactory(young_person=lea, school_year=2019)
    coming = WishFactory(young_person=lea, school_year=timezone.localdate().year + 1)
    current = WishFactory(young_person=lea)
    assert read(cell).wishes.id.tolist() == ids([coming, current])


def test_the_trades_of_a_wish_are_those_of_its_training_and_the_typed_one(cell, lea):
    both = TrainingFactory(occupations=["G1602", "D1104"])
    WishFactory(young_person=lea, training=both, occupation=OccupationFactory(code="G1803"))
    WishFactory(young_person=lea, training=None, occupation=OccupationFactory(code="D1104"))
    WishFactory(young_person=lea, training=both, occupation=OccupationFactory(code="G1602"))
    WishFactory(young_person=lea, training=None)
    rome = read(cell).wishes.rome
    found = [[decode_rome(code) for code in rome.row(row).tolist()] for row in range(4)]
    assert found == [["D1104", "G1602", "G1803"], ["D1104"], ["D1104", "G1602"], []]


def test_the_level_is_the_wishs_own_else_its_trainings_else_unknown(cell, lea):
    bac = DiplomaLevelFactory(level=4)
    WishFactory(young_person=lea, level=bac)
    WishFactory(young_person=lea)
    WishFactory(young_person=lea, training=None)
    assert read(cell).wishes.level.tolist() == [4, 3, 0]


def test_the_site_is_the_wishs_own_else_the_training_centres(cell, lea):
    centre = TrainingCentreFactory(latitude=49.1, longitude=0.3)
    WishFactory(young_person=lea, training=TrainingFactory(centre=centre), site_latitude=48.9, site_longitude=1.5)
    WishFactory(young_person=lea, training=TrainingFactory(centre=centre))
    WishFactory(young_person=lea)
    wishes = read(cell).wishes
    assert wishes.site_lat[:2].tolist() == [48.9, 49.1] and wishes.site_lon[:2].tolist() == [1.5, 0.3]
    assert np.isnan(wishes.site_lat[2]) and np.isnan(wishes.site_lon[2])


def test_parcoursup_wishes_have_no_rank(cell, lea):
    WishFactory(young_person=lea, rank=3)
    WishFactory(young_person=lea, rank=3, source=Wish.Source.PARCOURSUP)
    assert read(cell).wishes.rank.tolist() == [3, 0]


def test_an_offer_is_read_whole(cell, lea):
    offer = OfferFactory(
        occupations=["G1602", "G1603"],
        target_level=DiplomaLevelFactory(level=4),
        starts_on=date(2027, 1, 4),
        positions=3,
        accepts_minors=False,
        published_at=datetime(2026, 11, 1, 23, 30, tzinfo=PARIS),
    )
    offers = read(cell, start_slack_days=10).offers
    assert offers.id.tolist() == [offer.pk]
    assert offers.employer.tolist() == [offer.employer_id]
    assert (offers.lat[0], offers.lon[0]) == (offer.latitude, offer.longitude)
    assert offers.rome.row(0).tolist() == [encode_rome("G1602"), encode_rome("G1603")]
    assert offers.levels.tolist() == [level_mask([4])]
    assert offers.start_from.tolist() == [day_number(date(2027, 1, 4))]
    assert offers.start_to.tolist() == [day_number(date(2027, 1, 14))]
    assert offers.positions.tolist() == [3]
    assert offers.minors_allowed.tolist() == [False] and offers.remote.tolist() == [False]
    assert offers.published.tolist() == [day_number(date(2026, 11, 1))]
    assert offers.expires.tolist() == [day_number(timezone.localdate(offer.expires_at))]


def test_what_an_offer_does_not_say_stays_unsaid(cell, lea):
    OfferFactory(expires_at=None)
    offers = read(cell).offers
    assert offers.levels.tolist() == [0]
    assert offers.start_from.tolist() == offers.start_to.tolist() == offers.expires.tolist() == [NO_DAY]


def test_offers_that_nobody_may_see_are_left_out(cell, lea):
    now = timezone.now()
    OfferFactory(published_at=now - timedelta(days=9), expires_at=now - timedelta(minutes=1))
    OfferFactory(status=Offer.Status.FILLED)
    OfferFactory(employer=EmployerFactory(objects_to_contact=True))
    open_one = OfferFactory()
    assert read(cell).offers.id.tolist() == [open_one.pk]


def test_offers_are_those_around_homes_and_wished_sites_and_the_remote_ones(cell, lea):
    WishFactory(young_person=lea, site_latitude=47.0, site_longitude=2.0)
    near_home = OfferFactory()
    near_site = OfferFactory(latitude=47.01, longitude=2.01)
    OfferFactory(latitude=43.3, longitude=5.4)
    remote = OfferFactory(latitude=43.3, longitude=5.4, remote=Offer.Remote.REMOTE)
    OfferFactory(latitude=43.3, longitude=5.4, remote=Offer.Remote.HYBRID)
    placeless = OfferFactory(latitude=None, longitude=None, remote=Offer.Remote.REMOTE)
    offers = read(cell).offers
    assert offers.id.tolist() == ids([near_home, near_site, remote, placeless])
    assert offers.remote.tolist() == [False, False, True, True]


def test_a_cell_beyond_the_date_line_reads_both_sides_of_it(cell):
    YoungPersonFactory(cell=cell, latitude=-14.3, longitude=179.95)
    offer = OfferFactory(latitude=-14.3, longitude=-179.95)
    assert read(cell).offers.id.tolist() == [offer.pk]


def test_contracts_signed_on_an_offer_take_its_positions(cell, lea):
    offer = OfferFactory(positions=3)
    full = OfferFactory(positions=1)
    ContractFactory(offer=offer)
    ContractFactory(offer=offer, state=ContractState.BROKEN, broken_on=date(2026, 10, 1))
    ContractFactory(offer=full)
    inputs = read(cell)
    assert inputs.offers.id.tolist() == [offer.pk]
    assert inputs.offers.positions.tolist() == [2]
    assert inputs.budget.tolist() == [30]


def test_campaigns_of_every_cell_spend_the_budget_of_an_offer(cell, other_cell, lea):
    offer, fresh = OfferFactory(), OfferFactory(positions=2)
    send(launched(cell), offer, times=2)
    send(launched(other_cell), offer, OutgoingMail.State.QUEUED)
    assert read(cell, exposure_factor=5).budget.tolist() == [2, 10]
    assert read(cell, exposure_factor=5).offers.id.tolist() == ids([offer, fresh])


def test_an_offer_whose_budget_is_spent_is_not_read(cell, lea):
    offer = OfferFactory()
    send(launched(cell), offer, times=3)
    assert read(cell, exposure_factor=3).offers.id.tolist() == []
    assert read(cell, exposure_factor=0.1).offers.id.tolist() == []


def test_mails_that_nobody_got_and_old_campaigns_spend_nothing(cell, lea):
    offer = OfferFactory()
    campaign = launched(cell)
    for state in (OutgoingMail.State.WITHDRAWN, OutgoingMail.State.FAILED, OutgoingMail.State.BOUNCED):
        send(campaign, offer, state)
    send(launched(cell, days_ago=31), offer)
    assert read(cell, exposure_factor=5).budget.tolist() == [5]


def test_an_offer_can_always_be_shown_once(cell, lea):
    OfferFactory()
    assert read(cell, exposure_factor=0.1).budget.tolist() == [1]


def test_the_fingerprint_changes_with_the_inputs_and_the_settings_only(cell, lea):
    WishFactory(young_person=lea)
    OfferFactory()
    settings = settings_of()
    first = read_inputs(cell, settings).fingerprint(settings)
    assert read_inputs(cell, settings).fingerprint(settings) == first
    in_shards = settings_of(shard_people=1)
    assert read_inputs(cell, in_shards).fingerprint(in_shards) == first
    narrow = settings_of(k=3)
    assert read_inputs(cell, narrow).fingerprint(narrow) != first
    lea.radius_km = 31
    lea.save()
    assert read_inputs(cell, settings).fingerprint(settings) != first


def test_an_empty_cell_reads_nothing_but_does_read(cell):
    remote = OfferFactory(remote=Offer.Remote.REMOTE)
    OfferFactory()
    inputs = read(cell)
    assert len(inputs.people) == len(inputs.wishes) == 0
    assert inputs.offers.id.tolist() == [remote.pk]


def test_reading_asks_as_many_queries_for_two_people_as_for_twenty(cell):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            read(cell)
        return len(captured)

    def add(count):
        for person in YoungPersonFactory.create_batch(count, cell=cell, in_rouen=True):
            WishFactory(young_person=person)
            OfferFactory()

    add(2)
    before = queries()
    add(18)
    assert before == queries() > 5
