"""Regions, academies, departments and communes, from the files we ship (no producer publishes them in one table)."""

import csv
from collections.abc import Iterator
from pathlib import Path

from django.db import transaction

from cells.models import Academy, Commune, CommunePostcode, Department, Region
from cells.services.reference.files import Outcome
from cells.services.reference.tables import replace_pairs, upsert
from cells.text import normalise


@transaction.atomic
def load_territory(folder: Path) -> Outcome:
    """Communes that a new vintage drops stay (people live there), but lose their postcodes: see PlaceIndex."""
    outcome = Outcome()
    regions = [Region(code=row["code"], name=row["name"]) for row in shipped_rows(folder / "regions.csv")]
    academies = [
        Academy(code=row["code"], name=row["name"], region_id=row["region"])
        for row in shipped_rows(folder / "academies.csv")
    ]
    departments = [_department(row) for row in shipped_rows(folder / "departments.csv")]
    communes = list(shipped_rows(folder / "communes.csv"))
    upsert(regions, key=["code"], facts=["name"], outcome=outcome)
    upsert(academies, key=["code"], facts=["name", "region_id"], outcome=outcome)
    upsert(
        departments,
        key=["code"],
        facts=["name", "region_id", "academy_id", "time_zone"],
        outcome=outcome,
    )
    upsert(
        [_commune(row) for row in communes],
        key=["insee_code"],
        facts=["name", "search_name", "department_id", "population", "latitude", "longitude"],
        outcome=outcome,
    )
    pairs = ((row["insee"], postcode) for row in communes for postcode in row["postcodes"].split())
    replace_pairs(CommunePostcode, ("commune_id", "postcode"), pairs)
    return outcome


def shipped_rows(path: Path) -> Iterator[dict[str, str]]:
    """Rows of a file we build ourselves: UTF-8, `;`, known header."""
    with path.open(encoding="utf-8", newline="") as text:
        yield from csv.DictReader(text, delimiter=";")


def _department(row: dict[str, str]) -> Department:
    return Department(
        code=row["code"],
        name=row["name"],
        region_id=row["region"] or None,
        academy_id=row["academy"] or None,
        time_zone=row["time_zone"],
    )


def _commune(row: dict[str, str]) -> Commune:
    return Commune(
        insee_code=row["insee"],
        name=row["name"],
        search_name=normalise(row["name"]),
        department_id=row["department"],
        population=int(row["population"]),
        latitude=float(row["latitude"]) if row["latitude"] else None,
        longitude=float(row["longitude"]) if row["longitude"] else None,
    )
