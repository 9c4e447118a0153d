"""The top offers of each person, with the reasons. Hard filters, score and order: matching/README.md."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields
from functools import cached_property, partial
from typing import NamedTuple

import numpy as np

from matching.engine import scoring
from matching.engine.arrays import Bools, Ints, Offers, People, Wishes
from matching.engine.audience import PeopleIndex, Reached
from matching.engine.codes import Status, Via
from matching.engine.geometry import has_place
from matching.engine.grid import build_grid
from matching.engine.index import OfferIndex, known_ranks
from matching.engine.kernel import BLOCK, UNKNOWN, Problem, Scratch, rank_people
from matching.engine.lists import Lists, firsts
from matching.engine.parameters import PRICE_SCALE, Parameters
from matching.engine.records import Records
from matching.engine.seekers import Seekers
from matching.engine.shelf import SHELF
from matching.engine.ways import Meeting, Ways, best_ways

WHOLE = 1 << 10  # first guess at the number of candidates of one person
RANGES_PER_THREAD = 8  # so that no thread waits long for the last one


@dataclass(frozen=True, eq=False)
class Ranking:
    """Pairs with their reasons, sorted by person id then from the best offer down.

    Indexes are rows of the caller's arrays. `in_top`: in the person's k, at most per_employer of an employer.
    `status` has one row per person, in the caller's order. `parts` has a column per name in `scoring.PARTS`;
    they add up to the score. `distance_m` is -1 for a remote offer out of reach, `age_days` -1 when unknown.
    `variety`: the best offer of a trade domain of the person.
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
    variety: Bools
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
        """Each person's k offers, without the spare candidates."""
        return self.take(self.in_top)


PAIR_COLUMNS = tuple(one.name for one in fields(Ranking) if one.name != "status")


@dataclass(eq=False)
class Ranker:
    """Some people before some offers. People and offers are named by their rows here, their ranks by id.

    Building one costs little beside the index, which may be shared. The groups' best offers are found the first
    time lists of a person are asked and kept: later lists, with prices, are faster.
    """

    seekers: Seekers
    index: OfferIndex
    parameters: Parameters
    problem: Problem = field(init=False)

    def __post_init__(self) -> None:
        self.problem = _bind(self.seekers, self.index, self.parameters)

    def lists(
        self,
        depth: int,
        per_employer: int,
        *,
        people: Ints | None = None,
        prices: Ints | None = None,
        threads: int = 1,
    ) -> Lists:
        """The first `depth` offers of each of these people (all by default), in their order.

        With prices (by offer, points × PRICE_SCALE, from 0 up), the first by score less price (then distance, then id);
        `score` stays the score.
        """
        people = np.arange(len(self.seekers)) if people is None else np.asarray(people, dtype=np.int64)
        out = np.empty((len(people), 1 + 2 * depth), dtype=np.int32)
        problem = self.problem
        known = self._best_known(people)
        if prices is not None:
            problem = _priced(problem, np.asarray(prices, dtype=np.int64))
            self._find_best(people[~known], threads)
            known[:] = True
        for rows, is_known in ((np.flatnonzero(~known), False), (np.flatnonzero(known), True)):
            rows = rows[np.argsort(self._neighbourhood[people[rows]], kind="stable")]
            _in_threads(partial(_rank_rows, problem, people, is_known, depth, per_employer, out), rows, threads)
        return _compact(out, depth)

    def everything(self, people: Ints) -> Lists:
        """Every candidate of these people, best first."""
        people = np.asarray(people, dtype=np.int64)
        depth = min(WHOLE, max(len(self.index), 1))
        lists = self.lists(depth, depth, people=people)
        cut = np.flatnonzero(lists.lengths() == depth)
        while len(cut) and depth < len(self.index):
            depth = min(8 * depth, len(self.index))
            lists = _replaced(lists, cut, self.lists(depth, depth, people=people[cut]))
            cut = cut[lists.lengths()[cut] == depth]
        return lists

    def describe(self, person: Ints, offer: Ints) -> Ranking:
        """The reasons of these candidates, sorted by person then from the best down."""
        ways = best_ways(self.problem.meeting, person, offer)
        return _described(self, person, offer, ways, self._is_best(person, offer))

    def people_for(self, offers: Offers, row: int, k: int) -> Reached:
        """The k people best suited to offers[row], which need not be in the index."""
        return self._people_index.people_for(offers, row, k, self.parameters)

    def status_of(self, has_candidate: Bools) -> Ints:
        """Of each person, in the caller's order (see Status)."""
        result = np.empty(len(self.seekers), dtype=np.int8)
        result[self.seekers.people_rows] = _statuses(self.seekers, has_candidate)
        return result

    def _best_known(self, people: Ints) -> Bools:
        """Whoever asks nothing has nothing to find."""
        first, counts = self._groups_of(people)
        asks = counts > 0
        known = ~asks
        known[asks] = self.problem.best[first[asks]] != UNKNOWN
        return known

    def _groups_of(self, people: Ints) -> tuple[Ints, Ints]:
        """The first domain each of these people asks, and how many."""
        first = self.seekers.table["first_group"][people]
        return first, self.seekers.table["end_group"][people] - first

    def _find_best(self, unknown: Ints, threads: int) -> None:
        if len(unknown):
            self.lists(1, 1, people=unknown, threads=threads)

    def _is_best(self, person: Ints, offer: Ints) -> Bools:
        self._find_best(np.unique(person[~self._best_known(person)]), threads=1)
        first, counts = self._groups_of(person)
        found = np.zeros(len(person), dtype=np.bool_)
        for step in range(int(counts.max(initial=0))):
            rows = np.flatnonzero(counts > step)
            found[rows] |= self.problem.best[first[rows] + step] == offer[rows]
        return found

    @cached_property
    def _people_index(self) -> PeopleIndex:
        return PeopleIndex.build(self.seekers)

    @cached_property
    def _neighbourhood(self) -> Ints:
        """People of one cell of the grid read the same offers: they go one after the other."""
        lat, lon = self.seekers.people.lat, self.seekers.people.lon
        placed = np.flatnonzero(has_place(lat, lon))
        cells = np.full(len(self.seekers), -1, dtype=np.int64)
        if len(placed):
            cells[placed] = build_grid(lat[placed], lon[placed], 1).cells_of(lat[placed], lon[placed])
        return cells


