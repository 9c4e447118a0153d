"""The files that we ship, whatever reads them."""

import csv
import math
import re
from collections import Counter, defaultdict
from statistics import median
from zoneinfo import ZoneInfo

import pytest

from cells.services.reference.files import sha256_of
from cells.services.reference.shipped import FOLDER, shipped_datasets

OVERSEAS_COLLECTIVITIES = {"975", "977", "978", "984", "986", "987", "988", "989"}
FAR_KM = {"973": 450}  # Guyane is as large as Portugal
KNOWN_POINTS = {
    "29019": (48.39, -4.49),  # Brest
    "67482": (48.58, 7.75),  # Strasbourg
    "2A004": (41.93, 8.74),  # Ajaccio
    "59350": (50.63, 3.06),  # Lille
    "66136": (42.70, 2.90),  # Perpignan
    "97105": (16.00, -61.72),  # Basse-Terre
    "97209": (14.62, -61.06),  # Fort-de-France
    "97302": (4.93, -52.32),  # Cayenne
    "97608": (-12.78, 45.23),  # Dzaoudzi
}


def rows_of(name):
    with (FOLDER / name).open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text, delimiter=";"))


def point_of(row):
    return float(row["latitude"]), float(row["longitude"])


def km_between(one, other):
    (lat_a, lon_a), (lat_b, lon_b) = (map(math.radians, point) for point in (one, other))
    half = math.sin((lat_b - lat_a) / 2) ** 2 + math.cos(lat_a) * math.cos(lat_b) * math.sin((lon_b - lon_a) / 2) ** 2
    return 2 * 6371 * math.asin(math.sqrt(half))


@pytest.fixture(scope="module")
def communes():
    return rows_of("communes.csv")


def test_there_are_18_regions_30_academies_and_101_departments():
    departments = rows_of("departments.csv")
    assert len(rows_of("regions.csv")) == 18
    assert len(rows_of("academies.csv")) == 30
    assert len([row for row in departments if row["region"]]) == 101
    assert {row["code"] for row in departments if not row["region"]} == OVERSEAS_COLLECTIVITIES


def test_each_department_is_in_the_region_of_its_academy():
    region_of = {row["code"]: row["region"] for row in rows_of("academies.csv")}
    departments = [row for row in rows_of("departments.csv") if row["region"]]
    assert [row["code"] for row in departments if region_of[row["academy"]] != row["region"]] == []
    assert set(region_of.values()) == {row["code"] for row in rows_of("regions.csv")}
    assert {row["academy"] for row in departments} == set(region_of)


def test_every_time_zone_exists_and_overseas_is_not_on_paris_time():
    zones = {row["code"]: row["time_zone"] for row in rows_of("departments.csv")}
    assert all(ZoneInfo(zone) for zone in zones.values())
    assert {code for code, zone in zones.items() if zone != "Europe/Paris"} == {
        code for code in zones if code.startswith("9") and len(code) == 3
    }


def test_communes_are_all_there_once_in_a_known_department(communes):
    codes = [row["insee"] for row in communes]
    departments = {row["code"] for row in rows_of("departments.csv")}
    per_kind = Counter(row["insee"][:3] in {"751", "132"} or row["insee"][:4] == "6938" for row in communes)
    assert per_kind == {False: 34_969, True: 45}
    assert len(set(codes)) == len(codes)
    assert {row["department"] for row in communes} == departments
    assert all(row["insee"].startswith(row["department"]) for row in communes)


def test_every_commune_of_metropole_and_overseas_departments_has_a_point_and_a_postcode(communes):
    inside = [row for row in communes if row["department"] not in OVERSEAS_COLLECTIVITIES]
    assert [row["insee"] for row in inside if not row["latitude"]] == []
    assert [row["insee"] for row in inside if not re.fullmatch(r"[0-9]{5}( [0-9]{5})*", row["postcodes"])] == []
    metropole = [row for row in inside if len(row["department"]) == 2]
    assert all(41 < point_of(row)[0] < 51.2 and -5.3 < point_of(row)[1] < 9.7 for row in metropole)


def test_every_commune_lies_near_the_others_of_its_department(communes):
    points = defaultdict(dict)
    for row in communes:
        if row["latitude"]:
            points[row["department"]][row["insee"]] = point_of(row)
    astray = {}
    for department, members in points.items():
        centre = tuple(median(point[axis] for point in members.values()) for axis in (0, 1))
        for insee, point in members.items():
            if km_between(point, centre) > FAR_KM.get(department, 125):
                astray[insee] = round(km_between(point, centre))
    assert astray == {}


def test_towns_whose_place_everyone_knows_are_there(communes):
    points = {row["insee"]: point_of(row) for row in communes if row["latitude"]}
    assert {code: km for code, at in KNOWN_POINTS.items() if (km := km_between(points[code], at)) > 8} == {}


def test_former_communes_belong_to_communes_of_today(communes):
    today = {row["insee"] for row in communes}
    former = rows_of("former_communes.csv")
    assert len(former) > 2500
    assert {row["insee"] for row in former} <= today


def test_occupations_have_valid_codes_and_parents():
    occupations = {row["code"]: row for row in rows_of("rome.csv")}
    assert len(occupations) == 1584
    assert all(re.fullmatch(r"[A-N][0-9]{4}", code) and row["label"] for code, row in occupations.items())
    parents = {row["parent"] for row in occupations.values() if row["parent"]}
    assert all(not occupations[parent]["parent"] for parent in parents)


def test_naf_has_732_sub_classes_and_diplomas_six_levels():
    naf = [row["code"] for row in rows_of("naf_rev2.csv")]
    assert len(set(naf)) == len(naf) == 732
    assert all(re.fullmatch(r"[0-9]{4}[A-Z]", code) for code in naf)
    assert [row["level"] for row in rows_of("diploma_levels.csv")] == list("345678")


def test_every_training_leads_to_known_occupations_and_a_known_level():
    occupations = {row["code"] for row in rows_of("rome.csv")}
    trainings = rows_of("trainings.csv")
    labels = Counter(row["intitule"] for row in trainings)
    assert len(trainings) >= 150
    assert [label for label, times in labels.items() if times > 1] == []
    assert [
        row["intitule"]
        for row in trainings
        if not row["rome_codes"] or not set(row["rome_codes"].split("|")) <= occupations
    ] == []
    assert {row["niveau"] for row in trainings} <= set("345678")


def test_every_file_is_described_with_its_fingerprint_in_the_readme():
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    stale = [path.name for path in FOLDER.glob("*.csv") if f"`{path.name}` | {sha256_of(path)}" not in readme]
    assert stale == []


def test_every_file_is_loaded_by_some_dataset():
    loaded = {path.name for dataset in shipped_datasets() for path in dataset.files}
    assert loaded == {path.name for path in FOLDER.glob("*.csv")} - {"former_communes.csv"}
