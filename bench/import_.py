"""How fast files come in, on a real PostgreSQL. Baseline: the same wishes row by row through update_or_create.

python -m bench.import_ --size XS|S|L, or --rows N. A scratch database is made, filled and dropped.
"""

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
django.setup()

from django.db import connection

from bench.offers_file import write_offers
from bench.wish_file import TRAININGS, mef, write_wishes
from cells.imports.reading import open_table
from cells.models import Cell, ImportBatch, Region, Role, Training
from cells.scoping import Viewer
from cells.services.reference.shipped import load_shipped
from employers.imports.load import import_offers
from youth.imports.layouts import AFFELNET
from youth.imports.load import import_wishes
from youth.models import Wish, YoungPerson

SIZES = {"XS": 10_000, "S": 50_000, "M": 200_000, "L": 1_000_000}
SAMPLE = 400  # rows of the baseline; its time for everybody is extrapolated
PAGE = os.sysconf("SC_PAGE_SIZE")


@contextmanager
def scratch_database() -> Iterator[None]:
    name = connection.settings_dict["NAME"]
    connection.settings_dict["TEST"]["NAME"] = "bench_import"
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


def prepare() -> Cell:
    list(load_shipped())
    Training.objects.bulk_create(
        Training(label=f"CAP Métier {number}", search_label=f"cap metier {number}", mef=mef(number))
        for number in range(TRAININGS)
    )
    region = Region.objects.get(code="28")
    return Cell.objects.create(name="Banc", region=region, reply_to="banc@jonction.example")


def resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE / 2**20


class Watch:
    """Memory after each chunk, so that growth shows."""

    def __init__(self) -> None:
        self.megabytes: list[float] = []

    def __call__(self, batch: ImportBatch) -> None:
        self.megabytes.append(resident_mb())

    @property
    def growth(self) -> float:
        """MB gained after the first tenth of the file."""
        settled = self.megabytes[len(self.megabytes) // 10]
        return round(max(self.megabytes) - settled, 1)


def measure(name: str, load: Callable[[Watch], ImportBatch]) -> dict[str, Any]:
    watch = Watch()
    start, cpu = time.perf_counter(), time.process_time()
    batch = load(watch)
    seconds = time.perf_counter() - start
    return {
        "step": name,
        "rows": batch.rows_read,
        "seconds": round(seconds, 2),
        "python_seconds": round(time.process_time() - cpu, 2),
        "rows_per_second": round(batch.rows_read / seconds),
        "outcome": f"{batch.created_count}/{batch.updated_count}/{batch.unchanged_count}/{batch.refused_count}",
        "memory_mb": round(max(watch.megabytes)),
        "growth_mb": watch.growth,
    }


def row_by_row(path: Path, cell: Cell) -> float:
    """Seconds per row of what one would write first, on the same file."""
    columns = {
        name: AFFELNET.columns[name] for name in ("ine", "last_name", "first_name", "rank", "offer_code", "label")
    }
    table = open_table(path, columns=columns, refuse=lambda *refusal: None)
    start = time.perf_counter()
    for count, row in enumerate(table, start=1):
        values = row.values
        names = {"cell": cell, "last_name": values["last_name"], "first_name": values["first_name"]}
        person, _ = YoungPerson.objects.update_or_create(ine=values["ine"], defaults=names)
        Wish.objects.update_or_create(
            young_person=person,
            source="affelnet",
            school_year=2027,
            external_key=values["offer_code"],
            defaults={"rank": int(values["rank"]), "label": values["label"]},
        )
        if count == SAMPLE:
            break
    seconds = (time.perf_counter() - start) / SAMPLE
    YoungPerson.objects.all().delete()
    return seconds


def wish_figures(folder: Path, rows: int, cell: Cell) -> tuple[list[dict[str, Any]], float]:
    path = write_wishes(folder / "voeux.csv", rows)
    changed = write_wishes(folder / "voeux-2.csv", rows, rank_shift=1)
    naive = row_by_row(path, cell)
    by = Viewer(cell_id=cell.pk, role=Role.CELL_MANAGER)
    figures = [
        measure(name, lambda watch, path=path: import_wishes(path, cell=cell, by=by, progress=watch))
        for name, path in (("wishes, first time", path), ("wishes, again", path), ("wishes, all changed", changed))
    ]
    return figures, naive * figures[0]["rows_per_second"]


def offer_figures(folder: Path, count: int, cell: Cell) -> list[dict[str, Any]]:
    path = folder / "offres.json"
    write_offers(path, count)
    by = Viewer(cell_id=cell.pk, role=Role.CELL_MANAGER)
    return [
        measure(name, lambda watch: import_offers(path, by=by, progress=watch))
        for name in ("offers, first time", "offers, again")
    ]


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=list(SIZES), default="XS")
    parser.add_argument("--rows", type=int, help="rows of the wish file, instead of a size; a fifth of it in offers")
    options = parser.parse_args(argv)
    rows = options.rows or SIZES[options.size]
    with scratch_database(), tempfile.TemporaryDirectory() as name:
        cell = prepare()
        steps, ratio = wish_figures(Path(name), rows, cell)
        steps += offer_figures(Path(name), max(rows // 5, 1_000), cell)
    show(steps, ratio)
    report = {"bench": "import", "rows": rows, "ratio_to_row_by_row": round(ratio, 1), "steps": steps}
    sys.stdout.write(json.dumps(report) + "\n")
    return 0


def show(steps: list[dict[str, Any]], ratio: float) -> None:
    lines = [
        "step                    rows  seconds   rows/s   python s   MB  growth  created/updated/unchanged/refused"
    ]
    for step in steps:
        lines.append(
            f"{step['step']:20} {step['rows']:>8} {step['seconds']:>8} {step['rows_per_second']:>8}"
            f" {step['python_seconds']:>10} {step['memory_mb']:>4} {step['growth_mb']:>7}  {step['outcome']}"
        )
    lines.append(f"first import of wishes: {ratio:.1f} times faster than update_or_create row by row")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
