"""The top offers of each person, with the reasons. Hard filters, score and order: matching/README.md."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np

from matching.engine import scoring
from matching.engine.arrays import NO_DAY, Bools, Ints, Offers, People, Wishes
from matching.engine.codes import LevelKind, Status, Via
from matching.engine.geometry import arc_m, has_place, points, squared_chord, squared_chord_of
from matching.engine.index import OfferIndex
from matching.engine.parameters import Parameters
from matching.engine.probes import Probes, Seekers, probe
from matching.engine.selection import Pairs, best_pairs, capped

BLOCK_PEOPLE = 512
BLOCK_PAIRS = 4_000_000  # looked at together at most, unless one person alone has more


@dataclass(frozen=True, eq=False)
class Ranking:
    """Candidate lists, k × depth_factor long, sorted by person id then from the best offer down.

    Indexes are rows of the caller's arrays. `in_top`: in the person's k, at most per_employer of an employer.
    `status` has one row per person, in the caller's order. `parts` has a column per name in `scoring.PARTS`;
    they add up to the score. `distance_m` is -1 for a remote offer out of reach, `age_days` -1 when unknown.
    """

    person_index: Ints
    offer_index: Ints
    score: Ints
    in_top: Bools
    wish_index: Ints
    rome_kind: Ints
    level_kind: Ints
    date_kind: Ints
    via: Ints
    distance_m: Ints
    age_days: Ints
    parts: Ints
    status: Ints

    def __len__(self) -> int:
        return len(self.score)

    def take(self, rows: Ints | Bools) -> "Ranking":
        columns = {name: getattr(self, name)[rows] for name in PAIR_COLUMNS}
        return Ranking(**columns, status=self.status)

    def top(self) -> "Ranking":
        """Each person's k offers, without the spare candidates meant for the allocation."""
        return self.take(self.in_top)


PAIR_COLUMNS = tuple(field.name for field in fields(Ranking) if field.name != "status")


@dataclass(frozen=True, eq=False)
class Run:
    """What every block of people needs."""

    seekers: Seekers
    index: OfferIndex
    parameters: Parameters
    wish_points: Ints
    fresh: Ints
    excluded: Ints  # sorted, (person, employer) packed


def rank(
    people: People,
    wishes: Wishes,
    offers: Offers,
    parameters: Parameters,
    *,
    index: OfferIndex | None = None,
) -> Ranking:
    """Any subset of people may be ranked against any subset of offers; `index` saves rebuilding it."""
    index = index or OfferIndex.build(offers, parameters.today)
    seekers = Seekers.sort(people, wishes, parameters)
    run = Run(
        seekers, index, parameters,
        scoring.rank_points(seekers.wishes.rank, parameters.weights),
        scoring.fresh_points(scoring.ages(index.offers.published, parameters.today), parameters.weights),
        _excluded(seekers.people, index),
    )  # fmt: skip
    starts = range(0, len(people), BLOCK_PEOPLE)
    blocks = [block for first in starts for block in _ranked(run, first, first + BLOCK_PEOPLE)]
    pairs = Pairs(*map(np.concatenate, zip(_no_pairs(), *blocks, strict=True)))
    return _described(run, pairs)


def _ranked(run: Run, first: int, last: int) -> Iterator[Pairs]:
    """Best pairs of people first … last - 1, halved until a block fits in memory."""
    last = min(last, len(run.seekers.people))
    named = run.seekers.domains_of(first, last)
    probes = probe(run.seekers, named, run.index, run.parameters)
    if probes.size() > BLOCK_PAIRS and last - first > 1:
        middle = (first + last) // 2
        yield from _ranked(run, first, middle)
        yield from _ranked(run, middle, last)
        return
    near = _within_reach(run, probes)
    asked, entry = probes.named[near.range], near.entry
    exact = ((named.low[asked] & run.index.low[entry]) | (named.high[asked] & run.index.high[entry])) != 0
    wish, offer = named.owner[asked], run.index.offer[entry]
    pairs = _scored(run, wish, offer, exact, probes.via[near.range], near.distance_m)
    k, per_employer, spare = run.parameters.k, run.parameters.per_employer, run.parameters.depth_factor
    yield best_pairs(pairs, k * spare, per_employer * spare)


class Near(NamedTuple):
    range: Ints
    entry: Ints
    distance_m: Ints


def _within_reach(run: Run, probes: Probes) -> Near:
    """Entries inside the circle of their probe; remote ones all are, at no distance."""
    ranges, entry = probes.spread()
    limit = squared_chord_of(probes.radius_m)
    centre = points(probes.lat, probes.lon)
    remote = probes.via == Via.REMOTE
    limit[remote] = np.inf
    here = (centre[0][ranges], centre[1][ranges], centre[2][ranges])
    there = (run.index.points[0][entry], run.index.points[1][entry], run.index.points[2][entry])
    squared = squared_chord(here, there)
    close = np.flatnonzero(squared <= limit[ranges])
    ranges, entry = ranges[close], entry[close]
    distance = np.where(remote[ranges], scoring.NO_DISTANCE, arc_m(squared[close]))
    kept = np.flatnonzero((distance <= probes.radius_m[ranges]) | remote[ranges])
    return Near(ranges[kept], entry[kept], distance[kept])


