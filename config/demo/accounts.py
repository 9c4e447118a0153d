"""Who can sign in to a demonstration."""

from typing import NamedTuple

from django.db import transaction

from cells.models import Cell, Membership, Organisation, Region, Role, User

PASSWORD = "apprentissage-demo"
REGION_CODES = ("28", "53")  # Normandie, Bretagne
PARTNER_TOWNS = {"28": "Rouen", "53": "Rennes"}


class Account(NamedTuple):
    label: str
    email: str
    first_name: str
    last_name: str
    role: Role | None  # None: technical staff, who belong to no cell
    region: str | None


ACCOUNTS = (
    Account("conseillère, Normandie", "alice@normandie.exemple", "Alice", "Lemoine", Role.COUNSELLOR, "28"),
    Account("responsable, Normandie", "diane@normandie.exemple", "Diane", "Auvray", Role.CELL_MANAGER, "28"),
    Account("conseiller, Bretagne", "charlie@bretagne.exemple", "Charlie", "Le Goff", Role.COUNSELLOR, "53"),
    Account("responsable, Bretagne", "erwan@bretagne.exemple", "Erwan", "Morvan", Role.CELL_MANAGER, "53"),
    Account("équipe technique (administration)", "technique@jonction.exemple", "Théo", "Petit", None, None),
)

SIGN_INS = [(account.label, account.email, PASSWORD) for account in ACCOUNTS]


@transaction.atomic
def create_accounts() -> None:
    """All or none: a half-made demonstration could not be taken up again."""
    for account in ACCOUNTS:
        user = User.objects.create_user(
            account.email,
            PASSWORD,
            first_name=account.first_name,
            last_name=account.last_name,
            is_staff=account.role is None,
            is_superuser=account.role is None,
        )
        if account.role:
            Membership.objects.create(user=user, cell=cell_of(account.region), role=account.role)


def cell_of(region_code: str | None) -> Cell:
    region = Region.objects.get(code=region_code)
    cell, _ = Cell.objects.get_or_create(
        region=region,
        defaults={
            "name": f"Cellule apprentissage {region.name}",
            "reply_to": f"cellule-apprentissage-{region.code}@jonction.exemple",
            "phone": "0232001122",
        },
    )
    return cell


def mission_locale_of(cell: Cell) -> Organisation:
    """A partner one can issue an API key to (docs/api.md)."""
    organisation, _ = Organisation.objects.get_or_create(
        kind=Organisation.Kind.MISSION_LOCALE, name=f"Mission locale de {PARTNER_TOWNS[cell.region_id]}"
    )
    organisation.cells.add(cell)
    return organisation
