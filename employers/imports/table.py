"""The CSV variant: French columns, put into the national tree so that one set of rules reads both."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from cells.imports.errors import RowRefused
from cells.imports.reading import Header, Refuse, open_table
from employers.imports.files import Item

REQUIRED = ("source", "identifiant", "intitule", "rome")
SEVERAL = re.compile(r"[|,;/ ]+")
YES, NO = {"oui", "o", "vrai", "1"}, {"non", "n", "faux", "0"}


def as_text(value: str) -> str | None:
    return value or None


def as_codes(value: str) -> list[str]:
    return [code for code in SEVERAL.split(value) if code]


def as_lines(value: str) -> list[str]:
    return [part.strip() for part in value.split("|")]


def as_boolean(value: str) -> bool | str | None:
    """What is neither yes nor no stays as it is, for the rules to refuse."""
    plain = value.casefold()
    return True if plain in YES else False if plain in NO else value or None


def as_number(value: str) -> float | str | None:
    try:
        return float(value.replace(",", "."))
    except ValueError:
        return value or None


def as_status(value: str) -> str | None:
    return STATUSES.get(value.casefold(), value) or None


def as_contracts(value: str) -> list[str]:
    return [part.strip().capitalize() for part in re.split(r"[|,;/]", value) if part.strip()]


def as_remote(value: str) -> str | None:
    return REMOTE.get(value.casefold(), value) or None


STATUSES = {"active": "Active", "pourvue": "Filled", "annulée": "Cancelled", "annulee": "Cancelled"}
REMOTE = {"sur site": "onsite", "à distance": "remote", "a distance": "remote", "hybride": "hybrid"}

# Column → path in the national tree, and how a cell becomes what JSON would hold there.
COLUMNS: dict[str, tuple[str, Callable[[str], Any]]] = {
    "source": ("identifier.partner_label", as_text),
    "identifiant": ("identifier.partner_job_id", as_text),
    "statut": ("offer.status", as_status),
    "intitule": ("offer.title", as_text),
    "description": ("offer.description", as_text),
    "rome": ("offer.rome_codes", as_codes),
    "niveau": ("offer.target_diploma.european", as_text),
    "postes": ("offer.opening_count", as_text),
    "competences": ("offer.desired_skills", as_lines),
    "acquis": ("offer.to_be_acquired_skills", as_lines),
    "conditions": ("offer.access_conditions", as_lines),
    "mineurs": ("offer.accepts_minors", as_boolean),
    "publication": ("offer.publication.creation", as_text),
    "expiration": ("offer.publication.expiration", as_text),
    "contrat": ("contract.type", as_contracts),
    "debut": ("contract.start", as_text),
    "duree_mois": ("contract.duration", as_text),
    "teletravail": ("contract.remote", as_remote),
    "siret": ("workplace.siret", as_text),
    "employeur": ("workplace.name", as_text),
    "enseigne": ("workplace.brand", as_text),
    "raison_sociale": ("workplace.legal_name", as_text),
    "presentation": ("workplace.description", as_text),
    "site": ("workplace.website", as_text),
    "effectif": ("workplace.size", as_text),
    "adresse": ("workplace.location.address", as_text),
    "naf": ("workplace.domain.naf.code", as_text),
    "idcc": ("workplace.domain.idcc", as_text),
    "opco": ("workplace.domain.opco", as_text),
    "url": ("apply.url", as_text),
    "mail": ("apply.email", as_text),
    "telephone": ("apply.phone", as_text),
    "delegue": ("is_delegated", as_boolean),
}
HEADERS = (*COLUMNS, "latitude", "longitude")
COLUMN_OF = {path: column for column, (path, _) in COLUMNS.items()} | {
    "workplace.location.geopoint.coordinates": "latitude, longitude"
}


def read_table(path: Path, header: Header, refuse: Refuse) -> Iterator[Item]:
    columns = {name: (name,) for name in HEADERS}
    table = open_table(path, columns=columns, required=REQUIRED, refuse=refuse, header=header)
    for row in table:
        yield Item(row.line, tree_of(row.values))


def tree_of(cells: dict[str, str]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for column, (path, convert) in COLUMNS.items():
        if cell := cells.get(column):
            put(tree, path, convert(cell))
    point = [as_number(cells.get(column, "")) for column in ("longitude", "latitude")]
    if point != [None, None]:
        put(tree, "workplace.location.geopoint.coordinates", point)
    return tree


def put(tree: dict[str, Any], path: str, value: Any) -> None:
    *branches, leaf = path.split(".")
    for branch in branches:
        tree = tree.setdefault(branch, {})
    tree[leaf] = value


def in_columns(refusal: RowRefused) -> RowRefused:
    """The same refusal, in the words of the CSV."""
    return RowRefused(COLUMN_OF.get(refusal.column, refusal.column), refusal.value, refusal.reason)