def _rank_rows(problem: Problem, people: Ints, known: bool, depth: int, cap: int, out: Ints, rows: Ints) -> None:
    ranges = np.empty((2, 2 * len(problem.parallels), 3), np.int64)
    champions = np.empty((_most_groups(problem.meeting.people), 2), np.int64)
    scratch = Scratch(np.empty(depth + 1, SHELF), ranges[0], ranges[1], champions, np.empty(BLOCK, np.float32))
    rank_people(problem, scratch, people[rows], known, depth, cap, rows, out)


def _most_groups(people: Records) -> int:
    return int((people["end_group"] - people["first_group"]).max(initial=0))


def _in_threads(work: partial[None], rows: Ints, threads: int) -> None:
    if len(rows) == 0:
        return
    if threads == 1:
        work(rows)
        return
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, np.array_split(rows, threads * RANGES_PER_THREAD)))


def _compact(out: Ints, depth: int) -> Lists:
    filled = np.arange(depth) < out[:, :1]
    return Lists(firsts(out[:, 0]), out[:, 1 : depth + 1][filled], out[:, depth + 1 :][filled])


def _replaced(lists: Lists, people: Ints, longer: Lists) -> Lists:
    """`longer` holds the lists of `people`, in their order; the others keep theirs."""
    place = np.arange(lists.people)
    place[people] = lists.people + np.arange(len(people))
    return Lists.join([lists, longer]).take(place)


def _bind(seekers: Seekers, index: OfferIndex, parameters: Parameters) -> Problem:
    layers, weights = index.layers, parameters.weights
    groups, people = seekers.groups.copy(), seekers.table.copy()
    groups["slot"] = index.slots(groups["domain"])
    excluded = _excluded(seekers, index, people)
    meeting = Meeting(
        people, groups, seekers.asked, index.table, index.named,
        scoring.rules_record(parameters), scoring.level_table(weights), scoring.wait_table(weights),
    )  # fmt: skip
    return Problem(
        meeting, layers.entries, layers.screen, layers.codes, layers.levels, layers.grid.parallels,
        layers.grid.height, layers.start, layers.grid.cells, layers.remote, excluded,
        price=np.zeros(0, dtype=np.int64), best=np.full(len(groups), UNKNOWN, dtype=np.int64),
    )  # fmt: skip


def _priced(problem: Problem, price: Ints) -> Problem:
    screen = problem.screen.copy()
    screen[3] -= price[problem.entries["offer"]] / PRICE_SCALE
    return problem._replace(price=price, screen=screen)


