"""A run verified again, from the rows as they are now."""

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from matching.certificate.checks import Check
from matching.certificate.naming import name_examples
from matching.models import MatchRun, RunCertificate
from matching.services.certification import Standing, standing_of, verify_run

STANDINGS = {
    Standing.STANDS: "Le certificat est intact et les lignes du calcul sont celles qu’il a vérifiées.",
    Standing.FORGED: "Le certificat a été modifié, ou signé avec une autre clé.",
    Standing.OUTDATED: "Le certificat est intact, mais les lignes du calcul ne sont plus celles qu’il a vérifiées.",
}


class Command(BaseCommand):
    help = "Vérifie de nouveau un rapprochement, sans rien écrire. Se termine en erreur si une vérification échoue."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "uuid", type=UUID, metavar="UUID", help="l’identifiant du calcul, dans l’adresse de sa page"
        )

    def handle(self, *args: Any, uuid: UUID, **options: Any) -> None:
        run = MatchRun.objects.done().filter(uuid=uuid).first()
        if run is None:
            raise CommandError("Aucun calcul terminé n’a cet identifiant.")
        outcome = verify_run(run)
        for check in outcome.checks:
            self._say(check)
        if outcome.changed:
            self.stdout.write(f"Modifié depuis le calcul : {outcome.changed} jeunes ou offres, qui ne sont plus jugés.")
        standing = self._standing(run)
        if not outcome.holds or standing in (Standing.FORGED, Standing.OUTDATED):
            raise CommandError("Ce calcul est refusé.")
        self.stdout.write(self.style.SUCCESS("Ce calcul est conforme."))

    def _say(self, check: Check) -> None:
        mark = "oui" if check.holds else "NON"
        aside = f" ({check.changed} modifiés depuis)" if check.changed else ""
        self.stdout.write(f"{mark:4} {check.title}{aside}")
        if not check.holds:
            self.stdout.write(f"     {check.faults} : {check.complaint}")
            for words in name_examples(check.examples):
                self.stdout.write(f"     {words}")

    def _standing(self, run: MatchRun) -> Standing | None:
        certificate = RunCertificate.objects.select_related("run").filter(run=run).first()
        standing = standing_of(certificate) if certificate else None
        self.stdout.write(STANDINGS[standing] if standing else "Ce calcul n’a pas de certificat.")
        return standing
