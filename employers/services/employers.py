"""Employers typed in by a counsellor."""

from django.db import transaction

from cells.errors import RefusedError
from cells.imports.fields import parse_siret
from cells.scoping import Viewer
from employers.models import Employer


@transaction.atomic
def find_or_create_employer(*, siret: str, name: str, by: Viewer) -> Employer:
    """The establishment of that SIRET, made with `name` when nobody knows it yet. A known name is never overwritten."""
    if not by.is_counsellor:
        raise RefusedError("Seul un conseiller d’une cellule peut ajouter un employeur.")
    number = checked_siret(siret)
    known = Employer.objects.filter(siret=number).first()
    if known:
        return known
    employer, _ = Employer.objects.get_or_create(siret=number, defaults={"name": checked_name(name)})
    return employer


def checked_siret(siret: str) -> str:
    try:
        number: str = parse_siret(siret)
    except ValueError as error:
        raise RefusedError(f"SIRET : {error}.") from error
    if not number:
        raise RefusedError("SIRET : indiquez les 14 chiffres de l’établissement.")
    return number


def checked_name(name: str) -> str:
    cleaned = " ".join(name.split())
    if not cleaned:
        raise RefusedError("Nom de l’employeur : indiquez-le, ce SIRET n’est pas encore connu.")
    if len(cleaned) > 200:
        raise RefusedError("Nom de l’employeur : 200 caractères au plus.")
    return cleaned
