"""A large run in parts: people who live together, with every offer they can reach, ranked by any worker anywhere.

The database says which parts are left, so that any number of workers share them, or none: whoever asked for the run
takes its parts too. Lists do not depend on how people are split (matching/README.md).
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from io import BytesIO
from typing import Any

import numpy as np
from django.db import DEFAULT_DB_ALIAS, transaction
from django.db.models import Q
from django.utils import timezone
from kombu.exceptions import OperationalError as BrokerError

from matching.engine import Lists, OfferIndex, Offers, Parameters, People, Ragged, Ranker, Seekers, Wishes
from matching.engine.allocation import list_shape
from matching.engine.arrays import Ints, Table
from matching.engine.geometry import box_spans, has_place
from matching.engine.seekers import radii_m
from matching.inputs import RunInputs
from matching.models import MatchRun, RunShard
from matching.run_settings import RunSettings, threads
from matching.services.progress import Progress
from matching.workflow import ACTIVE_STATES, RunState

LEASE = timedelta(minutes=3)
POLL_SECONDS = 0.2
Arrays = dict[str, Any]
HandOut = Callable[[int], Any]
TABLES: tuple[type[Table], ...] = (People, Wishes, Offers)


def split_people(people: People, most: int) -> list[Ints]:
    """Rows of people by parts of at most `most`, cut again and again across the longer side of where they live."""
    placed = has_place(people.lat, people.lon)
    rows = np.flatnonzero(placed)
    nowhere = np.flatnonzero(~placed)
    parts = list(_halved(people, rows, most))
    parts += np.array_split(nowhere, -(-len(nowhere) // most)) if len(nowhere) else []
    return parts


def _halved(people: People, rows: Ints, most: int) -> Iterator[Ints]:
    if len(rows) <= most:
        if len(rows):
            yield np.sort(rows)
        return
    axis = people.lat if np.ptp(people.lat[rows]) > np.ptp(people.lon[rows]) else people.lon
    rows = rows[np.argsort(axis[rows], kind="stable")]
    middle = len(rows) // 2
    yield from _halved(people, rows[:middle], most)
    yield from _halved(people, rows[middle:], most)


def part_of(inputs: RunInputs, rows: Ints, parameters: Parameters) -> RunInputs:
    """These people, their wishes, and every offer one of them can reach."""
    place = np.full(len(inputs.people), -1, dtype=np.int64)
    place[rows] = np.arange(len(rows))
    wishes = inputs.wishes.take(np.flatnonzero(place[inputs.wishes.person_index] >= 0))
    wishes.person_index[:] = place[wishes.person_index]
    people = inputs.people.take(rows)
    reached = np.flatnonzero(_in_reach(people, wishes, inputs.offers, parameters))
    return RunInputs(people, wishes, inputs.offers.take(reached), inputs.budget[reached])


def _in_reach(people: People, wishes: Wishes, offers: Offers, parameters: Parameters) -> Ints:
    """Remote offers, and those in a box around every circle people look in."""
    lat, lon = np.append(people.lat, wishes.site_lat), np.append(people.lon, wishes.site_lon)
    site_radius = np.full(len(wishes), round(parameters.site_radius_km * 1000))
    radius = np.append(radii_m(people, parameters), site_radius)
    placed = has_place(lat, lon)
    if not placed.any():
        return offers.remote
    lat, lon, radius = lat[placed], lon[placed], radius[placed]
    height, width = box_spans(lat, radius)
    inside = (offers.lat >= (lat - height).min()) & (offers.lat <= (lat + height).max())
    west, east = (lon - width).min(), (lon + width).max()
    if west >= -180 and east <= 180:  # else a circle crosses the date line: the whole band
        inside &= (offers.lon >= west) & (offers.lon <= east)
    return offers.remote | inside


def rank_shards(
    run: MatchRun, inputs: RunInputs, ranker: Ranker, settings: RunSettings, progress: Progress, hand_out: HandOut
) -> Lists:
    """The lists of everybody, from parts ranked here and by the workers that `hand_out` calls."""
    parts = split_people(inputs.people, settings.shard_people)
    _open_shards(run, inputs, parts, settings, progress.using)
    with suppress(BrokerError):  # nobody else comes: all parts are ranked here
        for _ in range(len(parts) - _note(run, parts, progress) - 1):
            hand_out(run.pk)
    while _note(run, parts, progress) < len(parts):
        if not rank_next_shard(run.pk, progress.using):
            time.sleep(POLL_SECONDS)
    return _joined(run, parts, ranker.index.offers.id, progress.using)


def _note(run: MatchRun, parts: Sequence[Ints], progress: Progress) -> int:
    """How many are done."""
    done = RunShard.objects.using(progress.using).filter(run=run.pk, state=RunShard.State.DONE).count()
    progress.note(shards_total=len(parts), shards_done=done)
    return done


def _open_shards(run: MatchRun, inputs: RunInputs, parts: Sequence[Ints], settings: RunSettings, using: str) -> None:
    """Write the parts, except those a worker that died had written from the same inputs."""
    fingerprint = inputs.fingerprint(settings)
    shards = RunShard.objects.using(using).filter(run=run.pk)
    shards.exclude(fingerprint=fingerprint).delete()
    present = set(shards.values_list("number", flat=True))
    for number, rows in enumerate(parts):
        if number not in present:
            packed = pack(part_of(inputs, rows, settings.engine).columns())
            RunShard.objects.using(using).create(run_id=run.pk, number=number, fingerprint=fingerprint, inputs=packed)


def rank_next_shard(run_id: int, using: str = DEFAULT_DB_ALIAS) -> bool:
    """Rank a part that nobody ranks; False when there is none."""
    shard = _take_shard(run_id, using)
    if shard is None:
        return False
    lists = _ranked(unpack(shard.inputs), RunSettings.from_json(shard.run.parameters).engine)
    RunShard.objects.using(using).filter(pk=shard.pk).update(
        lists=pack(lists), state=RunShard.State.DONE, leased_until=None
    )
    return True


def _take_shard(run_id: int, using: str) -> RunShard | None:
    """For the time of a lease: the part of a worker that died is taken again after it."""
    now = timezone.now()
    free = Q(state=RunShard.State.WAITING) | Q(state=RunShard.State.LEASED, leased_until__lt=now)
    shards = RunShard.objects.using(using).filter(free, run=run_id, run__state=RunState.RUNNING)
    with transaction.atomic(using=using):
        waiting = shards.select_related("run").select_for_update(skip_locked=True, of=("self",))
        shard = waiting.order_by("number").first()
        if shard is not None:
            shard.state, shard.leased_until = RunShard.State.LEASED, now + LEASE
            shard.save(using=using, update_fields=["state", "leased_until"])
    return shard


def _ranked(arrays: Arrays, parameters: Parameters) -> Arrays:
    """Lists whose offers are named by id: their rows differ from part to part."""
    part = {kind: _table(kind, arrays) for kind in TABLES}
    index = OfferIndex.build(part[Offers], parameters)
    lists = Ranker(Seekers.sort(part[People], part[Wishes], parameters), index, parameters).lists(
        *list_shape(parameters), threads=threads()
    )
    return {"first": lists.first, "offer": index.offers.id[lists.offer], "score": lists.score}


def _joined(run: MatchRun, parts: Sequence[Ints], offer_ids: Ints, using: str) -> Lists:
    """In the order of people, offers named by their rows among all open ones."""
    shards = RunShard.objects.using(using).filter(run=run.pk).order_by("number").values_list("lists", flat=True)
    found = []
    for sent in shards.iterator(chunk_size=1):
        arrays = unpack(sent or b"")
        offer = np.asarray(np.searchsorted(offer_ids, arrays["offer"]), dtype=np.int32)
        found.append(Lists(arrays["first"], offer, arrays["score"]))
    return Lists.join(found).take(np.argsort(np.concatenate(parts), kind="stable"))


def forget_shards(run_id: int) -> None:
    """Once the run has ended: they hold where people live."""
    RunShard.objects.filter(run=run_id).exclude(run__state__in=ACTIVE_STATES).delete()


def pack(arrays: Arrays) -> bytes:
    file = BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def unpack(sent: bytes | memoryview) -> Arrays:
    with np.load(BytesIO(sent), allow_pickle=False) as arrays:
        return dict(arrays)


def _table(kind: type[Table], arrays: Arrays) -> Any:
    columns: Arrays = {}
    for name in kind.names():
        whole = f"{kind.__name__}.{name}"
        ragged = f"{whole}.offsets" in arrays
        columns[name] = Ragged(arrays[f"{whole}.offsets"], arrays[f"{whole}.values"]) if ragged else arrays[whole]
    return kind(**columns)
