"""Which version of each nomenclature is in force, and whether it may be stale."""

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from cells.models import ReferenceDataset

MAX_AGE = dt.timedelta(days=365)
# The others last until a decree replaces them.
YEARLY = (
    ReferenceDataset.Kind.TERRITORY,
    ReferenceDataset.Kind.ROME,
    ReferenceDataset.Kind.TRAININGS,
)
NAF_2025 = "2025"
NAF_2025_IN_FORCE = dt.date(2027, 1, 1)  # decree 2025-736


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who published a version, and on what terms. `released_on` is the producer's date, when known."""

    kind: str
    version: str
    source: str
    licence: str
    released_on: dt.date | None = None


def record_dataset(provenance: Provenance, *, sha256: str, rows: int) -> ReferenceDataset:
    """Loading an older file again makes it the newest: it is what the tables now hold."""
    dataset, _ = ReferenceDataset.objects.update_or_create(
        kind=provenance.kind,
        sha256=sha256,
        defaults={
            "version": provenance.version,
            "source": provenance.source,
            "licence": provenance.licence,
            "released_on": provenance.released_on,
            "rows": rows,
            "loaded_at": timezone.now(),
        },
    )
    return dataset


def stale_datasets(today: dt.date) -> list[str]:
    """One French sentence per nomenclature whose newest version is over a year old or replaced by law."""
    warnings = []
    for kind in YEARLY:
        newest = ReferenceDataset.objects.filter(kind=kind).order_by("-loaded_at").first()
        if newest is None:
            continue
        released = newest.released_on or newest.loaded_at.date()
        if today - released > MAX_AGE:
            warnings.append(
                f"{newest} date du {released:%d/%m/%Y}, plus d’un an : importez la version suivante "
                "(cells/reference/README.md dit où la trouver)."
            )
    naf = ReferenceDataset.objects.filter(kind=ReferenceDataset.Kind.NAF)
    if today >= NAF_2025_IN_FORCE and not naf.filter(version=NAF_2025).exists():
        warnings.append(
            "La NAF 2025 est en vigueur depuis le 01/01/2027 et n’est pas chargée : "
            "import_nomenclature naf FICHIER --edition 2025."
        )
    return warnings
