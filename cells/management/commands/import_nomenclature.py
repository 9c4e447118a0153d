"""Read a producer's own file: a new ROME, NAF or training catalogue."""

import datetime as dt
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cells.models import ReferenceDataset
from cells.services.reference.datasets import Provenance
from cells.services.reference.files import Outcome, ReferenceFileError
from cells.services.reference.producers import PRODUCERS, import_nomenclature

SHOWN_ERRORS = 20


class Command(BaseCommand):
    help = "Importe la table d’un producteur (ROME, NAF, catalogue des formations). Rejouable, ne supprime rien."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", choices=sorted(PRODUCERS), help="nature de la table")
        parser.add_argument("file", type=Path, help="fichier CSV du producteur")
        parser.add_argument("--edition", default="", help="version, par exemple 4.60 (ROME), rev2 ou 2025 (NAF)")
        parser.add_argument("--source", default="", help="origine, si ce n’est pas celle du producteur habituel")
        parser.add_argument("--released-on", type=parse_date, help="date de publication, AAAA-MM-JJ")

    def handle(self, *args: Any, **options: Any) -> None:
        producer = PRODUCERS[options["kind"]]
        edition = options["edition"] or producer.edition or options["file"].stem[:40]
        provenance = Provenance(
            kind=options["kind"],
            version=edition,
            source=options["source"] or producer.source,
            licence=producer.licence,
            released_on=options["released_on"],
        )
        try:
            outcome = import_nomenclature(options["file"], provenance)
        except ReferenceFileError as error:
            raise CommandError(str(error)) from error
        self.report(provenance, outcome)

    def report(self, provenance: Provenance, outcome: Outcome) -> None:
        self.stdout.write(
            f"{ReferenceDataset.Kind(provenance.kind).label} {provenance.version} : {outcome.created} créés, "
            f"{outcome.updated} modifiés, {outcome.unchanged} inchangés, {outcome.retired} devenus obsolètes, "
            f"{len(outcome.errors)} erreur(s)."
        )
        for error in outcome.errors[:SHOWN_ERRORS]:
            self.stderr.write(str(error))
        if len(outcome.errors) > SHOWN_ERRORS:
            self.stderr.write(f"… et {len(outcome.errors) - SHOWN_ERRORS} autres.")


def parse_date(text: str) -> dt.date:
    """Raises ValueError, which the command line words as a usage error."""
    return dt.date.fromisoformat(text)
