"""Load the reference data of the repository: territory, ROME, diploma levels, NAF, common trainings."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from cells.models import ReferenceDataset
from cells.services.reference.datasets import stale_datasets
from cells.services.reference.files import ReferenceFileError
from cells.services.reference.shipped import Loaded, load_shipped


class Command(BaseCommand):
    help = "Charge les données de référence livrées avec Jonction ; sans effet si elles le sont déjà."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            for loaded in load_shipped():
                self.stdout.write(describe(loaded))
        except ReferenceFileError as error:
            raise CommandError(str(error)) from error
        for warning in stale_datasets(timezone.localdate()):
            self.stderr.write(self.style.WARNING(f"Attention : {warning}"))


def describe(loaded: Loaded) -> str:
    name = f"{ReferenceDataset.Kind(loaded.provenance.kind).label} {loaded.provenance.version}"
    outcome = loaded.outcome
    if outcome is None:
        return f"{name} : {loaded.reason}"
    refused = f", {len(outcome.errors)} cellule(s) écartée(s)" if outcome.errors else ""
    return f"{name} : {outcome.created} créés, {outcome.updated} modifiés, {outcome.unchanged} inchangés{refused}"
