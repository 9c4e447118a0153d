"""The sections of the matching bench. Each runs in a process of its own and returns its figures."""

import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np

from bench.data import Country, make, only
from bench.matching_flow import Market, coverable, optimum
from bench.matching_sql import Top, ranked_by_sql
from bench.matching_trees import top_by_trees
from bench.scratch_postgres import scratch_postgres
from matching.engine import Lists, OfferIndex, Ranker, Seekers, allocate, default_budget, rank

Figures = dict[str, Any]
FACTORS = (15, 3, 1)
SQL_SAMPLES = {"XS": 200, "S": 2_000, "M": 1_000, "L": 500}
TREE_SAMPLES = {"XS": 500, "S": 25_000, "M": 20_000, "L": 10_000}
FLOW_SIZES = ("XS", "S")  # the general solvers hold every candidate pair
SINGLES = 200


def timed(work: Callable[[], Any], times: int) -> tuple[Any, float]:
    """The last answer and the median seconds."""
    seconds, answer = [], None
    for _ in range(times):
        start = time.perf_counter()
        answer = work()
        seconds.append(time.perf_counter() - start)
    return answer, statistics.median(seconds)


def peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def ranker_of(country: Country) -> Ranker:
    seekers = Seekers.sort(country.people, country.wishes, country.parameters)
    return Ranker(seekers, OfferIndex.build(country.offers, country.parameters), country.parameters)


def fresh(ranker: Ranker) -> Ranker:
    """The same question, nothing of the answer remembered."""
    return Ranker(ranker.seekers, ranker.index, ranker.parameters)


def warm_up() -> None:
    """Everything compiled is loaded before anything is timed."""
    country = make("XS")
    lists_of(ranker_of(country), 2)
    rank(*country)


def lists_of(ranker: Ranker, threads: int, people: np.ndarray | None = None) -> Lists:
    parameters = ranker.parameters
    return ranker.lists(parameters.k, parameters.per_employer, people=people, threads=threads)


def spread(count: int, sample: int) -> np.ndarray:
    """Rows spread over all people."""
    return np.unique(np.linspace(0, count - 1, min(sample, count)).astype(np.int64))


# --- the ranking -----------------------------------------------------------------------------------------


def kernel(size: str, times: int) -> Figures:
    country = make(size)
    warm_up()
    data_mb, people = peak_mb(), len(country.people)
    index, index_seconds = timed(lambda: OfferIndex.build(country.offers, country.parameters), times)
    seekers, seekers_seconds = timed(lambda: Seekers.sort(country.people, country.wishes, country.parameters), times)
    ranker = Ranker(seekers, index, country.parameters)
    cpu = time.process_time()
    lists, one = timed(lambda: lists_of(fresh(ranker), 1), times)
    cpu = (time.process_time() - cpu) / times
    again, two = timed(lambda: lists_of(fresh(ranker), 2), times)
    _, whole = timed(lambda: rank(*country, threads=2), times)
    return {
        "people": people, "wishes": len(country.wishes), "offers": len(country.offers), "matches": len(lists),
        "index_seconds": index_seconds, "seekers_seconds": seekers_seconds, "one_core_seconds": one,
        "one_core_cpu_seconds": cpu, "cpu_microseconds_per_person": cpu / people * 1e6,
        "two_threads_seconds": two, "two_threads_ratio": one / two,
        "two_threads_differ": int((lists.offer != again.offer).sum() + (lists.score != again.score).sum()),
        "rank_with_reasons_seconds": whole, "data_mb": data_mb,
    }  # fmt: skip


def engine_top(ranker: Ranker, people: np.ndarray) -> Top:
    """Of these rows of seekers.people."""
    lists = lists_of(ranker, 1, people)
    ids, first = ranker.seekers.people.id[people].tolist(), lists.first.tolist()
    pairs = list(zip(ranker.index.offers.id[lists.offer].tolist(), lists.score.tolist(), strict=True))
    return {who: pairs[first[i] : first[i + 1]] for i, who in enumerate(ids)}


def differing(country: Country, people: np.ndarray, other: Top) -> int:
    """How many of these people (the caller's rows) get another list from the engine."""
    ranker = ranker_of(country)
    rows = np.flatnonzero(np.isin(ranker.seekers.people.id, country.people.id[people]))
    mine = engine_top(ranker, rows)
    return sum(mine[who] != other.get(who, []) for who in mine)


def sql(size: str, times: int) -> Figures:
    country = make(size)
    sample = spread(len(country.people), SQL_SAMPLES[size])
    with scratch_postgres() as (connection, has_postgis):
        answer = ranked_by_sql(connection, country, sample, has_postgis, times)
    share = len(sample) / len(country.people)
    return {
        "database": "PostGIS" if has_postgis else "PostgreSQL with cube", "sample": len(sample),
        "sample_seconds": answer.seconds, "seconds": answer.seconds / share,
        "cpu_seconds": answer.cpu_seconds / share, "differing": differing(country, sample, answer.top),
    }  # fmt: skip


def trees(size: str, times: int) -> Figures:
    country = make(size)
    sample = spread(len(country.people), TREE_SAMPLES[size])
    part = only(country, sample)
    top, seconds = timed(lambda: top_by_trees(part), times)
    return {
        "sample": len(sample), "sample_seconds": seconds, "seconds": seconds * len(country.people) / len(sample),
        "differing": differing(country, sample, top),
    }  # fmt: skip


