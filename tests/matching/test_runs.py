"""Runs from the request to the last written match, with everything that may stop them on the way."""

import pytest
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cells.errors import ForbiddenMoveError, RefusedError
from cells.models import AuditEntry
from cells.scoping import NOBODY
from employers.models import Offer
from matching import tasks
from matching.models import MatchRun, RunPerson
from matching.services import execution, results, shards
from matching.services.execution import LIFETIME, PENDING_PATIENCE, sole_worker, stalled_runs
from matching.services.runs import cancel_run, execute_run, request_run
from matching.workflow import RunState
from tests.cells.factories import OccupationFactory
from tests.employers.factories import ContractFactory, OfferFactory
from tests.matching.computed import cooks_before_kitchens, rows_of, run_for
from tests.matching.factories import MatchRunFactory
from tests.matching.sent_offers import launched, send
from tests.youth.factories import WishFactory, YoungPersonFactory

pytestmark = pytest.mark.django_db


class RefusedByVerifier(execution.CertificateRefusedError):
    def __init__(self, sentence):
        Exception.__init__(self, sentence)


class Killed(BaseException):
    """The process dies here."""


@pytest.fixture(autouse=True)
def published(monkeypatch):
    """Run ids handed to the broker; workers are called by hand."""
    ids = []
    monkeypatch.setattr(tasks.run_matching, "delay", ids.append)
    return ids


@pytest.fixture
def people(cell):
    return cooks_before_kitchens(cell)


def assert_nothing_is_left(run, state):
    run.refresh_from_db()
    assert run.state == state
    assert not run.matches.exists() and not run.offers.exists() and not run.people.exists()
    assert run.match_count == 0 and run.bound == {}


# --- asking ------------------------------------------------------------------------------------------------


