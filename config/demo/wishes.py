"""Invented wish files: Affelnet (pupils, guardians' mails, no birth date) and Parcoursup (older, own mail)."""

from collections.abc import Iterator
from random import Random

from django.utils import timezone

from config.demo.catalogue import Course, RegionPlan, Town, of_town
from config.demo.names import FIRST_NAMES, LAST_NAMES, STREETS, last_name
from youth.models.wishes import school_year_in_course

AFFELNET_HEADER = (
    "Académie possédant le dossier élève et l'offre de formation;INE;Nom de l'élève;Prénom 1;Prénom 2;Prénom 3;"
    "Adresse de l'élève - Ligne 1;Adresse de l'élève - Ligne 2;Adresse de l'élève - Ligne 3;"
    "Adresse de l'élève - Ligne 4;Code postal;VILLE;PAYS;Téléphone personnel;Téléphone professionnel;"
    "Téléphone portable;Téléphone responsable 1;Téléphone responsable 2;Mail responsable 1;Mail responsable 2;"
    "Libellé formation origine de l'élève;Code UAI étab. origine;Libellé étab. origine;Rang du vœu;"
    "Code offre de formation (vœu);Code MEF;Libellé formation;Code UAI étab. Accueil;Libellé établissement Accueil;"
    "Ville étab. Accueil;clé ministère éducatif;année scolaire rentrée"
).split(";")
PARCOURSUP_HEADER = (
    "Numéro candidat;Numéro INE;Nom;Prénom;Date de naissance;Adresse mail;Téléphone mobile;Adresse 1;Code postal;"
    "Ville;Pays;Rang du vœu;Code formation Parcoursup;Libellé formation;clé ministère éducatif;Code UAI étab. Accueil;"
    "Libellé établissement Accueil;Ville étab. Accueil;Rentrée"
).split(";")
SCHOOL_LEVELS = {3, 4}
WISHES_WEIGHTS = (10, 22, 28, 20, 10, 5, 2, 1, 1, 1)  # one to ten wishes
UNKNOWN_LABELS = ("CAP Métiers du cirque équestre", "MC Réparation d'automates anciens")


def affelnet_rows(plan: RegionPlan, people: int, random: Random) -> Iterator[list[str]]:
    """About three wishes a pupil; a few rows carry what a human must see: bad INE, unknown training."""
    courses = [course for course in plan.courses if course.level in SCHOOL_LEVELS]
    for number in range(people):
        town = plan.town(random)
        pupil = _pupil(plan, number, town, random)
        for rank, course in enumerate(_choose(courses, town, random), start=1):
            yield [*pupil, *_affelnet_wish(plan, rank, course, random)]
    for number in range(5):
        pupil = _pupil(plan, people + number, plan.town(random), random)
        pupil[1] = f"INE-FAUX-{number}"
        yield [*pupil, *_affelnet_wish(plan, 1, courses[0], random)]


def _pupil(plan: RegionPlan, number: int, town: Town, random: Random) -> list[str]:
    name = last_name(random.choice(LAST_NAMES))
    first_name = random.choice(FIRST_NAMES)
    guardian = f"{slug(name)}{number // 40}.{plan.cell.region_id}@famille.exemple" if random.random() < 0.97 else "-"
    return [
        plan.academy, ine(plan, 1, number), name.upper(), first_name, "-", "-",
        f"{random.randint(1, 90)} {random.choice(STREETS)}", "-", "-", "-", town.postcode, town.name.upper(), "FRANCE",
        "-", "-", f"+336{random.randint(10_000_000, 99_999_999)}", f"+336{random.randint(10_000_000, 99_999_999)}", "-",
        guardian, "-", "3EME", f"{plan.cell.region_id}00001A", f"Collège {of_town(town.name)}",
    ]  # fmt: skip


def _affelnet_wish(plan: RegionPlan, rank: int, course: Course, random: Random) -> list[str]:
    label, key, mef = course.label, course.key, course.mef + "1"
    if random.random() < 0.01:
        label, key, mef = random.choice(UNKNOWN_LABELS), "-", "-"
    return [
        str(rank), f"1A{course.number:06d}", mef, label, course.uai, course.centre,
        course.town.name, key, school_year(),
    ]  # fmt: skip


def parcoursup_rows(plan: RegionPlan, people: int, random: Random) -> Iterator[list[str]]:
    courses = [course for course in plan.courses if course.level not in SCHOOL_LEVELS]
    for number in range(people):
        town = plan.town(random)
        candidate = _candidate(plan, number, town, random)
        for rank, course in enumerate(_choose(courses, town, random), start=1):
            yield [
                *candidate, str(rank), str(course.number), course.label, course.key, course.uai,
                course.centre, course.town.name, school_year(),
            ]  # fmt: skip


def _candidate(plan: RegionPlan, number: int, town: Town, random: Random) -> list[str]:
    name, first_name = last_name(random.choice(LAST_NAMES)), random.choice(FIRST_NAMES)
    birth = f"{random.randint(1, 28):02d}/{random.randint(1, 12):02d}/{random.randint(2003, 2008)}"
    mail = f"{slug(first_name)}.{slug(name)}{number}.{plan.cell.region_id}@jeune.exemple"
    return [
        str(100_000 + number), ine(plan, 2, number), name, first_name, birth, mail,
        f"06{random.randint(10_000_000, 99_999_999)}", f"{random.randint(1, 90)} {random.choice(STREETS)}",
        town.postcode, town.name, "FRANCE",
    ]  # fmt: skip


def school_year() -> str:
    return str(school_year_in_course(timezone.localdate()))


def _choose(courses: list[Course], home: Town, random: Random) -> list[Course]:
    """A favourite trade near home, then its neighbours: the same trade elsewhere, kindred trades close by."""
    count = random.choices(range(1, 11), WISHES_WEIGHTS)[0]
    near = sorted(courses, key=lambda course: _degrees(course.town, home))[:120]
    favourite = random.choice(near)
    families = {code[0] for code in favourite.rome_codes}
    return sorted(near, key=lambda course: _estrangement(course, favourite, families, home))[:count]


def _estrangement(course: Course, favourite: Course, families: set[str], home: Town) -> tuple[int, float]:
    if course is favourite:
        return 0, 0
    kindred = course.label == favourite.label or bool(families & {code[0] for code in course.rome_codes})
    return 1 if kindred else 2, _degrees(course.town, home)


def _degrees(town: Town, home: Town) -> float:
    return abs(town.latitude - home.latitude) + abs(town.longitude - home.longitude)


def ine(plan: RegionPlan, file: int, number: int) -> str:
    return f"{plan.cell.region_id}{file}{number:06d}AB"


def slug(name: str) -> str:
    return "".join(letter for letter in name.casefold() if letter.isascii() and letter.isalnum())