def growth(size: str, times: int) -> Figures:
    """Seconds per person for a hundredth, a tenth and all of the people, before the same offers."""
    country = make(size)
    warm_up()
    index, steps = OfferIndex.build(country.offers, country.parameters), []
    for divisor in (100, 10, 1):
        part = only(country, spread(len(country.people), len(country.people) // divisor))
        ranker = Ranker(Seekers.sort(part.people, part.wishes, part.parameters), index, part.parameters)
        _, seconds = timed(lambda ranker=ranker: lists_of(fresh(ranker), 1), times)
        steps.append((len(part.people), seconds / len(part.people)))
    per_person = [seconds for _, seconds in steps]
    return {
        "people": [people for people, _ in steps], "microseconds_per_person": [each * 1e6 for each in per_person],
        "worst_decade": max(after / before for before, after in pairwise(per_person)),
        "exponent": float(np.polyfit(*np.log(np.array(steps)).T, 1)[0]) + 1,
    }  # fmt: skip


# --- single questions ------------------------------------------------------------------------------------


def person(size: str, times: int) -> Figures:
    """The top offers of one person, reasons included, in a process that keeps the index."""
    country = make(size)
    warm_up()
    index = OfferIndex.build(country.offers, country.parameters)
    alone = [only(country, spread(len(country.people), SINGLES)[i : i + 1]) for i in range(SINGLES)]
    seconds = [timed(lambda one=one: rank(*one, index=index), times)[1] for one in alone]
    return {"milliseconds": statistics.median(seconds) * 1e3, "slowest_milliseconds": max(seconds) * 1e3}


def reverse(size: str, times: int) -> Figures:
    """The people a new offer suits best."""
    country = make(size)
    ranker, k = ranker_of(country), country.parameters.k
    rows = spread(len(country.offers), SINGLES)
    ranker.people_for(country.offers, int(rows[0]), k)
    seconds = [timed(lambda row=row: ranker.people_for(country.offers, row, k), times)[1] for row in rows.tolist()]
    return {"milliseconds": statistics.median(seconds) * 1e3, "slowest_milliseconds": max(seconds) * 1e3}


COLD = """
import time; start = time.perf_counter()
from bench.data import make
from matching.engine import rank
imported = time.perf_counter() - start
country = make({size!r})
def once():
    start = time.perf_counter(); rank(*country); return time.perf_counter() - start
print(imported, once(), once())
"""


def cold(size: str, times: int) -> Figures:
    """The first ranking of a new process, compiled code read from disk, against the second."""
    command, runs = [sys.executable, "-c", COLD.format(size=size)], []
    subprocess.run([sys.executable, "-c", COLD.format(size="XS")], check=True, capture_output=True)
    for _ in range(times):
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        runs.append([float(word) for word in done.stdout.split()])
    imported, first, second = (statistics.median(column) for column in zip(*runs, strict=True))
    return {
        "import_seconds": imported, "first_seconds": first, "second_seconds": second,
        "more_than_second_seconds": first - second,
    }  # fmt: skip


# --- the allocation --------------------------------------------------------------------------------------


def allocation(size: str, times: int) -> Figures:
    country = make(size)
    warm_up()
    return {f"factor_{factor}": allocated(country, factor, size in FLOW_SIZES, times) for factor in FACTORS}


def allocated(country: Country, factor: int, solve: bool, times: int) -> Figures:
    """`solve`: also ask the general solvers for the optimum over the whole graph."""
    parameters = replace(country.parameters, exposure_factor=factor)
    ranker = ranker_of(country._replace(parameters=parameters))
    people, offers = country.people, country.offers
    answer, seconds = timed(lambda: allocate(fresh(ranker), people, offers, parameters, threads=2), times)
    figures: Figures = {
        "seconds": seconds, "covered": answer.bound.covered, "coverable": answer.bound.coverable,
        "ratio_to_bound": answer.bound.ratio, "score": int(answer.score.sum()),
        "over_budget": int((answer.exposure > answer.budget).sum()), "uncovered": len(answer.uncovered),
    }  # fmt: skip
    return figures | (compared(ranker, figures, default_budget(offers, parameters)) if solve else {})


def compared(ranker: Ranker, figures: Figures, budget: np.ndarray) -> Figures:
    market = market_of(ranker, budget)
    most, flow_seconds = timed(lambda: coverable(market), 1)
    parameters = ranker.parameters
    (covered, score), seconds = timed(lambda: optimum(market, parameters.k, parameters.per_employer), 1)
    return {
        "pairs": len(market.person), "maximum_flow": most, "maximum_flow_seconds": flow_seconds,
        "optimum_covered": covered, "optimum_seconds": seconds, "score_to_optimum": figures["score"] / score,
        "coverage_missing": most - figures["covered"],
    }  # fmt: skip


def market_of(ranker: Ranker, budget: np.ndarray) -> Market:
    index, everyone = ranker.index, np.arange(len(ranker.seekers))
    lists = Lists.join([ranker.everything(some) for some in np.array_split(everyone, len(everyone) // 5_000 + 1)])
    employer = np.unique(index.offers.employer, return_inverse=True)[1]
    return Market(
        len(everyone), lists.owners(), lists.offer.astype(np.int64), lists.score.astype(np.int64), budget[index.rows],
        employer,
    )  # fmt: skip
