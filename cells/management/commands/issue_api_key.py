"""Issues, lists or revokes a partner's API keys."""

from contextlib import suppress
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q

from cells.errors import RefusedError
from cells.models import ApiKey, Cell, Organisation
from cells.scoping import Viewer
from cells.services.api_keys import issue_api_key, revoke_api_key


class Command(BaseCommand):
    help = "Crée une clé d’API pour une structure dans une cellule ; le secret n’est montré qu’une fois."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--cell", help="code de la région de la cellule (28) ou nom de la cellule")
        parser.add_argument("--organisation", help="nom, SIRET ou identifiant de la structure")
        parser.add_argument("--label", default="Clé d’API", help="à quoi sert la clé")
        parser.add_argument(
            "--scope",
            action="append",
            choices=ApiKey.Scope.values,
            help="droit, à répéter ; sans droit, la clé ne sert qu’à lire les offres à son propre rythme",
        )
        parser.add_argument("--days", type=int, default=365, help="durée de vie en jours (365)")
        parser.add_argument("--revoke", metavar="PREFIXE", help="révoque la clé de ce préfixe au lieu d’en créer une")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["revoke"]:
                self.revoke(options["revoke"])
            else:
                self.issue(options)
        except RefusedError as refusal:
            raise CommandError(str(refusal)) from refusal

    def issue(self, options: dict[str, Any]) -> None:
        if not options["cell"] or not options["organisation"]:
            raise CommandError("Indiquez --cell et --organisation.")
        cell = find_cell(options["cell"])
        issued = issue_api_key(
            cell=cell,
            organisation=find_organisation(options["organisation"]),
            label=options["label"],
            scopes=options["scope"] or [],
            days=options["days"],
            by=Viewer(cell_id=cell.pk),
        )
        self.stdout.write(f"Clé de « {issued.key.organisation} » pour « {cell} », valable {options['days']} jours.")
        self.stdout.write("Transmettez-la par un canal sûr : elle ne sera plus jamais affichée.")
        self.stdout.write(issued.token)

    def revoke(self, prefix: str) -> None:
        key = ApiKey.objects.filter(prefix=prefix.partition(".")[0]).first()
        if key is None:
            raise CommandError("Aucune clé n’a ce préfixe.")
        revoke_api_key(key, by=Viewer(cell_id=key.cell_id))
        self.stdout.write(f"La clé {key.prefix} est révoquée.")


def find_cell(wanted: str) -> Cell:
    found = list(Cell.objects.filter(Q(region=wanted) | Q(name__iexact=wanted))[:2])
    if len(found) != 1:
        known = ", ".join(f"{cell.region_id} ({cell.name})" for cell in Cell.objects.order_by("region"))
        raise CommandError(f"Cellule inconnue : {wanted}. Cellules : {known or 'aucune'}.")
    return found[0]


def find_organisation(wanted: str) -> Organisation:
    named = Q(name__iexact=wanted) | Q(siret=wanted)
    with suppress(ValueError):
        named |= Q(uuid=UUID(wanted))
    found = list(Organisation.objects.filter(named)[:2])
    if len(found) != 1:
        problem = "Plusieurs structures portent ce nom : donnez l’identifiant" if found else "Structure inconnue"
        raise CommandError(f"{problem} ({wanted}).")
    return found[0]
