from argparse import ArgumentParser
from contextlib import nullcontext
from pathlib import Path
from time import monotonic
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from cells.models import Cell, ImportBatch
from cells.scoping import NOBODY
from employers.imports.load import import_offers

SHOWN_REFUSALS = 20


class Command(BaseCommand):
    help = "Lit un fichier d’offres : export national (JSON) ou CSV (colonnes décrites dans docs/offres.md)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("fichier", type=Path)
        parser.add_argument("--cell", metavar="RÉGION", help="code INSEE de la région de la cellule concernée")
        parser.add_argument(
            "--complete",
            action="store_true",
            help="le fichier contient toutes les offres de ses sources : celles qui n’y sont plus sont annulées",
        )
        parser.add_argument("--dry-run", action="store_true", help="tout lire et vérifier, ne rien garder")

    def handle(self, *args: Any, **options: Any) -> None:
        self.began = monotonic()
        with transaction.atomic() if options["dry_run"] else nullcontext():
            batch = import_offers(
                options["fichier"],
                by=NOBODY,
                cell=self.cell(options["cell"]),
                complete=options["complete"],
                progress=self.show_progress,
            )
            self.show(batch)
            if options["dry_run"]:
                transaction.set_rollback(True)
                self.stdout.write("Essai à blanc : rien n’a été gardé.")
        if batch.state != ImportBatch.State.DONE:
            raise CommandError(batch.message)

    def cell(self, region: str | None) -> Cell | None:
        if not region:
            return None
        try:
            return Cell.objects.get(region=region)
        except Cell.DoesNotExist as error:
            raise CommandError(f"Aucune cellule pour la région « {region} ».") from error

    def show_progress(self, batch: ImportBatch) -> None:
        rate = batch.rows_read / max(monotonic() - self.began, 0.001)
        self.stdout.write(f"{batch.rows_read} offres lues ({rate:.0f}/s)…")

    def show(self, batch: ImportBatch) -> None:
        self.stdout.write(
            f"{batch.rows_read} offres lues : {batch.created_count} créées, {batch.updated_count} modifiées, "
            f"{batch.unchanged_count} inchangées, {batch.closed_count} annulées, {batch.refused_count} refusées."
        )
        if batch.message:
            self.stdout.write(batch.message)
        for row in batch.refused_rows.all()[:SHOWN_REFUSALS]:
            self.stdout.write(f"  ligne {row.line}, {row.column or '—'} : {row.reason} (« {row.value} »)")
