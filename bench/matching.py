"""How fast the engine ranks and allocates, against naive numpy in the same run, with the same answers.

python -m bench.matching --size XS|S|M
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from bench.data import SIZES, Country, make
from bench.matching_naive import top_offers
from matching.engine import Allocation, Ranking, allocate, rank

SAMPLE = 40  # people ranked by the baseline; its time for everybody is extrapolated
FACTORS = (15, 3, 1)


def timed(work: Callable[[], Any], times: int) -> tuple[Any, float]:
    """The last answer and the median seconds."""
    seconds, answer = [], None
    for _ in range(times):
        start = time.perf_counter()
        answer = work()
        seconds.append(time.perf_counter() - start)
    return answer, statistics.median(seconds)


def top_of(ranking: Ranking, country: Country, person: int) -> list[tuple[int, int]]:
    mine = np.flatnonzero((ranking.person_index == person) & ranking.in_top)
    ids = country.offers.id[ranking.offer_index[mine]]
    return list(zip(ids.tolist(), ranking.score[mine].tolist(), strict=True))


def ranking_figures(country: Country, times: int) -> tuple[Ranking, dict[str, Any]]:
    people = len(country.people)
    ranking, seconds = timed(lambda: rank(*country), times)
    sample = np.linspace(0, people - 1, SAMPLE).astype(int).tolist()
    naive, naive_seconds = timed(lambda: [top_offers(country, person) for person in sample], 1)
    differing = sum(
        top_of(ranking, country, person) != expected for person, expected in zip(sample, naive, strict=True)
    )
    return ranking, {
        "rank_seconds": round(seconds, 3),
        "people_per_second": round(people / seconds),
        "naive_seconds_extrapolated": round(naive_seconds * people / SAMPLE, 1),
        "ratio_to_naive_numpy": round(naive_seconds * people / SAMPLE / seconds, 1),
        "sample": SAMPLE,
        "sample_differing": differing,
    }


def allocation_figures(country: Country, ranking: Ranking, factor: int) -> dict[str, Any]:
    parameters = replace(country.parameters, exposure_factor=factor)
    answer, seconds = timed(lambda: allocate(ranking, country.people, country.offers, parameters), 1)
    allocation: Allocation = answer
    return {
        "factor": factor,
        "seconds": round(seconds, 2),
        "covered": len(np.unique(allocation.person_index)),
        "uncovered": len(allocation.uncovered),
        "matches": len(allocation),
        "busiest_over_budget": float((allocation.exposure / np.maximum(allocation.budget, 1)).max()),
        "score_of_unconstrained": round(int(allocation.score.sum()) / int(ranking.top().score.sum()), 4),
    }


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=sorted(SIZES), default="XS")
    parser.add_argument("--times", type=int, default=3, help="runs of the engine; the median is kept")
    options = parser.parse_args(argv)
    country = make(options.size)
    ranking, figures = ranking_figures(country, options.times)
    figures["allocation"] = [allocation_figures(country, ranking, factor) for factor in FACTORS]
    sizes = {"people": len(country.people), "wishes": len(country.wishes), "offers": len(country.offers)}
    report = {"bench": "matching", "size": options.size, **sizes, **figures}
    show(report)
    sys.stdout.write(json.dumps(report) + "\n")
    return 1 if figures["sample_differing"] else 0


def show(report: dict[str, Any]) -> None:
    lines = [f"{name:28} {value}" for name, value in report.items() if name != "allocation"]
    lines += ["", "factor  seconds  covered  uncovered  matches  score / unconstrained"]
    for row in report["allocation"]:
        lines.append(
            f"{row['factor']:6} {row['seconds']:8} {row['covered']:8} {row['uncovered']:10} {row['matches']:8}"
            f"  {row['score_of_unconstrained']:.4f}"
        )
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
