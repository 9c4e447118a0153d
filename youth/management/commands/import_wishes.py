"""A wish file (Affelnet, Parcoursup) into one cell."""

from argparse import ArgumentParser
from collections.abc import Callable
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.db.models import Q

from cells.errors import RefusedError
from cells.models import Cell, ImportBatch
from cells.scoping import Viewer
from youth.imports.layouts import LAYOUTS
from youth.imports.load import import_wishes

SHOWN_REFUSALS = 10
State = ImportBatch.State


class Command(BaseCommand):
    help = "Lit un fichier de vœux (Affelnet ou Parcoursup) pour une cellule. Relire un fichier ne double rien."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, metavar="FICHIER")
        parser.add_argument("--cell", required=True, help="code INSEE de la région (ex. 28) ou UUID de la cellule")
        parser.add_argument("--preset", choices=sorted(LAYOUTS), help="sinon reconnu à l’en-tête")
        parser.add_argument("--school-year", type=int, help="rentrée, quand le fichier ne la dit pas (ex. 2026)")
        parser.add_argument("--complete", action="store_true", help="fichier entier, même s’il clôt beaucoup de vœux")
        parser.add_argument("--dry-run", action="store_true", help="tout vérifier et compter, ne rien garder")

    def handle(self, *args: Any, file: Path, dry_run: bool, **options: Any) -> None:
        with transaction.atomic() if dry_run else nullcontext():
            batch = self._import(file, options)
            self._report(batch, dry_run)
            if dry_run:
                transaction.set_rollback(True)
        if batch.state == State.REFUSED:
            raise CommandError(f"Fichier refusé. {batch.message}")

    def _import(self, file: Path, options: dict[str, Any]) -> ImportBatch:
        cell = find_cell(options["cell"])
        try:
            return import_wishes(
                file,
                cell=cell,
                preset=options["preset"],
                school_year=options["school_year"],
                complete=options["complete"],
                by=Viewer(cell_id=cell.pk),
                progress=self._progress(options["verbosity"]),
            )
        except RefusedError as error:
            raise CommandError(str(error)) from error

    def _progress(self, verbosity: int) -> Callable[[ImportBatch], None] | None:
        if verbosity < 1:
            return None
        return lambda batch: self.stdout.write(f"  {batch.rows_read} lignes lues, {batch.refused_count} refusées")

    def _report(self, batch: ImportBatch, dry_run: bool) -> None:
        if batch.state == State.REFUSED:
            return
        self.stdout.write(
            f"{batch.get_kind_display()} : {batch.rows_read} lignes lues, {batch.created_count} vœux créés, "
            f"{batch.updated_count} modifiés, {batch.unchanged_count} inchangés, {batch.closed_count} clos "
            f"(absents du fichier), {batch.refused_count} lignes refusées."
        )
        if batch.message:
            self.stdout.write(batch.message)
        self._report_refusals(batch)
        self.stdout.write(
            "Essai : rien n’a été gardé." if dry_run else f"Détail : import {batch.uuid} dans l’application."
        )

    def _report_refusals(self, batch: ImportBatch) -> None:
        refused = batch.refused_rows.all()
        for row in refused[:SHOWN_REFUSALS]:
            value = f" « {row.value} »" if row.value else ""
            column = f", {row.column}" if row.column else ""
            self.stdout.write(f"  ligne {row.line}{column}{value} : {row.reason}")
        if (more := refused.count() - SHOWN_REFUSALS) > 0:
            self.stdout.write(f"  … et {more} autres remarques, toutes visibles sur la page de l’import.")


def find_cell(named: str) -> Cell:
    """By the code of its region or by its UUID."""
    wanted = Q(region=named)
    with suppress(ValueError):
        wanted |= Q(uuid=UUID(named))
    cell = Cell.objects.filter(wanted).first()
    if cell is None:
        known = ", ".join(f"{code} ({name})" for code, name in Cell.objects.values_list("region_id", "name"))
        raise CommandError(f"Cellule « {named} » inconnue. Cellules : {known or 'aucune'}.")
    return cell
