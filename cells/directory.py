"""Searches in reference data, which any professional may read."""

import re
from uuid import UUID

from django.db.models import Case, Count, IntegerField, Q, QuerySet, Value, When

from cells.models import Cell, Department, Occupation, Training, TrainingCentre
from cells.text import normalise

FOUND = 20
ROME_CODE = re.compile(r"\b[A-N][0-9]{4}\b")


def active_cells() -> QuerySet[Cell]:
    """Their name and how to reach them are for everyone."""
    return Cell.objects.filter(is_active=True)


def departments_of(cell: Cell) -> QuerySet[Department]:
    return Department.objects.filter(region=cell.region_id)


def current_occupations() -> QuerySet[Occupation]:
    return Occupation.objects.filter(is_obsolete=False)


def search_occupations(words: str) -> QuerySet[Occupation]:
    """By ROME code, or by words of the label; the first twenty."""
    found = current_occupations()
    for word in words.split():
        found = found.filter(Q(label__icontains=word) | Q(code__istartswith=word))
    return found[:FOUND]


def search_trainings(words: str) -> QuerySet[Training]:
    """By words of the label, or by MEF, CFD or RNCP; those that lead to an occupation first."""
    found = Training.objects.select_related("centre", "level").annotate(occupation_count=Count("occupations"))
    for word in normalise(words).split():
        code = word.upper()
        found = found.filter(Q(search_label__contains=word) | Q(mef=code) | Q(cfd=code) | Q(rncp=code))
    unknown_last = Case(When(occupation_count=0, then=Value(1)), default=Value(0), output_field=IntegerField())
    return found.order_by(unknown_last, "label", "pk")[:FOUND]


def training_centre_by_uai(uai: str) -> TrainingCentre | None:
    return TrainingCentre.objects.filter(uai=uai.strip().upper()).first() if uai.strip() else None


def resolve_occupation(words: str) -> list[Occupation]:
    """What a professional typed: one occupation when it is sure, several to choose from, or none."""
    code = ROME_CODE.search(words.upper())
    if code:
        return list(current_occupations().filter(code=code[0]))
    exact = list(current_occupations().filter(label__iexact=words.strip())[:2])
    return exact if len(exact) == 1 else list(search_occupations(words))


def training_by_uuid(uuid: UUID) -> Training | None:
    return Training.objects.filter(uuid=uuid).first()
