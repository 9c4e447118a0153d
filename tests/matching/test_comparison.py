"""Two runs side by side."""

import pytest

from matching.services.comparison import compare_runs
from tests.conftest import viewer_of
from tests.employers.factories import OfferFactory
from tests.matching.factories import MatchFactory, MatchRunFactory, RunOfferFactory
from tests.youth.factories import WishFactory, YoungPersonFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def runs(cell):
    return MatchRunFactory(cell=cell), MatchRunFactory(cell=cell)


def propose(run, wish, *scores, offers=None):
    for rank, score in enumerate(scores, start=1):
        offer = offers[rank - 1] if offers else OfferFactory()
        MatchFactory(run=run, young_person=wish.young_person, wish=wish, offer=offer, rank=rank, score=score)


@pytest.fixture
def wishes(cell):
    """Five people: more offers, fewer, a better total, served anew, no longer served."""
    people = YoungPersonFactory.create_batch(5, cell=cell, in_rouen=True)
    return [WishFactory(young_person=person) for person in people]


@pytest.fixture
def comparison(runs, wishes):
    before, after = runs
    better = wishes[2]
    same = OfferFactory()
    for run, plan in ((before, [[500], [900, 800], [700], [], [600]]), (after, [[500, 400], [900], [750], [650], []])):
        for wish, scores in zip(wishes, plan, strict=True):
            propose(run, wish, *scores, offers=[same] if wish is better else None)
    return compare_runs(before, after)


def test_who_gains_and_who_loses(comparison, wishes):
    ids = [wish.young_person_id for wish in wishes]
    assert comparison.people[comparison.gaining()].tolist() == [ids[0], ids[2], ids[3]]
    assert comparison.people[comparison.losing()].tolist() == [ids[1], ids[4]]


def test_the_summary_counts_people_pairs_and_points(comparison):
    found = comparison.to_json()
    assert found["people"] == {"gaining": 3, "losing": 2, "unchanged": 0, "newly_served": 1, "no_longer_served": 1}
    assert found["covered"] == {"before": 4, "after": 4, "change": 0}
    assert found["proposals"] == {"before": 5, "after": 5, "change": 0}
    assert found["score"] == {"before": 3500, "after": 3200, "change": -300}
    assert found["pairs"] == {"kept": 1, "gained": 4, "lost": 4}


def test_offers_that_came_and_went(runs):
    before, after = runs
    stays, goes, comes = OfferFactory.create_batch(3)
    for run, offers in ((before, [stays, goes]), (after, [stays, comes])):
        for offer in offers:
            RunOfferFactory(run=run, offer=offer)
    found = compare_runs(before, after)
    assert (found.offers_gained.tolist(), found.offers_lost.tolist()) == ([comes.pk], [goes.pk])
    assert found.to_json()["offers"] == {"gained": 1, "lost": 1}


def test_people_are_named_to_those_who_see_them_greatest_change_first(comparison, wishes, alice_viewer, charlie_viewer):
    changes = comparison.changes(comparison.losing(), alice_viewer)
    assert [change.person for change in changes] == [wishes[1].young_person, wishes[4].young_person]
    first = changes[0]
    assert (first.offers_before, first.offers_after, first.total_before, first.total_after) == (2, 1, 1700, 900)
    assert comparison.changes(comparison.losing(), charlie_viewer) == []


def test_a_counsellor_kept_to_departments_is_told_of_their_people(runs, cell, limited):
    before, after = runs
    away = WishFactory(young_person__cell=cell)
    home = WishFactory(young_person=YoungPersonFactory(cell=cell, in_rouen=True))
    for wish in (away, home):
        propose(after, wish, 500)
    found = compare_runs(before, after)
    assert [change.person for change in found.changes(found.gaining(), viewer_of(limited))] == [home.young_person]


def test_a_run_compared_with_itself_changes_nothing(comparison):
    same = compare_runs(comparison.after, comparison.after).to_json()
    assert same["people"] | {"unchanged": 0} == dict.fromkeys(same["people"], 0)
    assert same["pairs"]["gained"] == same["pairs"]["lost"] == same["score"]["change"] == 0


def test_runs_of_two_cells_are_not_compared(runs, other_cell):
    with pytest.raises(ValueError, match="two cells"):
        compare_runs(runs[0], MatchRunFactory(cell=other_cell))
