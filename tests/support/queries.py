"""What a request may and may not do to the database."""

import contextlib
from collections.abc import Iterator
from typing import Any

from django.db import connection

READING = (
    "SELECT",
    "SAVEPOINT",
    "RELEASE SAVEPOINT",
    "ROLLBACK TO SAVEPOINT",
    "SET",
    "SHOW",
    "DECLARE",
    "FETCH",
    "CLOSE",
)


class WriteRefusedError(AssertionError):
    """A request that must only read wrote."""


@contextlib.contextmanager
def only_reading() -> Iterator[None]:
    """Any SQL but reading, locks included, fails the test."""

    def refuse(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        text = sql.strip().lstrip("(").upper()
        if not text.startswith(READING) or "FOR UPDATE" in text:
            raise WriteRefusedError(f"GET wrote: {sql[:200]}")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse):
        yield
