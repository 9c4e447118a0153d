"""Carrying out a matching run: read, rank in shards, allocate, write. Safe to call again at any moment."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError, connection
from django.db.models import F
from django.utils import timezone

from matching.engine import OfferIndex, Ranking, Shard, allocate, merge, rank
from matching.engine.arrays import Ints
from matching.inputs import RunInputs, read_inputs
from matching.models import MatchRun
from matching.run_settings import RunSettings
from matching.services.results import RunStoppedError, prune_runs, store_results
from matching.workflow import RunState

logger = logging.getLogger(__name__)

PENDING_PATIENCE = timedelta(minutes=5)
LIFETIME = timedelta(hours=6)
TOO_OLD = "Le calcul n’a pas pu finir dans les six heures qui ont suivi sa demande. Relancez-le."
TOO_LONG = "Le calcul a dépassé la durée permise. Relancez-le ; s’il échoue encore, prévenez l’équipe technique."
BROKEN = "Le calcul a échoué et n’a rien enregistré. Relancez-le ; s’il échoue encore, prévenez l’équipe technique."


def execute_run(run_id: int) -> None:
    """Do nothing when another worker is at it or when the run is over; else carry it out, from the start.

    An error of the run ends it as failed, with its reason in the log. A lost database leaves it running, and
    `stalled_runs` finds it.
    """
    with sole_worker(run_id) as alone:
        run = _claim_run(run_id) if alone else None
        if run is None:
            return
        try:
            _carry_out(run)
        except RunStoppedError:
            logger.info("match run %s was stopped", run_id)
        except (OperationalError, InterfaceError):
            raise
        except SoftTimeLimitExceeded:
            logger.exception("match run %s took too long", run_id)
            _fail_run(run_id, TOO_LONG)
        except Exception:
            logger.exception("match run %s failed", run_id)
            _fail_run(run_id, BROKEN)


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
    if not active.update(state=RunState.RUNNING, started_at=now, shards_total=0, shards_done=0):
        return None
    return MatchRun.objects.select_related("cell").get(pk=run_id)


def _fail_run(run_id: int, message: str) -> None:
    MatchRun.objects.active().filter(pk=run_id).update(
        state=RunState.FAILED, finished_at=timezone.now(), message=message
    )


def _carry_out(run: MatchRun) -> None:
    settings = RunSettings.from_json(run.parameters)
    inputs = read_inputs(run.cell, settings)
    shards = split(len(inputs.people), settings.shard_people)
    _note(
        run,
        fingerprint=inputs.fingerprint(settings),
        people_count=len(inputs.people),
        offer_count=len(inputs.offers),
        shards_total=len(shards),
    )
    ranking = _rank(run, inputs, settings, shards)
    allocation = allocate(ranking, inputs.people, inputs.offers, settings.engine, budget=inputs.budget)
    store_results(run, inputs, ranking, allocation)
    prune_runs(run.cell)


def _rank(run: MatchRun, inputs: RunInputs, settings: RunSettings, shards: list[Ints]) -> Ranking:
    index = OfferIndex.build(inputs.offers, settings.engine.today)
    ranked = []
    for rows in shards:
        ranked.append(rank_shard(inputs, rows, settings, index))
        _note(run, shards_done=F("shards_done") + 1)
    return merge(ranked, inputs.people)


def split(people_count: int, shard_people: int) -> list[Ints]:
    """Rows of the people of each shard; one empty shard when there is nobody."""
    return np.array_split(np.arange(people_count), max(1, -(-people_count // shard_people)))


def rank_shard(inputs: RunInputs, people_rows: Ints, settings: RunSettings, index: OfferIndex) -> Shard:
    place = np.full(len(inputs.people), -1, dtype=np.int64)
    place[people_rows] = np.arange(len(people_rows))
    wish_rows = np.flatnonzero(place[inputs.wishes.person_index] >= 0)
    wishes = inputs.wishes.take(wish_rows)
    wishes.person_index[:] = place[wishes.person_index]
    people = inputs.people.take(people_rows)
    ranking = rank(people, wishes, inputs.offers, settings.engine, index=index)
    return Shard(ranking, people_rows, wish_rows, np.arange(len(inputs.offers)))


def _note(run: MatchRun, **facts: Any) -> None:
    """Save progress. Raises RunStoppedError when the run is not ours to continue."""
    if not MatchRun.objects.filter(pk=run.pk, state=RunState.RUNNING).update(**facts):
        raise RunStoppedError