def _excluded(seekers: Seekers, index: OfferIndex, people: Records) -> Ints:
    """Employers and offers kept away from people, who are told where theirs are: ranks, those of offers as ~rank."""
    employers, offers = seekers.people.excluded_employers, seekers.people.excluded_offers
    with_employer, employer = known_ranks(index.employer_ids, employers.values)
    with_offer, offer = known_ranks(index.offers.id, offers.values)
    owner = np.concatenate([employers.owners()[with_employer], offers.owners()[with_offer]])
    bounds = firsts(np.bincount(owner, minlength=len(seekers)))
    people["first_excluded"], people["end_excluded"] = bounds[:-1], bounds[1:]
    return np.concatenate([employer, ~offer])[np.argsort(owner, kind="stable")]


def rank(
    people: People,
    wishes: Wishes,
    offers: Offers,
    parameters: Parameters,
    *,
    index: OfferIndex | None = None,
    threads: int = 1,
) -> Ranking:
    """Any subset of people may be ranked against any subset of offers; `index` saves rebuilding it."""
    index = index or OfferIndex.build(offers, parameters)
    ranker = Ranker(Seekers.sort(people, wishes, parameters), index, parameters)
    lists = ranker.lists(parameters.k, parameters.per_employer, threads=threads)
    return ranker.describe(lists.owners(), lists.offer.astype(np.int64))


def _described(ranker: Ranker, person: Ints, offer: Ints, ways: Ways, best: Bools) -> Ranking:
    """Go back to the caller's rows."""
    seekers, index = ranker.seekers, ranker.index
    table, ready = index.table, seekers.ready[person]
    level = scoring.LEVEL_KINDS[seekers.wishes.level[ways.wish], table["levels"][offer]]
    parts = _parts(ranker, person, offer, ways, level, best)
    has_candidate = np.bincount(person, minlength=len(seekers)) > 0
    return Ranking(
        person_index=seekers.people_rows[person],
        offer_index=index.rows[offer],
        score=parts.sum(axis=1).astype(np.int32),
        in_top=np.ones(len(person), dtype=np.bool_),
        wish_index=seekers.wish_rows[ways.wish],
        rome_kind=ways.exact.astype(np.int8),
        level_kind=level,
        date_kind=scoring.date_kinds(ready, table["start_from"][offer], table["start_to"][offer]),
        via=ways.via,
        variety=best,
        distance_m=np.where(ways.via == Via.REMOTE, -1, ways.distance_m).astype(np.int32),
        age_days=scoring.ages(index.offers.published[offer], ranker.parameters.today).astype(np.int32),
        parts=parts,
        status=ranker.status_of(has_candidate),
    )


def _parts(ranker: Ranker, person: Ints, offer: Ints, ways: Ways, level: Ints, best: Bools) -> Ints:
    """A column per part of the score."""
    table, weights, wishes = ranker.index.table, ranker.parameters.weights, ranker.seekers.wishes
    ready, start_from = ranker.seekers.ready[person], table["start_from"][offer]
    date = scoring.date_kinds(ready, start_from, table["start_to"][offer])
    columns = (
        scoring.rank_points(wishes.rank[ways.wish], weights),
        scoring.rome_points(ways.exact, weights),
        scoring.level_points(level, weights),
        scoring.distance_points(ways.distance_m, table["remote"][offer], weights),
        scoring.date_points(date, ready, start_from, weights),
        table["fresh"][offer],
        best * weights.variety,
    )
    return np.stack(columns, axis=1).astype(np.int32)


def _statuses(seekers: Seekers, has_candidate: Bools) -> Ints:
    owner, count = seekers.wishes.person_index, len(seekers)
    sited = has_place(seekers.wishes.site_lat, seekers.wishes.site_lon)
    wishing, naming, placed = np.zeros((3, count), dtype=np.bool_)
    wishing[owner] = True
    naming[owner[seekers.wishes.rome.lengths() > 0]] = True
    placed |= has_place(seekers.people.lat, seekers.people.lon)
    placed[owner[sited]] = True
    cases = [has_candidate, ~wishing, ~naming, ~placed]
    statuses = [Status.RANKED, Status.NO_WISHES, Status.NO_TRADES, Status.NO_PLACE]
    return np.select(cases, statuses, Status.NO_OFFER)


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
