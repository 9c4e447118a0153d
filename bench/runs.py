"""A whole run on a real PostgreSQL: read, rank, allocate, write. Baseline: the same matches through bulk_create.

python -m bench.runs --size XS|S. A scratch database is made, filled and dropped.
"""

import argparse
import json
import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
django.setup()

from django.db import connection, transaction
from django.utils import timezone

from bench.data import TODAY, Country, make
from cells.models import Cell, DiplomaLevel, Occupation, Region, Training
from cells.scoping import NOBODY
from employers.models import Employer, Offer, OfferOccupation
from matching.engine import NO_DAY, decode_rome
from matching.models import Match, MatchRun
from matching.services import execution
from matching.services.runs import execute_run, request_run
from youth.models import Wish, YoungPerson

BATCH = 5_000
STEPS = ("read_inputs", "rank_shard", "allocate", "store_results")


@contextmanager
def scratch_database() -> Iterator[None]:
    name = connection.settings_dict["NAME"]
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


def place(lat: float, lon: float) -> tuple[float | None, float | None]:
    return (None, None) if math.isnan(lat) or math.isnan(lon) else (lat, lon)


def fill(country: Country) -> Cell:
    """The country shifted to today, so that nothing in it has expired."""
    cell = Cell.objects.create(name="Banc", region=Region.objects.create(code="00", name="Banc"), reply_to="a@b.fr")
    codes = {code for ragged in (country.wishes.rome, country.offers.rome) for code in ragged.values.tolist()}
    Occupation.objects.bulk_create(Occupation(code=decode_rome(code), label="métier") for code in sorted(codes))
    DiplomaLevel.objects.bulk_create(DiplomaLevel(level=level, label=f"niveau {level}") for level in range(3, 9))
    fill_people(country, cell)
    fill_offers(country)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return cell


def fill_people(country: Country, cell: Cell) -> None:
    people, wishes = country.people, country.wishes
    YoungPerson.objects.bulk_create(
        (
            YoungPerson(
                pk=pk, cell=cell, ine=f"{pk:010d}A", last_name="N", first_name="P", radius_km=int(radius),
                birth_date=date(2011 if minor else 2000, 1, 1),
                latitude=place(lat, lon)[0], longitude=place(lat, lon)[1],
            )
            for pk, lat, lon, radius, minor in zip(
                people.id.tolist(), people.lat.tolist(), people.lon.tolist(), people.radius_km.tolist(),
                people.is_minor.tolist(), strict=True,
            )
        ),
        batch_size=BATCH,
    )  # fmt: skip
    trades = [tuple(sorted(set(wishes.rome.row(row).tolist()))) for row in range(len(wishes))]
    trainings = {trade: number for number, trade in enumerate(sorted(set(trades)), start=1)}
    Training.objects.bulk_create((Training(pk=pk, label="CAP") for pk in trainings.values()), batch_size=BATCH)
    taught = Training.occupations.through
    links = ((pk, decode_rome(code)) for trade, pk in trainings.items() for code in trade)
    taught.objects.bulk_create((taught(training_id=pk, occupation_id=code) for pk, code in links), batch_size=BATCH)
    rows = (wish_of(country, row, trainings[trade]) for row, trade in enumerate(trades))
    Wish.objects.bulk_create(rows, batch_size=BATCH)


def wish_of(country: Country, row: int, training: int) -> Wish:
    wishes = country.wishes
    lat, lon = place(float(wishes.site_lat[row]), float(wishes.site_lon[row]))
    return Wish(
        pk=int(wishes.id[row]), young_person_id=int(country.people.id[wishes.person_index[row]]), source="affelnet",
        school_year=2026, external_key=str(row), rank=int(wishes.rank[row]), label="CAP", training_id=training,
        level_id=int(wishes.level[row]) or None, site_latitude=lat, site_longitude=lon,
    )  # fmt: skip


def fill_offers(country: Country) -> None:
    offers = country.offers
    employers = sorted(set(offers.employer.tolist()))
    Employer.objects.bulk_create(
        (Employer(pk=pk + 1, siret=f"{pk:014d}", name="E") for pk in employers), batch_size=BATCH
    )
    Offer.objects.bulk_create((offer_of(country, row) for row in range(len(offers))), batch_size=BATCH)
    links = ((int(offers.id[row]), code) for row in range(len(offers)) for code in set(offers.rome.row(row).tolist()))
    OfferOccupation.objects.bulk_create(
        (OfferOccupation(offer_id=offer, occupation_id=decode_rome(code)) for offer, code in links), batch_size=BATCH
    )


def offer_of(country: Country, row: int) -> Offer:
    offers, now = country.offers, datetime.now(UTC)
    start, mask = int(offers.start_from[row]), int(offers.levels[row])
    return Offer(
        pk=int(offers.id[row]), employer_id=int(offers.employer[row]) + 1, partner_label="banc",
        partner_job_id=str(row), title="Offre", contract_types=["Apprentissage"],
        latitude=float(offers.lat[row]), longitude=float(offers.lon[row]),
        target_level_id=mask.bit_length() or None, positions=int(offers.positions[row]),
        starts_on=None if start == NO_DAY else timezone.localdate() + timedelta(days=start - TODAY),
        remote="remote" if offers.remote[row] else "", accepts_minors=bool(offers.minors_allowed[row]),
        published_at=now - timedelta(days=TODAY - int(offers.published[row])), expires_at=now + timedelta(days=90),
    )  # fmt: skip


def watch(seconds: dict[str, float]) -> None:
    """Adds the time of each step of a run to `seconds`."""

    def watched(name: str, step: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **options: Any) -> Any:
            start = time.perf_counter()
            try:
                return step(*args, **options)
            finally:
                seconds[name] = seconds.get(name, 0.0) + time.perf_counter() - start

        return timed

    for name in STEPS:
        setattr(execution, name, watched(name, getattr(execution, name)))


def written_by_bulk_create(run: MatchRun) -> float:
    fields = ("young_person_id", "offer_id", "wish_id", "rank", "score", "distance_m", "reasons")
    rows = list(run.matches.values(*fields))
    other = MatchRun.objects.create(cell=run.cell, parameters={})
    start = time.perf_counter()
    with transaction.atomic():
        Match.objects.bulk_create((Match(run=other, **row) for row in rows), batch_size=BATCH)
    return time.perf_counter() - start


def measure(size: str) -> dict[str, Any]:
    seconds: dict[str, float] = {}
    with scratch_database():
        cell = fill(make(size))
        watch(seconds)
        run = request_run(cell=cell, by=NOBODY)
        start = time.perf_counter()
        execute_run(run.pk)
        total = time.perf_counter() - start
        run.refresh_from_db()
        baseline = written_by_bulk_create(run)
    return {
        "bench": "runs", "size": size, "state": run.state, "people": run.people_count, "offers": run.offer_count,
        "matches": run.match_count, "people_with_offer": run.people_with_offer, "seconds": round(total, 2),
        **{f"{name}_seconds": round(value, 2) for name, value in seconds.items()},
        "bulk_create_seconds": round(baseline, 2),
        "write_ratio_to_bulk_create": round(baseline / seconds["store_results"], 1),
    }  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", choices=("XS", "S"), default="XS")
    report = measure(parser.parse_args(argv).size)
    sys.stdout.write("\n".join(f"{name:28} {value}" for name, value in report.items()) + "\n")
    sys.stdout.write(json.dumps(report) + "\n")
    return 0 if report["state"] == "done" else 1


if __name__ == "__main__":
    sys.exit(main())
