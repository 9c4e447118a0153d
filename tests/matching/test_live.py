"""Proposals of the moment: for a person who has just arrived, for an offer that has just been published."""

import threading
import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cells.scoping import NOBODY
from matching.models import Match, MatchRun, OfferRefusal
from matching.models.answers import RefusalReason
from matching.services.live import is_new_since, live_top, people_for_offer
from matching.services.live_offers import Keeper
from matching.wording import word_reasons
from tests.cells.factories import OccupationFactory
from tests.conftest import viewer_of
from tests.employers.factories import ContractFactory, OfferFactory
from tests.matching.computed import run_for
from tests.matching.factories import MatchRunFactory
from tests.matching.sent_offers import launched, send
from tests.youth.factories import WishFactory, YoungPersonFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("published")]


@pytest.fixture
def lea(cell):
    person = YoungPersonFactory(cell=cell, in_rouen=True)
    WishFactory(young_person=person)
    return person


def facts(matches):
    return [(one.offer_id, one.wish_id, one.rank, one.score, one.distance_m, one.reasons) for one in matches]


def offers_of(person, k=None):
    return [match.offer for match in live_top(person, k).matches]


# --- a person's offers -------------------------------------------------------------------------------------


def test_a_newcomer_has_what_a_run_would_propose_to_them_alone(cell, lea):
    OfferFactory.create_batch(4)
    OfferFactory(remote="remote", latitude=None, longitude=None)
    live = live_top(lea)
    assert facts(live.matches) == facts(run_for(cell).matches.order_by("rank")) != []
    assert word_reasons(live.matches[0]) and not Match.objects.filter(run=None).exists()


def test_only_so_many_are_given(lea):
    OfferFactory.create_batch(4)
    assert len(offers_of(lea, k=3)) == 3


def test_an_offer_is_proposed_as_soon_as_it_is_published_and_no_longer_than_it_is_open(lea):
    assert offers_of(lea) == []
    offer = OfferFactory()
    assert offers_of(lea) == [offer]
    offer.status = "Filled"
    offer.save()
    assert offers_of(lea) == []


def test_an_offer_whose_budget_is_spent_is_not_proposed(cell, lea, alice_viewer):
    spent, left = OfferFactory.create_batch(2)
    send(launched(cell), spent, times=15)
    send(launched(cell), left, times=14)
    assert offers_of(lea) == [left]
    assert people_for_offer(spent, alice_viewer).is_spent
    assert not people_for_offer(left, alice_viewer).is_spent


def test_an_offer_whose_positions_are_signed_is_not_proposed(lea):
    offer = OfferFactory(positions=1)
    assert offers_of(lea) == [offer]
    ContractFactory(offer=offer)
    assert offers_of(lea) == []


def test_a_refused_offer_is_not_proposed_again(lea, alice_viewer):
    refused, other = OfferFactory.create_batch(2)
    OfferRefusal.objects.create(young_person=lea, offer=refused, reason=RefusalReason.TOO_FAR)
    assert offers_of(lea) == [other]
    assert people_for_offer(refused, alice_viewer).matches == []


def test_queries_do_not_grow_with_offers(lea):
    def queries():
        live_top(lea)
        with CaptureQueriesContext(connection) as captured:
            live_top(lea)
        return len(captured)

    OfferFactory()
    before = queries()
    OfferFactory.create_batch(8)
    assert queries() == before


def test_a_file_that_changed_since_the_run_is_told_apart(lea):
    assert is_new_since(lea, None)
    run = MatchRunFactory(cell=lea.cell, started_at=timezone.now())
    assert not is_new_since(lea, run)
    lea.wishes.get().save()
    assert is_new_since(lea, run)


# --- an offer's people -------------------------------------------------------------------------------------


def people_of(offer, viewer, k=20):
    return [match.young_person for match in people_for_offer(offer, viewer, k).matches]


