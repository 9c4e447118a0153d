"""How fast people are ranked and shared out, against the same answers from PostgreSQL, numpy and general solvers.

python -m bench.matching --size XS|S|M|L [--only kernel,sql,…]: each section runs in a process of its own, so that its
peak memory is its own. Exits 1 when an answer differs from a baseline's, or a limit is broken.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
from pkgutil import resolve_name
from typing import Any

from bench.data import SIZES

SECTIONS = {
    "kernel": "bench.matching_sections:kernel",
    "sql": "bench.matching_sections:sql",
    "trees": "bench.matching_sections:trees",
    "growth": "bench.matching_sections:growth",
    "person": "bench.matching_sections:person",
    "reverse": "bench.matching_sections:reverse",
    "cold": "bench.matching_sections:cold",
    "allocation": "bench.matching_sections:allocation",
    "run": "bench.matching_run:whole_run",
}
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1"}
FAULTS = ("differing", "two_threads_differ", "over_budget", "coverage_missing", "not_done", "failed")
"""Figures that are 0 when all is well."""


def measured(section: str, size: str, times: int) -> dict[str, Any]:
    """The figures of one section, computed in a process of its own."""
    command = [sys.executable, "-m", "bench.matching", "--size", size, "--times", str(times), "--section", section]
    done = subprocess.run(command, env=os.environ | ONE_THREAD, stdout=subprocess.PIPE, text=True, check=False)
    figures: dict[str, Any] = {"failed": 1} if done.returncode else json.loads(done.stdout.splitlines()[-1])
    return figures


def ratios(report: dict[str, Any]) -> dict[str, float]:
    """How many times slower the baselines are, where both were measured."""
    kernel = report.get("kernel", {})
    seconds = {name: report.get(name, {}).get("seconds") for name in ("sql", "trees", "run")}
    cpu = report.get("sql", {}).get("cpu_seconds"), kernel.get("one_core_cpu_seconds")
    pairs = {
        "sql_to_kernel_one_core_cpu": cpu,
        "sql_to_kernel_one_core": (seconds["sql"], kernel.get("one_core_seconds")),
        "sql_to_kernel_two_threads": (seconds["sql"], kernel.get("two_threads_seconds")),
        "trees_to_kernel_one_core": (seconds["trees"], kernel.get("one_core_seconds")),
        "sql_to_whole_run": (seconds["sql"], seconds["run"]),
    }
    return {name: slow / fast for name, (slow, fast) in pairs.items() if slow and fast}


def faults(figures: Any) -> int:
    """Wrong answers found anywhere in the figures."""
    if not isinstance(figures, dict):
        return 0
    return sum(int(value) if name in FAULTS else faults(value) for name, value in figures.items())


def rounded(value: Any) -> Any:
    """Four significant digits, and ratios near 1 whole enough to be told from 1."""
    if isinstance(value, dict):
        return {name: rounded(one) for name, one in value.items()}
    if isinstance(value, list):
        return [rounded(one) for one in value]
    return float(f"{value:.6g}" if 0.9 < value < 1 else f"{value:.4g}") if isinstance(value, float) else value


def show(title: str, figures: dict[str, Any]) -> None:
    flat = {name: value for name, value in rounded(figures).items() if not isinstance(value, dict)}
    sys.stdout.write(f"-- {title}\n" + "".join(f"{name:28} {value}\n" for name, value in flat.items()) + "\n")
    for name, value in figures.items():
        if isinstance(value, dict):
            show(f"{title}: {name}", value)
    sys.stdout.flush()


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=SIZES, default="XS")
    parser.add_argument("--times", type=int, default=3, help="runs of each measure; the median is kept")
    parser.add_argument("--only", default=",".join(SECTIONS), help="sections, separated by commas")
    parser.add_argument("--section", choices=SECTIONS, help=argparse.SUPPRESS)
    options = parser.parse_args(argv)
    if options.section:
        figures = resolve_name(SECTIONS[options.section])(options.size, options.times)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        sys.stdout.write(json.dumps(figures | {"peak_mb": peak}) + "\n")
        return 0
    report: dict[str, Any] = {"bench": "matching", "size": options.size, "load_average": os.getloadavg()[0]}
    for section in options.only.split(","):
        report[section] = measured(section, options.size, options.times)
        show(section, report[section])
    report["ratios"] = ratios(report)
    show("ratios", report["ratios"])
    sys.stdout.write(json.dumps(rounded(report)) + "\n")
    return int(faults(report) > 0)


if __name__ == "__main__":
    sys.exit(main())
