"""Writing many reference rows at once, and saying how many really changed."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import models

from cells.services.reference.files import Outcome

BATCH = 5000


def upsert(
    rows: Sequence[models.Model], *, key: Sequence[str], facts: Sequence[str], outcome: Outcome, **scope: Any
) -> None:
    """Insert the new rows, update those whose `facts` differ, leave the others alone; every row gets its pk.

    `key` tells rows of `scope` apart. The names are those of columns (`region_id`, not `region`).
    """
    if not rows:
        return
    manager: Any = type(rows[0])._default_manager
    size = len(key)
    stored = {row[:size]: row[size:] for row in manager.filter(**scope).values_list(*key, "pk", *facts)}
    new, changed = [], []
    for row in rows:
        known = stored.get(tuple(getattr(row, name) for name in key))
        if known is None:
            new.append(row)
            continue
        row.pk = known[0]
        if known[1:] != tuple(getattr(row, name) for name in facts):
            changed.append(row)
    manager.bulk_create(new, batch_size=BATCH)
    if changed:
        manager.bulk_create(
            changed, batch_size=BATCH, update_conflicts=True, unique_fields=["pk"], update_fields=_fields(rows, facts)
        )
    outcome.created += len(new)
    outcome.updated += len(changed)
    outcome.unchanged += len(rows) - len(new) - len(changed)


def _fields(rows: Sequence[models.Model], columns: Sequence[str]) -> list[str]:
    by_column = {field.attname: field.name for field in rows[0]._meta.concrete_fields}
    return [by_column[column] for column in columns]


def replace_pairs(
    model: type[models.Model], columns: tuple[str, str], wanted: Iterable[tuple[Any, Any]], **scope: Any
) -> None:
    """Make the link rows of `scope` exactly the `wanted` pairs."""
    manager: Any = model._default_manager
    stored = {(left, right): pk for left, right, pk in manager.filter(**scope).values_list(*columns, "pk")}
    wanted = set(wanted)
    gone = [pk for pair, pk in stored.items() if pair not in wanted]
    if gone:
        manager.filter(pk__in=gone).delete()
    missing = sorted(wanted - stored.keys())
    manager.bulk_create((model(**dict(zip(columns, pair, strict=True))) for pair in missing), batch_size=BATCH)