def test_a_request_is_recorded_and_published_when_it_is_committed(
    cell, alice, alice_viewer, published, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        run = request_run(cell=cell, by=alice_viewer, parameters={"k": 4, "exposure_window_days": 7})
        assert published == []
    assert published == [run.pk]
    assert run.state == RunState.PENDING and run.started_by == alice and run.engine_version
    assert run.parameters["engine"]["k"] == 4 and run.parameters["exposure_window_days"] == 7
    entry = AuditEntry.objects.get(action="match_run.requested")
    assert (entry.user, entry.cell, entry.target_uuid) == (alice, cell, run.uuid)


def test_a_broker_that_does_not_answer_loses_no_request(cell, monkeypatch, django_capture_on_commit_callbacks):
    def refuse(run_id):
        raise ConnectionError

    monkeypatch.setattr(tasks.run_matching, "delay", refuse)
    with django_capture_on_commit_callbacks(execute=True):
        run = request_run(cell=cell, by=NOBODY)
    assert stalled_runs(timezone.now() + PENDING_PATIENCE * 2) == [run.pk]


def test_a_second_request_of_the_cell_is_refused_while_the_first_is_active(cell, other_cell):
    first = request_run(cell=cell, by=NOBODY)
    with pytest.raises(RefusedError, match="déjà en cours"):
        request_run(cell=cell, by=NOBODY)
    request_run(cell=other_cell, by=NOBODY)
    execute_run(first.pk)
    request_run(cell=cell, by=NOBODY)
    assert AuditEntry.objects.filter(action="match_run.requested").count() == 3


def test_another_cells_counsellor_cannot_ask(cell, charlie_viewer):
    with pytest.raises(RefusedError, match="autre cellule"):
        request_run(cell=cell, by=charlie_viewer)
    assert not MatchRun.objects.exists()


def test_a_closed_cell_computes_nothing(cell):
    cell.is_active = False
    with pytest.raises(RefusedError, match="plus active"):
        request_run(cell=cell, by=NOBODY)


@pytest.mark.parametrize(
    "wanted",
    [{"colour": 1}, {"today": 1}, {"k": 0}, {"k": "dix"}, {"exposure_factor": -1}, {"weights": {"x": 1}}],
)
def test_settings_that_make_no_sense_are_refused_in_french(cell, wanted):
    with pytest.raises(RefusedError, match="calcul"):
        request_run(cell=cell, by=NOBODY, parameters=wanted)


# --- carrying out ------------------------------------------------------------------------------------------


def test_a_run_writes_matches_with_their_reasons_and_its_counts(cell, people):
    run = run_for(cell, k=3)
    assert (run.state, run.message) == (RunState.DONE, "")
    assert (run.people_count, run.offer_count, run.match_count, run.people_with_offer) == (5, 6, 15, 5)
    assert run.shards_done == run.shards_total == 1
    assert len(run.fingerprint) == 64 and run.started_at and run.finished_at
    match = run.matches.get(young_person=people[0], rank=1)
    assert match.wish.young_person == people[0]
    assert 0 < match.distance_m < 1000 and match.score > 0
    age = (timezone.localdate() - timezone.localdate(match.offer.published_at)).days
    assert match.reasons == {"rank": 1, "rome": 1, "level": 1, "date": 1, "via": 0, "age": age, "variety": 1}


def test_a_run_says_what_became_of_every_person_and_offer(cell, people):
    unresolved = WishFactory(young_person__cell=cell, training=None).young_person
    wishless = YoungPersonFactory(cell=cell)
    run = run_for(cell, exposure_factor=2, k=1)
    status = dict(run.people.values_list("young_person", "status"))
    expected = {person.pk: RunPerson.Status.RANKED for person in people}
    expected |= {unresolved.pk: RunPerson.Status.NO_TRADES, wishless.pk: RunPerson.Status.NO_WISHES}
    assert status == expected
    offers = list(run.offers.values_list("offer", "budget", "exposure"))
    assert {offer: exposure for offer, _, exposure in offers} == {
        offer.pk: run.matches.filter(offer=offer).count() for offer in Offer.objects.all()
    }
    assert {budget for _, budget, _ in offers} == {2}
    assert run.bound["covered"] == run.bound["coverable"] == 5 and run.bound["upper"] >= run.bound["score"]
    assert {"reading", "ranking", "allocating", "storing", "reporting", "certifying"} == set(run.timings)


def test_who_has_candidates_and_gets_nothing_is_told_apart(cell, people):
    Offer.objects.exclude(pk=Offer.objects.first().pk).delete()
    run = run_for(cell, exposure_factor=3)
    crowded = run.people.filter(status=RunPerson.Status.CROWDED_OUT)
    assert run.people_with_offer == 3 and crowded.count() == 2
    assert not run.matches.filter(young_person__in=crowded.values("young_person")).exists()


def test_remote_offers_have_no_distance(cell):
    WishFactory(young_person__cell=cell)
    OfferFactory(remote="remote")
    assert [match.distance_m for match in run_for(cell).matches.all()] == [None]


def test_a_cell_without_anybody_ends_with_nothing(cell):
    run = run_for(cell)
    assert (run.state, run.match_count, run.shards_total) == (RunState.DONE, 0, 1)


def test_people_in_contract_and_other_cells_get_nothing(cell, other_cell, people):
    stranger = YoungPersonFactory(cell=other_cell, in_rouen=True)
    WishFactory(young_person=stranger)
    ContractFactory(young_person=people[0])
    run = run_for(cell)
    found = set(run.matches.values_list("young_person", flat=True))
    assert found == {person.pk for person in people[1:]}
    assert run.people_count == 4


def test_a_wish_that_a_human_resolves_gets_offers_in_the_next_run(cell, people):
    unresolved = WishFactory(young_person=YoungPersonFactory(cell=cell, in_rouen=True), training=None)
    assert run_for(cell).people_with_offer == 5
    unresolved.occupation = OccupationFactory()
    unresolved.save()
    assert run_for(cell).people_with_offer == 6


def test_the_same_rows_give_the_same_matches_whatever_the_shards(cell, people):
    first = run_for(cell, exposure_factor=2, k=2)
    again = run_for(cell, exposure_factor=2, k=2)
    in_shards = run_for(cell, exposure_factor=2, k=2, shard_people=2)
    assert in_shards.shards_total == in_shards.shards_done == 3
    assert rows_of(first) == rows_of(again) == rows_of(in_shards) != []
    assert first.fingerprint == again.fingerprint == in_shards.fingerprint


def test_no_offer_is_shown_more_than_its_budget_all_campaigns_together(cell, other_cell, people):
    offers = list(Offer.objects.all())
    busy = offers[0]
    send(launched(cell), busy, times=2)
    send(launched(other_cell), busy, times=1)
    run = run_for(cell, exposure_factor=4)
    shown = {offer.pk: run.matches.filter(offer=offer).count() for offer in offers}
    assert shown[busy.pk] == 1
    assert max(shown.values()) <= 4 and sum(shown.values()) == 4 * 5 + 1
    assert run.people_with_offer == 5


def test_a_finished_or_unknown_run_is_not_done_again(cell, people):
    run = run_for(cell)
    before = rows_of(run)
    execute_run(run.pk)
    execute_run(run.pk + 1000)
    run.refresh_from_db()
    assert rows_of(run) == before and run.state == RunState.DONE


def test_queries_do_not_grow_with_people(cell):
    def queries():
        run = request_run(cell=cell, by=NOBODY)
        with CaptureQueriesContext(connection) as captured:
            execute_run(run.pk)
        return len(captured)

    def add(count):
        for person in YoungPersonFactory.create_batch(count, cell=cell, in_rouen=True):
            WishFactory(young_person=person)
        OfferFactory.create_batch(count)

    add(2)
    before = queries()
    add(18)
    assert queries() == before


# --- stopping ----------------------------------------------------------------------------------------------


def test_a_cancelled_run_never_starts(cell, people, alice_viewer):
    run = request_run(cell=cell, by=NOBODY)
    cancelled = cancel_run(run, by=alice_viewer)
    execute_run(run.pk)
    run.refresh_from_db()
    assert run.state == cancelled.state == RunState.CANCELLED and run.finished_at
    assert not run.matches.exists()
    assert AuditEntry.objects.filter(action="match_run.cancelled", target_uuid=run.uuid).exists()


def test_a_finished_run_cannot_be_cancelled(cell, alice_viewer):
    with pytest.raises(ForbiddenMoveError):
        cancel_run(run_for(cell), by=alice_viewer)


# --- dying and failing -------------------------------------------------------------------------------------

STEPS = [
    (execution, "read_inputs"),
    (execution, "rank_shards"),
    (shards, "rank_next_shard"),
    (execution, "allocate"),
    (execution, "store_results"),
    (results, "copy_in"),
    (execution, "report_on"),
    (execution, "certify_run"),
]


def interrupt(monkeypatch, module, name, error, *, after):
    step = getattr(module, name)

    def interrupted(*args, **options):
        if after:
            step(*args, **options)
        raise error

    monkeypatch.setattr(module, name, interrupted)


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("module", "name"), STEPS, ids=[name for _, name in STEPS])
@pytest.mark.parametrize("error", [Killed(), OperationalError()], ids=["killed", "database-lost"])
def test_a_worker_that_dies_anywhere_leaves_a_run_that_another_finishes(
    cell, people, monkeypatch, module, name, error, after
):
    reference = rows_of(run_for(cell))
    run = request_run(cell=cell, by=NOBODY, parameters={"shard_people": 3})
    with monkeypatch.context() as patch:
        interrupt(patch, module, name, error, after=after)
        with pytest.raises(type(error)):
            execute_run(run.pk)
    assert_nothing_is_left(run, RunState.RUNNING)
    assert stalled_runs(timezone.now()) == [run.pk]
    execute_run(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.DONE and run.shards_done == run.shards_total == 2
    assert rows_of(run) == reference


@pytest.mark.parametrize(("module", "name"), STEPS, ids=[name for _, name in STEPS])
def test_an_error_fails_the_run_in_french_and_frees_the_cell(cell, people, monkeypatch, caplog, module, name):
    run = request_run(cell=cell, by=NOBODY, parameters={"shard_people": 3})
    with monkeypatch.context() as patch:
        interrupt(patch, module, name, RuntimeError("secret detail"), after=False)
        execute_run(run.pk)
    assert_nothing_is_left(run, RunState.FAILED)
    assert run.finished_at
    assert "Relancez" in run.message and "secret" not in run.message
    assert "secret detail" in caplog.text
    assert run_for(cell).state == RunState.DONE


def test_a_run_its_verifier_refuses_fails_with_the_verifiers_sentence(cell, people, monkeypatch):
    run = request_run(cell=cell, by=NOBODY)

    def refuse(run):
        assert run.matches.exists() and run.bound["score"] > 0
        raise RefusedByVerifier("Une offre est proposée à plus de jeunes que permis.")

    monkeypatch.setattr(execution, "certify_run", refuse)
    execute_run(run.pk)
    assert_nothing_is_left(run, RunState.FAILED)
    assert run.message == "Une offre est proposée à plus de jeunes que permis."


def test_a_run_asked_of_another_engine_fails_rather_than_mix(cell, people):
    run = request_run(cell=cell, by=NOBODY)
    run.parameters["engine"]["engine_version"] = -1
    run.save()
    execute_run(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.FAILED


def test_a_run_that_never_ends_is_given_up(cell, people):
    run = request_run(cell=cell, by=NOBODY)
    MatchRun.objects.update(created_at=timezone.now() - LIFETIME)
    execute_run(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.FAILED and "six heures" in run.message


@pytest.fixture
def elsewhere():
    """A second connection: another worker."""
    other = connection.copy()
    yield other
    other.close()


def take_run(other, run):
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [f"match-run:{run.pk}"])
        return cursor.fetchone()[0]


def test_two_workers_never_share_a_run(cell, people, elsewhere):
    run = request_run(cell=cell, by=NOBODY)
    assert take_run(elsewhere, run)
    execute_run(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.PENDING
    assert stalled_runs(timezone.now() + PENDING_PATIENCE * 2) == []
    with elsewhere.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock_all()")
    execute_run(run.pk)
    run.refresh_from_db()
    assert run.state == RunState.DONE


def test_a_worker_lets_go_of_the_run_even_after_an_error(elsewhere):
    run = MatchRunFactory(state=RunState.PENDING, finished_at=None)
    with pytest.raises(Killed), sole_worker(run.pk):
        assert not take_run(elsewhere, run)
        raise Killed
    assert take_run(elsewhere, run)


def test_the_sweeper_publishes_what_nobody_works_on(cell, other_cell, monkeypatch):
    published = []
    monkeypatch.setattr(tasks.run_matching, "apply_async", lambda args, **options: published.append(args))
    dead = MatchRunFactory(cell=cell, state=RunState.RUNNING, finished_at=None)
    MatchRunFactory(cell=other_cell, state=RunState.PENDING, finished_at=None)
    MatchRunFactory(cell=other_cell)
    tasks.resume_stalled_runs()
    assert published == [(dead.pk,)]