def _scored(run: Run, wish: Ints, offer: Ints, exact: Bools, via: Ints, distance_m: Ints) -> Pairs:
    """Pairs that pass the other filters, with their score."""
    people, wishes, offers = run.seekers.people, run.seekers.wishes, run.index.offers
    person = wishes.person_index[wish]
    passed = scoring.LEVEL_KINDS[wishes.level[wish], offers.levels[offer]] != LevelKind.FAR
    passed &= ~people.is_minor[person] | offers.minors_allowed[offer]
    start_to = offers.start_to[offer]
    passed &= (start_to == NO_DAY) | (start_to >= run.seekers.ready[person])
    employer = run.index.employer_rank[offer]
    if len(run.excluded):
        passed &= ~_holds(run.excluded, (person << 31) | employer)
    pairs = Pairs(person, offer, employer, wish, via, exact, distance_m, distance_m).take(passed)
    return pairs._replace(score=_parts(run, pairs).sum(axis=0))


def _parts(run: Run, pairs: Pairs) -> Ints:
    """One row per part of the score."""
    wishes, offers, weights = run.seekers.wishes, run.index.offers, run.parameters.weights
    level = scoring.LEVEL_KINDS[wishes.level[pairs.wish], offers.levels[pairs.offer]]
    ready, start_from = run.seekers.ready[pairs.person], offers.start_from[pairs.offer]
    date = scoring.date_kinds(ready, start_from, offers.start_to[pairs.offer])
    return np.stack([
        run.wish_points[pairs.wish],
        scoring.rome_points(pairs.exact, weights),
        scoring.level_points(level, weights),
        scoring.distance_points(pairs.distance_m, offers.remote[pairs.offer], weights),
        scoring.date_points(date, ready, start_from, weights),
        run.fresh[pairs.offer],
    ])  # fmt: skip


def _described(run: Run, pairs: Pairs) -> Ranking:
    """Add the reasons and go back to the caller's rows."""
    seekers, offers = run.seekers, run.index.offers
    ready = seekers.ready[pairs.person]
    start_from, start_to = offers.start_from[pairs.offer], offers.start_to[pairs.offer]
    age = scoring.ages(offers.published[pairs.offer], run.parameters.today)
    level = scoring.LEVEL_KINDS[seekers.wishes.level[pairs.wish], offers.levels[pairs.offer]]
    return Ranking(
        person_index=seekers.people_rows[pairs.person],
        offer_index=run.index.rows[pairs.offer],
        score=pairs.score.astype(np.int32),
        in_top=capped(pairs.person, pairs.employer, run.parameters.k, run.parameters.per_employer),
        wish_index=seekers.wish_rows[pairs.wish],
        rome_kind=pairs.exact.astype(np.int8),
        level_kind=level,
        date_kind=scoring.date_kinds(ready, start_from, start_to),
        via=pairs.via.astype(np.int8),
        distance_m=np.where(pairs.via == Via.REMOTE, -1, pairs.distance_m).astype(np.int32),
        age_days=age.astype(np.int32),
        parts=_parts(run, pairs).T.astype(np.int16),
        status=_statuses(run, pairs),
    )


def _statuses(run: Run, pairs: Pairs) -> Ints:
    seekers, count = run.seekers, len(run.seekers.people)
    owner = seekers.wishes.person_index
    sited = has_place(seekers.wishes.site_lat, seekers.wishes.site_lon)
    wishing, naming, placed = np.zeros((3, count), dtype=np.bool_)
    wishing[owner] = True
    naming[owner[seekers.wishes.rome.lengths() > 0]] = True
    placed |= has_place(seekers.people.lat, seekers.people.lon)
    placed[owner[sited]] = True
    ranked = np.bincount(pairs.person, minlength=count) > 0
    cases = [ranked, ~wishing, ~naming, ~placed]
    sorted_statuses = np.select(
        cases, [Status.RANKED, Status.NO_WISHES, Status.NO_TRADES, Status.NO_PLACE], Status.NO_OFFER
    )
    result = np.empty(count, dtype=np.int8)
    result[seekers.people_rows] = sorted_statuses
    return result


def _excluded(people: People, index: OfferIndex) -> Ints:
    """(person, employer) pairs the person is kept away from, packed and sorted."""
    owner, employer = people.excluded_employers.owners(), people.excluded_employers.values
    place = np.searchsorted(index.employer_ids, employer)
    known = np.flatnonzero(place < len(index.employer_ids))
    known = known[index.employer_ids[place[known]] == employer[known]]
    return np.sort((owner[known] << 31) | place[known])


def _holds(sorted_values: Ints, values: Ints) -> Bools:
    place = np.minimum(np.searchsorted(sorted_values, values), len(sorted_values) - 1)
    result: Bools = sorted_values[place] == values
    return result


def _no_pairs() -> Pairs:
    none = np.zeros(0, dtype=np.int64)
    return Pairs(none, none, none, none, none.astype(np.int8), none.astype(np.bool_), none, none)


class Shard(NamedTuple):
    """A ranking of some people against some offers; row i of its inputs is row `…_rows[i]` of the whole."""

    ranking: Ranking
    people_rows: Ints
    wish_rows: Ints
    offer_rows: Ints


def merge(shards: Sequence[Shard], people: People) -> Ranking:
    """The ranking of everybody from shards that each hold different people."""
    status = np.full(len(people), Status.NO_OFFER, dtype=np.int8)
    columns: dict[str, list[Ints]] = {name: [] for name in PAIR_COLUMNS}
    for ranking, people_rows, wish_rows, offer_rows in shards:
        status[people_rows] = ranking.status
        renamed = {"person_index": people_rows, "wish_index": wish_rows, "offer_index": offer_rows}
        for name, chunks in columns.items():
            chunk = getattr(ranking, name)
            chunks.append(renamed[name][chunk] if name in renamed else chunk)
    whole = Ranking(**{name: np.concatenate(chunks) for name, chunks in columns.items()}, status=status)
    return whole.take(np.argsort(people.id[whole.person_index], kind="stable"))
