"""How a large run is cut, and who ranks which part."""

from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from kombu.exceptions import OperationalError as BrokerError

from cells.scoping import NOBODY
from matching.engine import NO_DAY, People, Ragged
from matching.inputs import read_inputs
from matching.models import RunShard
from matching.run_settings import RunSettings
from matching.services import shards
from matching.services.runs import execute_run, request_run
from matching.services.shards import pack, part_of, rank_next_shard, split_people, unpack
from matching.workflow import RunState
from tests.employers.factories import OfferFactory
from tests.matching.computed import cooks_before_kitchens
from tests.matching.factories import MatchRunFactory, RunShardFactory
from tests.youth.factories import WishFactory, YoungPersonFactory

PARIS, RENNES = (48.86, 2.35), (48.11, -1.68)


def people_at(places):
    count = len(places)
    lat, lon = (np.array([place[axis] for place in places], dtype=np.float64) for axis in (0, 1))
    return People(
        id=np.arange(count), lat=lat, lon=lon, radius_km=np.full(count, 30), is_minor=np.zeros(count),
        available_from=np.full(count, NO_DAY), excluded_employers=Ragged.of([[]] * count),
    )  # fmt: skip


somewhere = st.tuples(st.floats(-21.4, 51.1), st.floats(-63.2, 55.9))


@given(st.lists(somewhere | st.just((np.nan, np.nan)), max_size=40), st.integers(1, 9))
def test_everybody_is_in_one_part_and_no_part_is_too_large(places, most):
    parts = split_people(people_at(places), most)
    assert sorted(np.concatenate([*parts, []]).tolist()) == list(range(len(places)))
    assert all(0 < len(part) <= most for part in parts)


def test_a_part_holds_neighbours():
    parts = split_people(people_at([PARIS, RENNES, PARIS, RENNES, (np.nan, np.nan)]), 2)
    assert sorted(part.tolist() for part in parts) == [[0, 2], [1, 3], [4]]


@pytest.mark.django_db
def test_a_part_has_the_wishes_of_its_people_and_the_offers_they_can_reach(cell):
    here, there = (YoungPersonFactory(cell=cell, latitude=lat, longitude=lon) for lat, lon in (PARIS, RENNES))
    wishes = [WishFactory(young_person=person) for person in (here, there, there)]
    near, far = (OfferFactory(latitude=lat + 0.2, longitude=lon) for lat, lon in (PARIS, RENNES))
    anywhere = OfferFactory(remote="remote", latitude=RENNES[0], longitude=RENNES[1])
    settings = RunSettings.resolve(timezone.localdate(), {})
    inputs = read_inputs(cell, settings)
    first, second = (part_of(inputs, np.array([row]), settings.engine) for row in (0, 1))
    assert first.offers.id.tolist() == [near.pk, anywhere.pk]
    assert second.offers.id.tolist() == [far.pk, anywhere.pk]
    assert second.wishes.id.tolist() == [wish.pk for wish in wishes[1:]]
    assert second.wishes.person_index.tolist() == [0, 0]


def test_arrays_come_back_as_they_were_sent():
    sent = {"first": np.array([0, 2]), "score": np.array([5, 4], dtype=np.int32)}
    back = unpack(pack(sent))
    assert {name: (one.dtype, one.tolist()) for name, one in back.items()} == {
        name: (one.dtype, one.tolist()) for name, one in sent.items()
    }


# --- leases ------------------------------------------------------------------------------------------------


@pytest.fixture
def ranked(monkeypatch):
    """Numbers of the shards that are ranked."""
    numbers = []
    monkeypatch.setattr(shards, "unpack", lambda sent: int(bytes(sent)))
    monkeypatch.setattr(shards, "_ranked", lambda number, parameters: numbers.append(number) or {})
    return numbers


@pytest.fixture
def run(db):
    return MatchRunFactory(state=RunState.RUNNING, finished_at=None)


def shard(run, number, state=RunShard.State.WAITING, minutes=None):
    until = None if minutes is None else timezone.now() + timedelta(minutes=minutes)
    lists = b"x" if state == RunShard.State.DONE else None
    return RunShardFactory(
        run=run, number=number, state=state, leased_until=until, inputs=str(number).encode(), lists=lists
    )


def test_a_worker_takes_what_is_free_and_what_a_dead_one_held(run, ranked):
    shard(run, 0, RunShard.State.DONE)
    shard(run, 1, RunShard.State.LEASED, minutes=2)
    shard(run, 2, RunShard.State.LEASED, minutes=-1)
    shard(run, 3)
    assert [rank_next_shard(run.pk) for _ in range(3)] == [True, True, False]
    assert ranked == [2, 3]
    assert run.shards.filter(state=RunShard.State.DONE).count() == 3


@pytest.mark.parametrize("state", [RunState.CANCELLED, RunState.FAILED, RunState.DONE])
def test_nobody_works_for_a_run_that_is_over(run, ranked, state):
    shard(run, 0)
    type(run).objects.update(state=state, finished_at=timezone.now())
    assert not rank_next_shard(run.pk)
    assert ranked == []


@pytest.mark.django_db
def test_without_a_broker_the_run_ranks_all_its_shards(cell, published):
    def refuse(run_id):
        raise BrokerError

    cooks_before_kitchens(cell)
    run = request_run(cell=cell, by=NOBODY, parameters={"shard_people": 2})
    execute_run(run.pk, hand_out=refuse)
    run.refresh_from_db()
    assert (run.state, run.shards_done, run.people_with_offer) == (RunState.DONE, 3, 5)


@pytest.mark.django_db
def test_a_small_run_is_not_cut(cell, published):
    cooks_before_kitchens(cell)
    calls = []
    run = request_run(cell=cell, by=NOBODY)
    execute_run(run.pk, hand_out=calls.append)
    run.refresh_from_db()
    assert (run.state, run.shards_total, calls) == (RunState.DONE, 1, [])
