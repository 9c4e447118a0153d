"""Carrying out a matching run: read, rank, allocate, write, verify. Safe to call again at any moment."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from matching.engine import Allocation, Lists, OfferIndex, Ranker, Seekers, allocate
from matching.engine.allocation import list_shape
from matching.inputs import RunInputs, read_inputs
from matching.models import MatchRun
from matching.run_settings import RunSettings, threads
from matching.services.certification import CertificateRefusedError, certify_run
from matching.services.progress import Progress, RunStoppedError, Step
from matching.services.reporting import report_on
from matching.services.results import store_results
from matching.services.retention import prune_runs
from matching.services.shards import HandOut, forget_shards, rank_shards
from matching.services.snapshots import beside, is_conflict, snapshot
from matching.workflow import RunState

logger = logging.getLogger(__name__)

PENDING_PATIENCE = timedelta(minutes=5)
LIFETIME = timedelta(hours=6)
# Each time somebody erased a person, a wish or an offer while the run was computed.
MOST_ATTEMPTS = 3
TOO_OLD = "Le calcul n’a pas pu finir dans les six heures qui ont suivi sa demande. Relancez-le."
TOO_LONG = "Le calcul a dépassé la durée permise. Relancez-le ; s’il échoue encore, prévenez l’équipe technique."
BROKEN = "Le calcul a échoué et n’a rien enregistré. Relancez-le ; s’il échoue encore, prévenez l’équipe technique."
MOVING = "Des dossiers ont été effacés pendant le calcul, qui n’a rien enregistré. Relancez-le."


def nobody(run_id: int) -> None:
    """Hands a shard out to no other worker."""


def execute_run(run_id: int, hand_out: HandOut = nobody) -> None:
    """Do nothing when another worker is at it or when the run is over; else carry it out, from the start.

    `hand_out` calls another worker to the run's shards. An error of the run ends it as failed, with its reason in the
    log. A lost database leaves it running, and `stalled_runs` finds it.
    """
    with sole_worker(run_id) as alone:
        attempts = MOST_ATTEMPTS if alone else 0
        while attempts and (run := _claim_run(run_id)):
            attempts = attempts - 1 if _attempt(run, hand_out, is_last=attempts == 1) else 0
        forget_shards(run_id)


def _attempt(run: MatchRun, hand_out: HandOut, *, is_last: bool) -> bool:
    """Whether it is to be done again."""
    try:
        _carry_out(run, hand_out)
    except RunStoppedError:
        logger.info("match run %s was stopped", run.pk)
    except CertificateRefusedError as error:
        logger.exception("match run %s was refused by its verifier", run.pk)
        _fail_run(run.pk, str(error))
    except (OperationalError, InterfaceError) as error:
        if not is_conflict(error):
            raise
        return _done_again(run, is_last=is_last)
    except SoftTimeLimitExceeded:
        logger.exception("match run %s took too long", run.pk)
        _fail_run(run.pk, TOO_LONG)
    except Exception:
        logger.exception("match run %s failed", run.pk)
        _fail_run(run.pk, BROKEN)
    return False


def _done_again(run: MatchRun, *, is_last: bool) -> bool:
    logger.info("match run %s: rows changed under it", run.pk)
    if is_last:
        _fail_run(run.pk, MOVING)
    return not is_last


def stalled_runs(now: datetime) -> list[int]:
    """Runs that should be worked on and are not: the worker died, or the broker lost the message."""
    active = MatchRun.objects.active().order_by("pk")
    waiting = active.filter(state=RunState.PENDING, created_at__gt=now - PENDING_PATIENCE)
    return [run_id for run_id in active.exclude(pk__in=waiting).values_list("pk", flat=True) if _is_idle(run_id)]


def _is_idle(run_id: int) -> bool:
    with sole_worker(run_id) as alone:
        return alone


@contextmanager
def sole_worker(run_id: int) -> Iterator[bool]:
    """Whether this connection holds the run. PostgreSQL lets go by itself when the worker dies."""
    key = [f"match-run:{run_id}"]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", key)
        (alone,) = cursor.fetchone()
    try:
        yield alone
    finally:
        if alone:
            with suppress(OperationalError, InterfaceError), connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", key)


def _claim_run(run_id: int) -> MatchRun | None:
    """The run, now running. A run already running has lost its worker, since we hold its lock."""
    now = timezone.now()
    active = MatchRun.objects.active().filter(pk=run_id)
    active.filter(created_at__lt=now - LIFETIME).update(state=RunState.FAILED, finished_at=now, message=TOO_OLD)
    if not active.update(state=RunState.RUNNING, started_at=now):
        return None
    return MatchRun.objects.select_related("cell").get(pk=run_id)


def _fail_run(run_id: int, message: str) -> None:
    MatchRun.objects.active().filter(pk=run_id).update(
        state=RunState.FAILED, finished_at=timezone.now(), message=message
    )


def _carry_out(run: MatchRun, hand_out: HandOut) -> None:
    """In one transaction, to the end of the run: its results and its certificate are seen together, or not at all."""
    with beside() as using:
        progress = Progress(run, using)
        with snapshot():
            settings = RunSettings.from_json(run.parameters)
            with progress.step(Step.READING):
                inputs = read_inputs(run.cell, settings)
                facts = _facts_of(inputs, settings)
            with progress.step(Step.RANKING):
                ranker = _ranker(inputs, settings)
                lists = _rank(run, inputs, ranker, settings, progress, hand_out)
            with progress.step(Step.ALLOCATING):
                allocation = _allocate(ranker, inputs, settings, lists)
            with progress.step(Step.WRITING):
                _finish(run, inputs, ranker, lists, allocation, settings, facts, progress)
    prune_runs(run.cell)


def _facts_of(inputs: RunInputs, settings: RunSettings) -> dict[str, Any]:
    return {
        "fingerprint": inputs.fingerprint(settings),
        "people_count": len(inputs.people),
        "offer_count": len(inputs.offers),
    }


def _ranker(inputs: RunInputs, settings: RunSettings) -> Ranker:
    index = OfferIndex.build(inputs.offers, settings.engine)
    return Ranker(Seekers.sort(inputs.people, inputs.wishes, settings.engine), index, settings.engine)


def _rank(
    run: MatchRun, inputs: RunInputs, ranker: Ranker, settings: RunSettings, progress: Progress, hand_out: HandOut
) -> Lists:
    if len(inputs.people) > settings.shard_people:
        return rank_shards(run, inputs, ranker, settings, progress, hand_out)
    progress.note(shards_total=1)
    lists = ranker.lists(*list_shape(settings.engine), threads=threads())
    progress.note(shards_done=1)
    return lists


def _allocate(ranker: Ranker, inputs: RunInputs, settings: RunSettings, lists: Lists) -> Allocation:
    return allocate(
        ranker,
        inputs.people,
        inputs.offers,
        settings.engine,
        budget=inputs.budget,
        threads=threads(),
        lists=lists,
    )


def _finish(
    run: MatchRun,
    inputs: RunInputs,
    ranker: Ranker,
    lists: Lists,
    allocation: Allocation,
    settings: RunSettings,
    facts: dict[str, Any],
    progress: Progress,
) -> None:
    with progress.timed("storing"):
        facts |= store_results(run, inputs, ranker, allocation, lists.lengths() > 0)
    with progress.timed("reporting"):
        facts["report"] = report_on(inputs, ranker, allocation, settings)
    _save(run, **facts)
    with progress.timed("certifying"):
        certify_run(run)
    progress.check()
    _save(run, state=RunState.DONE, finished_at=timezone.now(), timings=progress.seconds)


def _save(run: MatchRun, **facts: Any) -> None:
    """Fails with a conflict when somebody else has touched the run since the transaction began."""
    for name, value in facts.items():
        setattr(run, name, value)
    if not MatchRun.objects.filter(pk=run.pk, state=RunState.RUNNING).update(**facts):
        raise RunStoppedError
