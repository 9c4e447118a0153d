"""A run on its own connections, with others at work meanwhile: nothing here shares its transaction."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections

from cells.errors import RefusedError
from cells.scoping import NOBODY
from employers.models import Offer
from matching import tasks
from matching.models import Match, RunProgress, RunShard
from matching.services import execution, shards
from matching.services.runs import cancel_run, execute_run, request_run
from matching.services.shards import rank_next_shard
from matching.services.snapshots import BESIDE
from matching.workflow import RunState
from tests.matching.computed import cooks_before_kitchens, rows_of, run_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("published")]
STEPS = ["read_inputs", "rank_shards", "allocate", "store_results", "report_on"]


@pytest.fixture
def people(cell):
    return cooks_before_kitchens(cell)


def elsewhere(work):
    """Done by another worker, which has finished when this returns."""

    def closing():
        try:
            return work()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        return pool.submit(closing).result()


def before(monkeypatch, name, work):
    """Another worker does `work` each time the run comes to the step."""
    step = getattr(execution, name)

    def interrupted(*args, **options):
        elsewhere(work)
        return step(*args, **options)

    monkeypatch.setattr(execution, name, interrupted)


def crash():
    raise SystemExit


def assert_nothing_is_left(run, state):
    run.refresh_from_db()
    assert run.state == state
    assert not run.matches.exists() and not run.offers.exists() and not run.people.exists()
    assert not RunShard.objects.exists()


@pytest.mark.parametrize("name", STEPS)
def test_a_run_cancelled_at_any_step_leaves_nothing(cell, people, monkeypatch, name):
    run = request_run(cell=cell, by=NOBODY, parameters={"shard_people": 2})
    before(monkeypatch, name, lambda: cancel_run(run, by=NOBODY))
    execute_run(run.pk)
    assert_nothing_is_left(run, RunState.CANCELLED)


def test_a_run_cancelled_between_two_shards_ranks_no_third(cell, people, monkeypatch):
    run = request_run(cell=cell, by=NOBODY, parameters={"shard_people": 1})
    ranked = []

    def cancel_after_two(*args):
        ranked.append(rank_next_shard(*args))
        if len(ranked) == 2:
            elsewhere(lambda: cancel_run(run, by=NOBODY))
        return ranked[-1]

    monkeypatch.setattr(shards, "rank_next_shard", cancel_after_two)
    execute_run(run.pk)
    assert len(ranked) == 2
    assert_nothing_is_left(run, RunState.CANCELLED)


def test_a_run_being_verified_is_not_cancelled_and_nobody_waits(cell, people, monkeypatch):
    run = request_run(cell=cell, by=NOBODY)
    refused = []

    def try_to_cancel():
        with pytest.raises(RefusedError, match="s’enregistre") as error:
            cancel_run(run, by=NOBODY)
        refused.append(error)

    before(monkeypatch, "certify_run", try_to_cancel)
    execute_run(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.DONE and len(refused) == 1


def test_progress_is_seen_while_the_run_computes(cell, people, monkeypatch):
    run = request_run(cell=cell, by=NOBODY, parameters={"shard_people": 3})
    seen = []

    def look():
        progress = RunProgress.objects.get(run=run)
        seen.append((progress.step, progress.shards_done, progress.shards_total, Match.objects.count()))

    before(monkeypatch, "rank_shards", look)
    before(monkeypatch, "certify_run", look)
    execute_run(run.pk)
    assert seen == [("ranking", 0, 0, 0), ("writing", 2, 2, 0)]
    assert Match.objects.exists() and BESIDE not in connections


def test_what_changes_during_a_run_changes_nothing_in_it(cell, people, monkeypatch):
    reference = rows_of(run_for(cell))
    before(monkeypatch, "rank_shards", lambda: Offer.objects.update(latitude=None, longitude=None, positions=3))
    before(monkeypatch, "store_results", lambda: people[0].wishes.update(rank=9))
    run = run_for(cell, shard_people=2)
    assert run.state == RunState.DONE
    assert rows_of(run) == reference


def erase(person):
    person.wishes.all().delete()
    person.delete()


def test_a_run_under_which_somebody_is_erased_is_done_again_without_them(cell, people, monkeypatch):
    left = people[:1]
    before(monkeypatch, "allocate", lambda: left and erase(left.pop()))
    run = run_for(cell)
    assert (run.state, run.people_count, run.people_with_offer) == (RunState.DONE, 4, 4)
    assert set(run.matches.values_list("young_person", flat=True)) == {person.pk for person in people[1:]}


def test_a_run_under_which_somebody_is_always_erased_gives_up(cell, people, monkeypatch):
    left = list(people)
    before(monkeypatch, "allocate", lambda: erase(left.pop()))
    run = request_run(cell=cell, by=NOBODY)
    execute_run(run.pk)
    assert_nothing_is_left(run, RunState.FAILED)
    assert "effacés pendant le calcul" in run.message and len(left) == 2


def test_an_erasure_waits_for_a_run_that_is_being_written(cell, people, monkeypatch):
    """The rows are held to the end of the transaction, as a foreign key would hold them."""
    outcome = []

    def try_to_erase():
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = 100")
        try:
            erase(people[0])
        except Exception as error:
            outcome.append(type(error).__name__)

    before(monkeypatch, "certify_run", try_to_erase)
    assert run_for(cell).state == RunState.DONE
    assert outcome == ["OperationalError"]


# --- several workers ---------------------------------------------------------------------------------------


def test_other_workers_share_the_shards_and_change_no_byte(cell, people):
    alone = run_for(cell, exposure_factor=2, k=2)
    run = request_run(cell=cell, by=NOBODY, parameters={"exposure_factor": 2, "k": 2, "shard_people": 1})
    workers = []

    def work(run_id):
        tasks.rank_run_shards(run_id)
        connections.close_all()

    def hand_out(run_id):
        workers.append(threading.Thread(target=work, args=[run_id]))
        workers[-1].start()

    execute_run(run.pk, hand_out=hand_out)
    for worker in workers:
        worker.join()
    run.refresh_from_db()
    assert (run.state, len(workers), run.shards_total) == (RunState.DONE, 4, 5)
    assert rows_of(run) == rows_of(alone)
    assert run.fingerprint == alone.fingerprint


def crashed_after_ranking(cell, monkeypatch):
    run = request_run(cell=cell, by=NOBODY, parameters={"shard_people": 2})
    with monkeypatch.context() as patch:
        before(patch, "allocate", crash)
        with pytest.raises(SystemExit):
            execute_run(run.pk)
    assert all(RunShard.objects.values_list("lists", flat=True))
    return run


def ranked_when_resumed(run, monkeypatch):
    """How many shards are ranked."""
    ranked, rank = [], shards._ranked
    monkeypatch.setattr(shards, "_ranked", lambda *args: ranked.append(args) or rank(*args))
    execute_run(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.DONE and not RunShard.objects.exists()
    return len(ranked)


def test_shards_done_before_a_crash_serve_again(cell, people, monkeypatch):
    run = crashed_after_ranking(cell, monkeypatch)
    assert ranked_when_resumed(run, monkeypatch) == 0
    assert rows_of(run) == rows_of(run_for(cell))


def test_shards_of_other_inputs_are_ranked_anew_after_a_crash(cell, people, monkeypatch):
    run = crashed_after_ranking(cell, monkeypatch)
    Offer.objects.first().delete()
    assert ranked_when_resumed(run, monkeypatch) == 3
    assert run.offer_count == 5
    assert rows_of(run) == rows_of(run_for(cell))
