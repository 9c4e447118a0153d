"""ROME, NAF and diploma levels, from our files or from the producers' own tables."""

import re
from pathlib import Path

from django.db import transaction

from cells.models import Activity, DiplomaLevel, Occupation
from cells.services.reference.files import Column, Outcome, ReferenceFileError, Row, RowError, read_rows
from cells.services.reference.tables import upsert

ROME_CODE = re.compile(r"[A-N][0-9]{4}")
NAF_CODE = re.compile(r"([0-9]{2})\.?([0-9]{2})([A-Z])")
ROME_COLUMNS = (
    Column("code", ("code_rome", "rome"), required=True),
    Column("label", ("libelle_rome", "libelle", "intitule"), required=True),
    Column("parent", ("code_rome_parent",)),
)
NAF_COLUMNS = (
    Column("code", ("code_naf", "naf", "ape", "code_ape", "sous_classe", "code sous-classe"), required=True),
    Column(
        "label",
        (
            "libelle",
            "intitule",
            "libelle_naf",
            "intitules de la naf rev. 2, version finale",
            "intitules de la naf 2025",
            "intitules naf rev. 2, en 65 caracteres",
        ),
        required=True,
    ),
)
LEVEL_COLUMNS = (
    Column("level", ("niveau",), required=True),
    Column("label", ("libelle",), required=True),
    Column("former_label", ("ancien_libelle",)),
)


@transaction.atomic
def import_rome(path: Path) -> Outcome:
    """The file is a whole version: codes it lacks become obsolete, those it brings back are live again.

    A code whose row is refused for another reason is not thought to have vanished.
    """
    outcome = Outcome()
    occupations: dict[str, Occupation] = {}
    mentioned: set[str] = set()
    lines: dict[str, Row] = {}
    for row in read_rows(path, ROME_COLUMNS):
        code = row["code"].upper()
        if ROME_CODE.fullmatch(code):
            mentioned.add(code)
        error = _rome_error(row, code, lines)
        if error:
            outcome.errors.append(error)
            continue
        lines[code] = row
        occupations[code] = Occupation(code=code, label=row["label"][:200], is_obsolete=False)
    _require_rows(path, occupations)
    _set_parents(occupations, lines, outcome)
    upsert(list(occupations.values()), key=["code"], facts=["label", "parent_id", "is_obsolete"], outcome=outcome)
    vanished = Occupation.objects.filter(is_obsolete=False).exclude(code__in=mentioned)
    outcome.retired = vanished.update(is_obsolete=True)
    return outcome


def _rome_error(row: Row, code: str, seen: dict[str, Row]) -> RowError | None:
    if not ROME_CODE.fullmatch(code):
        return RowError(
            row.line, "code_rome", row["code"], "n’est pas un code ROME (une lettre de A à N, quatre chiffres)."
        )
    if code in seen:
        return RowError(row.line, "code_rome", code, f"est déjà donné à la ligne {seen[code].line}.")
    if not row["label"]:
        return RowError(row.line, "libelle_rome", "", "est vide : le libellé est obligatoire.")
    return None


def _set_parents(occupations: dict[str, Occupation], lines: dict[str, Row], outcome: Outcome) -> None:
    """The producer gives a sheet of the first level itself as parent: ours has none."""
    known = set(Occupation.objects.values_list("code", flat=True)) | occupations.keys()
    for code, occupation in occupations.items():
        parent = lines[code]["parent"].upper()
        if parent and parent not in known:
            reason = "n’est pas un code connu : métier gardé sans code de rattachement."
            outcome.errors.append(RowError(lines[code].line, "code_rome_parent", parent, reason))
        elif parent and parent != code:
            occupation.parent_id = parent


@transaction.atomic
def import_naf(path: Path, *, edition: str) -> Outcome:
    """Rows of upper levels (sections to classes) are part of Insee's table and are passed over."""
    outcome = Outcome()
    activities: dict[str, Activity] = {}
    for row in read_rows(path, NAF_COLUMNS):
        parts = NAF_CODE.fullmatch(row["code"].upper())
        if parts is None:
            if not re.fullmatch(r"[A-V]|SECTION.*|[0-9]{1,2}(\.?[0-9]{1,2})?|", row["code"].upper()):
                reason = "n’est pas un code NAF (quatre chiffres et une lettre, par exemple 10.71C)."
                outcome.errors.append(RowError(row.line, "code", row["code"], reason))
        elif not row["label"]:
            outcome.errors.append(RowError(row.line, "libelle", "", "est vide : le libellé est obligatoire."))
        else:
            code = "".join(parts.groups())
            activities[code] = Activity(version=edition, code=code, label=row["label"][:200])
    _require_rows(path, activities)
    upsert(list(activities.values()), key=["version", "code"], facts=["label"], outcome=outcome)
    return outcome


@transaction.atomic
def import_diploma_levels(path: Path) -> Outcome:
    outcome = Outcome()
    levels = []
    for row in read_rows(path, LEVEL_COLUMNS):
        if row["level"] in {"3", "4", "5", "6", "7", "8"}:
            levels.append(DiplomaLevel(level=int(row["level"]), label=row["label"], former_label=row["former_label"]))
        else:
            outcome.errors.append(RowError(row.line, "niveau", row["level"], "n’est pas un niveau de 3 à 8."))
    _require_rows(path, levels)
    upsert(levels, key=["level"], facts=["label", "former_label"], outcome=outcome)
    return outcome


def _require_rows(path: Path, rows: dict | list) -> None:
    if not rows:
        raise ReferenceFileError(
            f"Le fichier {path.name} n’a aucune ligne utilisable sous son en-tête : rien n’a été changé. "
            "Vérifiez que c’est bien la table complète du producteur."
        )
