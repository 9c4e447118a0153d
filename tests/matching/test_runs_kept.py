"""What is kept of runs, and read from them."""

from datetime import timedelta

import pytest
from django.utils import timezone

from matching.models import Match, MatchRun, RunOffer, RunPerson, RunShard
from matching.services.retention import prune_runs
from matching.workflow import RunState
from tests.matching.computed import cooks_before_kitchens, run_for
from tests.matching.factories import (
    CampaignFactory,
    MatchFactory,
    MatchRunFactory,
    RunOfferFactory,
    RunPersonFactory,
    RunShardFactory,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("published")]


@pytest.fixture
def people(cell):
    return cooks_before_kitchens(cell)


def test_the_newest_runs_and_those_of_campaigns_are_kept(cell, other_cell, settings):
    settings.MATCHING_RUNS_KEPT = 2
    campaign = CampaignFactory(run=MatchRunFactory(cell=cell))
    foreign, failed = MatchRunFactory(cell=other_cell), MatchRunFactory(cell=cell, state=RunState.FAILED)
    old = MatchFactory(run=MatchRunFactory(cell=cell)).run
    newest = [run_for(cell) for _ in range(2)]
    kept = set(MatchRun.objects.values_list("pk", flat=True))
    assert kept == {campaign.run_id, foreign.pk, failed.pk, *(run.pk for run in newest)}
    assert not Match.objects.filter(run=old.pk).exists()


def test_a_run_too_old_names_nobody_any_more_even_behind_a_campaign(cell, settings):
    settings.MATCHING_RUN_DAYS = 30
    old, recent = (
        MatchFactory(run__cell=cell, run__finished_at=timezone.now() - timedelta(days=days)).run for days in (31, 29)
    )
    for run in (old, recent):
        CampaignFactory(run=run)
        RunPersonFactory(run=run)
        RunOfferFactory(run=run)
    prune_runs(cell)
    assert [old.matches.count(), old.people.count(), old.offers.count()] == [0, 0, 0]
    assert [recent.matches.count(), recent.people.count(), recent.offers.count()] == [1, 1, 1]


def test_shards_are_forgotten_with_the_end_of_their_run(cell):
    for state in RunState:
        if state != RunState.PENDING:
            RunShardFactory(run=MatchRunFactory(cell=cell, state=state, finished_at=timezone.now()))
    prune_runs(cell)
    assert [shard.run.state for shard in RunShard.objects.all()] == [RunState.RUNNING]


def test_erasing_a_person_an_offer_or_a_wish_erases_what_runs_say_of_them(cell):
    match = MatchFactory(run__cell=cell)
    RunPersonFactory(run=match.run, young_person=match.young_person)
    RunOfferFactory(run=match.run, offer=match.offer)
    match.offer.delete()
    match.wish.delete()
    match.young_person.delete()
    assert not Match.objects.exists() and not RunPerson.objects.exists() and not RunOffer.objects.exists()


def test_the_latest_proposals_are_those_of_the_newest_finished_run_of_the_cell(cell, other_cell, people):
    run_for(cell)
    newest = run_for(cell, k=2)
    MatchFactory(run__cell=other_cell)
    MatchRunFactory(cell=cell, state=RunState.FAILED)
    assert {match.run_id for match in Match.objects.of_latest_run(cell)} == {newest.pk}
    mine = Match.objects.latest_for(people[1])
    assert [(match.young_person, match.rank) for match in mine] == [(people[1], 1), (people[1], 2)]


def test_proposals_whose_offer_closed_since_are_not_still_open(cell, people):
    run = run_for(cell)
    first = run.matches.first()
    first.offer.status = "Filled"
    first.offer.save()
    assert first not in Match.objects.of_latest_run(cell).still_open()
    assert run.matches.still_open().count() == run.match_count - 5


def test_proposals_are_read_with_what_their_wording_needs(cell, people, django_assert_num_queries):
    run_for(cell)
    with django_assert_num_queries(1):
        for match in Match.objects.of_latest_run(cell).worded():
            assert match.offer.employer.name and match.wish.label and not match.offer.target_level
