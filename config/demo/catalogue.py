"""The invented part of a region: its training centres, what they teach, where people and employers are."""

from dataclasses import dataclass
from random import Random

from cells.models import Cell, Commune, Occupation, Training

CATALOGUE_HEADER = (
    "cle_ministere_educatif;mef;cfd;rncp;intitule;niveau;rome_codes;uai_formateur;siret_formateur;nom_formateur;"
    "adresse;code_commune_insee;code_postal;commune;latitude;longitude"
).split(";")
CENTRES_PER_REGION = 24
TRAININGS_PER_CENTRE = 14


@dataclass(frozen=True)
class Town:
    insee: str
    name: str
    postcode: str
    department: str
    latitude: float
    longitude: float
    population: int


@dataclass(frozen=True)
class Course:
    """One training at one centre, as a wish names it."""

    number: int
    key: str
    mef: str
    label: str
    level: int
    rome_codes: tuple[str, ...]
    uai: str
    centre: str
    town: Town


@dataclass(frozen=True)
class RegionPlan:
    """What the generators draw from; `weights` follow the population."""

    cell: Cell
    academy: str
    towns: list[Town]
    weights: list[int]
    courses: list[Course]
    occupation_labels: dict[str, str]

    def town(self, random: Random) -> Town:
        return random.choices(self.towns, self.weights)[0]


def plan_region(cell: Cell, number: int, random: Random) -> RegionPlan:
    """`number` keeps the invented UAIs of two regions apart."""
    towns = towns_of(cell)
    big = sorted(towns, key=lambda town: -town.population)[:CENTRES_PER_REGION]
    diplomas = list(Training.objects.filter(centre=None).order_by("pk").prefetch_related("occupations"))
    courses = [
        course
        for index, town in enumerate(big)
        for course in courses_of_centre(number * 100 + index, town, diplomas, random)
    ]
    academy = cell.region.academies.earliest("code")
    labels = dict(Occupation.objects.values_list("code", "label"))
    return RegionPlan(cell, academy.name.upper(), towns, [town.population for town in towns], courses, labels)


def towns_of(cell: Cell) -> list[Town]:
    communes = (
        Commune.objects.filter(department__region=cell.region, population__gt=0, latitude__isnull=False)
        .prefetch_related("postcodes")
        .order_by("insee_code")
    )
    return [
        Town(
            commune.insee_code,
            commune.name,
            postcodes[0],
            commune.department_id,
            commune.latitude,
            commune.longitude,
            commune.population,
        )
        for commune in communes
        if (postcodes := sorted(row.postcode for row in commune.postcodes.all()))
    ]


def courses_of_centre(number: int, town: Town, diplomas: list[Training], random: Random) -> list[Course]:
    uai = f"{number:07d}Z"
    centre = f"CFA {of_town(town.name)}"
    return [
        Course(
            number=number * 100 + index,
            key=f"{number:06d}P{index:03d}{uai}-{town.insee}#L01",
            mef=f"2{number:05d}{index:04d}",
            label=diploma.label,
            level=diploma.level_id or 0,
            rome_codes=tuple(sorted(occupation.code for occupation in diploma.occupations.all())),
            uai=uai,
            centre=centre,
            town=town,
        )
        for index, diploma in enumerate(random.sample(diplomas, TRAININGS_PER_CENTRE))
    ]


def of_town(name: str) -> str:
    """« Alençon » → « d’Alençon », « Le Havre » → « du Havre »."""
    for article, contracted in (("Le ", "du "), ("Les ", "des ")):
        if name.startswith(article):
            return contracted + name.removeprefix(article)
    return f"d’{name}" if name[0] in "AEIOUYÉÈÊÎ" else f"de {name}"


def catalogue_row(course: Course) -> list[str]:
    town = course.town
    return [
        course.key, course.mef, "", "", course.label, str(course.level), "|".join(course.rome_codes),
        course.uai, "", course.centre, "1 rue de la Formation", town.insee, town.postcode, town.name,
        f"{town.latitude:.5f}", f"{town.longitude:.5f}",
    ]  # fmt: skip
