"""Who is meant by the ids a check found: public identifiers, never names."""

from collections.abc import Iterable

from django.db import connection

QUERIES = {
    "person": ("jeune", "SELECT id, uuid FROM youth_youngperson WHERE id = ANY(%s)"),
    "offer": ("offre", "SELECT id, uuid FROM employers_offer WHERE id = ANY(%s)"),
}


def name_examples(examples: Iterable[dict[str, int]]) -> list[str]:
    """« jeune … · offre … », with the row's number when it is not in the database."""
    examples = list(examples)
    known = {kind: _uuids(kind, [one[kind] for one in examples if kind in one]) for kind in QUERIES}
    return [
        " · ".join(f"{QUERIES[kind][0]} {known[kind].get(row, f'n° {row}')}" for kind, row in one.items())
        for one in examples
    ]


def _uuids(kind: str, ids: list[int]) -> dict[int, str]:
    with connection.cursor() as cursor:
        cursor.execute(QUERIES[kind][1], [ids])
        return {row: str(uuid) for row, uuid in cursor.fetchall()}
