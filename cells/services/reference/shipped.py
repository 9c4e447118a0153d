"""The reference data of this repository: described by cells/reference/datasets.toml, loaded once per version."""

import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.db import transaction

from cells.models import ReferenceDataset
from cells.services.reference.datasets import Provenance, record_dataset
from cells.services.reference.files import Outcome, sha256_of
from cells.services.reference.nomenclatures import import_diploma_levels, import_naf, import_rome
from cells.services.reference.territory import load_territory
from cells.services.reference.trainings import import_trainings

FOLDER = Path(__file__).resolve().parents[2] / "reference"
Kind = ReferenceDataset.Kind


@dataclass(frozen=True, slots=True)
class Shipped:
    provenance: Provenance
    files: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Loaded:
    """`outcome` is None when nothing was done, and `reason` says why."""

    provenance: Provenance
    outcome: Outcome | None
    reason: str = ""


def shipped_datasets(folder: Path = FOLDER) -> list[Shipped]:
    """In the order in which they need each other."""
    described = tomllib.loads((folder / "datasets.toml").read_text(encoding="utf-8"))
    return [
        Shipped(
            Provenance(kind, facts["version"], facts["source"], facts["licence"], facts.get("released_on")),
            tuple(folder / name for name in facts["files"]),
        )
        for kind, facts in described.items()
    ]


def load_shipped(folder: Path = FOLDER) -> Iterator[Loaded]:
    """Load what was never loaded. A producer's later version that an operator imported is never overwritten."""
    for shipped in shipped_datasets(folder):
        yield _load_one(shipped, folder)


@transaction.atomic
def _load_one(shipped: Shipped, folder: Path) -> Loaded:
    provenance = shipped.provenance
    sha256 = sha256_of(*shipped.files)
    datasets = ReferenceDataset.objects.filter(kind=provenance.kind)
    if datasets.filter(sha256=sha256).exists():
        return Loaded(provenance, None, "déjà chargé")
    if _is_outdone(provenance):
        return Loaded(provenance, None, "une autre version, plus récente ou importée à la main, est en place")
    outcome = _loader(shipped, folder)()
    record_dataset(provenance, sha256=sha256, rows=outcome.kept)
    return Loaded(provenance, outcome)


def _is_outdone(provenance: Provenance) -> bool:
    """Without a date there is no telling which is later: what is in place stays."""
    loaded = ReferenceDataset.objects.filter(kind=provenance.kind)
    if provenance.released_on is None:
        return loaded.exists()
    return loaded.filter(released_on__gt=provenance.released_on).exists()


def _loader(shipped: Shipped, folder: Path) -> Callable[[], Outcome]:
    path = shipped.files[0]
    return {
        Kind.TERRITORY: lambda: load_territory(folder),
        Kind.ROME: lambda: import_rome(path),
        Kind.NAF: lambda: import_naf(path, edition=shipped.provenance.version),
        Kind.DIPLOMA_LEVELS: lambda: import_diploma_levels(path),
        Kind.TRAININGS: lambda: import_trainings(path),
    }[Kind(shipped.provenance.kind)]
