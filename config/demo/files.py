"""Writes the demonstration's files: the same ones at every run, but for dates that follow today."""

import csv
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random

from config.demo import catalogue, offers, wishes
from config.demo.catalogue import RegionPlan

AFFELNET_PEOPLE = 1150
PARCOURSUP_PEOPLE = 450
OFFERS = 4200
SEED = 20231


@dataclass(frozen=True)
class RegionFiles:
    catalogue: Path
    affelnet: Path
    parcoursup: Path
    offers: Path


def write_region_files(folder: Path, plan: RegionPlan, now: datetime) -> RegionFiles:
    """For one region: 1,150 pupils and 450 students with about three wishes each, 4,200 offers."""
    folder.mkdir(parents=True, exist_ok=True)
    random = Random(SEED + int(plan.cell.region_id))
    name = plan.cell.region.name.lower()
    files = RegionFiles(
        folder / f"formations-{name}.csv",
        folder / f"affelnet-{name}.csv",
        folder / f"parcoursup-{name}.csv",
        folder / f"offres-{name}.json",
    )
    write_csv(files.catalogue, catalogue.CATALOGUE_HEADER, map(catalogue.catalogue_row, plan.courses))
    write_csv(files.affelnet, wishes.AFFELNET_HEADER, wishes.affelnet_rows(plan, AFFELNET_PEOPLE, random))
    write_csv(files.parcoursup, wishes.PARCOURSUP_HEADER, wishes.parcoursup_rows(plan, PARCOURSUP_PEOPLE, random))
    jobs = list(offers.national_offers(plan, OFFERS, now, random))
    files.offers.write_text(json.dumps({"jobs": jobs, "recruiters": [], "warnings": []}, ensure_ascii=False))
    return files


def write_csv(path: Path, header: list[str], rows: Iterable[list[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        writer.writerow(header)
        writer.writerows(rows)
