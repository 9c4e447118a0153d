"""A whole run on a real PostgreSQL, as a worker does it: read, rank, allocate, write, verify.

The scratch database is made, filled and dropped; the run is carried out by a process that does nothing else.
"""

import math
import os
import resource
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from multiprocessing import get_context
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
django.setup()

from django.db import connection
from django.utils import timezone

from bench.data import TODAY, Country, make
from cells.models import Cell, DiplomaLevel, Occupation, Region, Training
from cells.scoping import NOBODY
from employers.models import Employer, Offer, OfferOccupation
from matching.engine import NO_DAY, decode_rome
from matching.models import MatchRun
from matching.services.execution import execute_run
from matching.services.runs import request_run
from youth.models import Wish, YoungPerson
from youth.models.wishes import school_year_in_course

BATCH = 5_000
DATABASE = "bench_matching"


@contextmanager
def scratch_database() -> Iterator[None]:
    name = connection.settings_dict["NAME"]
    connection.settings_dict["TEST"]["NAME"] = DATABASE  # never the tests' own database
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
    people, wishes, this_year = country.people, country.wishes, timezone.localdate().year
    YoungPerson.objects.bulk_create(
        (
            YoungPerson(
                pk=pk, cell=cell, ine=f"{pk:010d}A", last_name="N", first_name="P", radius_km=int(radius),
                birth_date=date(this_year - (15 if minor else 25), 1, 1),
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
        school_year=school_year_in_course(timezone.localdate()), external_key=str(row), rank=int(wishes.rank[row]),
        label="CAP", training_id=training, level_id=int(wishes.level[row]) or None, site_latitude=lat,
        site_longitude=lon,
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


def carried_out(database: str, cell_id: int, times: int) -> dict[str, Any]:
    """So many runs of one cell in this process, after a first one that loads what is compiled."""
    connection.settings_dict["NAME"] = database
    cell, seconds = Cell.objects.get(pk=cell_id), []
    for _ in range(times + 1):
        run = request_run(cell=cell, by=NOBODY)
        start = time.perf_counter()
        execute_run(run.pk)
        seconds.append(time.perf_counter() - start)
    run.refresh_from_db()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return facts_of(run) | {
        "first_seconds": seconds[0], "seconds": statistics.median(seconds[1:]), "worker_peak_mb": peak
    }  # fmt: skip


def whole_run(size: str, times: int) -> dict[str, Any]:
    """The steps' seconds are those of the last run."""
    with scratch_database():
        cell = fill(make(size))
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            return pool.submit(carried_out, str(connection.settings_dict["NAME"]), cell.pk, times).result()


def facts_of(run: MatchRun) -> dict[str, Any]:
    return {
        "state": run.state, "not_done": int(run.state != "done"), "people": run.people_count,
        "offers": run.offer_count, "matches": run.match_count, "people_with_offer": run.people_with_offer,
        **{f"{name}_seconds": value for name, value in (run.timings or {}).items()},
    }  # fmt: skip
