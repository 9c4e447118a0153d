"""The files that producers publish, and what reads each."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction

from cells.models import ReferenceDataset
from cells.services.reference.datasets import Provenance, record_dataset
from cells.services.reference.files import Outcome, ReferenceFileError, sha256_of
from cells.services.reference.nomenclatures import import_naf, import_rome
from cells.services.reference.trainings import import_trainings

NAF_EDITIONS = ("rev2", "2025")


@dataclass(frozen=True, slots=True)
class Producer:
    """`read` takes the file and the edition. An empty `edition` means that the file's name tells it."""

    source: str
    licence: str
    read: Callable[[Path, str], Outcome]
    edition: str = ""


def _read_naf(path: Path, edition: str) -> Outcome:
    if edition not in NAF_EDITIONS:
        raise ReferenceFileError(f"L’édition « {edition[:20]} » de la NAF n’existe pas : {' ou '.join(NAF_EDITIONS)}.")
    return import_naf(path, edition=edition)


PRODUCERS = {
    ReferenceDataset.Kind.ROME.value: Producer(
        "France Travail, référentiel des codes ROME",
        "Licence Ouverte 2.0",
        lambda path, edition: import_rome(path),
    ),
    ReferenceDataset.Kind.NAF.value: Producer("Insee", "Licence Ouverte 2.0", _read_naf, edition="rev2"),
    ReferenceDataset.Kind.TRAININGS.value: Producer(
        "Catalogue national des formations en apprentissage",
        "Licence Ouverte 2.0",
        lambda path, edition: import_trainings(path),
    ),
}


@transaction.atomic
def import_nomenclature(path: Path, provenance: Provenance) -> Outcome:
    """Read the whole file or, when it cannot be used, nothing. Raises ReferenceFileError."""
    outcome = PRODUCERS[provenance.kind].read(path, provenance.version)
    record_dataset(provenance, sha256=sha256_of(path), rows=outcome.kept)
    return outcome