def test_the_people_of_an_offer_come_best_wish_first_then_nearest(cell, alice_viewer):
    offer = OfferFactory()
    far, near, second = (YoungPersonFactory(cell=cell, in_rouen=True) for _ in range(3))
    far.latitude += 0.1
    far.save()
    for person, rank in ((far, 1), (near, 1), (second, 3)):
        WishFactory(young_person=person, rank=rank)
    found = people_for_offer(offer, alice_viewer).matches
    assert [match.young_person for match in found] == [near, far, second]
    assert [match.rank for match in found] == [1, 2, 3]
    assert found[0].score > found[1].score > found[2].score
    assert people_of(offer, alice_viewer, k=1) == [near]


def test_scores_of_people_are_those_of_a_run_less_variety(cell, lea, alice_viewer):
    offer = OfferFactory()
    (match,) = run_for(cell).matches.all()
    (live,) = people_for_offer(offer, alice_viewer).matches
    assert match.score - live.score == 200 and live.distance_m == match.distance_m


def test_people_are_those_the_viewer_sees(cell, other_cell, lea, alice_viewer, charlie_viewer, limited):
    offer = OfferFactory()
    WishFactory(young_person__cell=cell)  # lives nowhere known
    elsewhere = YoungPersonFactory(cell=cell, latitude=lea.latitude, longitude=lea.longitude)
    WishFactory(young_person=elsewhere)
    assert people_of(offer, alice_viewer) == [lea, elsewhere]
    assert people_of(offer, viewer_of(limited)) == [lea]
    assert people_of(offer, charlie_viewer) == people_of(offer, NOBODY) == []


@pytest.mark.parametrize("reason", ["contract", "situation", "trade", "closed wish"])
def test_who_does_not_seek_that_trade_is_left_out(cell, lea, alice_viewer, reason):
    offer = OfferFactory()
    assert people_of(offer, alice_viewer) == [lea]
    if reason == "contract":
        ContractFactory(young_person=lea)
    elif reason == "situation":
        type(lea).objects.update(situation="not_seeking")
    elif reason == "trade":
        lea.wishes.update(training=None, occupation=OccupationFactory(code="K1304"))
    else:
        lea.wishes.update(closed_at=timezone.now(), closed_reason="x")
    assert people_of(offer, alice_viewer) == []


def test_a_closed_offer_has_no_people(lea, alice_viewer):
    offer = OfferFactory(status="Filled")
    found = people_for_offer(offer, alice_viewer)
    assert found.matches == [] and not found.is_spent


def test_queries_do_not_grow_with_people(cell, alice_viewer):
    offer = OfferFactory()

    def queries():
        with CaptureQueriesContext(connection) as captured:
            people_for_offer(offer, alice_viewer)
        return len(captured)

    def add(count):
        for person in YoungPersonFactory.create_batch(count, cell=cell, in_rouen=True):
            WishFactory(young_person=person)

    add(2)
    before = queries()
    add(18)
    assert queries() == before


# --- what a process keeps ----------------------------------------------------------------------------------


def test_nobody_waits_for_news_of_what_is_known(settings):
    settings.MATCHING_LIVE_SECONDS = 60
    reading, may_finish = threading.Event(), threading.Event()
    answers = iter(["old", "new"])

    def read(known):
        if known is not None:
            reading.set()
            may_finish.wait(5)
        return next(answers)

    keeper = Keeper(read)
    assert keeper.get() == keeper.get() == "old"
    keeper.looked = time.monotonic() - 61
    assert keeper.get() == "old"
    assert reading.wait(5)
    assert keeper.get() == "old"  # somebody is looking already
    may_finish.set()
    with keeper.looking:
        assert keeper.get() == "new"


def test_a_look_that_fails_leaves_what_was_known(settings):
    settings.MATCHING_LIVE_SECONDS = 60

    def read(known):
        if known:
            raise ConnectionError
        return "old"

    keeper = Keeper(read)
    keeper.get()
    with pytest.raises(ConnectionError):
        keeper._look()
    assert keeper.get() == "old"


def test_a_run_is_never_needed(lea):
    OfferFactory()
    assert offers_of(lea) and not MatchRun.objects.exists()
