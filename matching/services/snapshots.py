"""One unmoving view of the database for the whole of a run, and a second connection beside it.

A run reads, writes and is verified in one REPEATABLE READ transaction: the verifier sees the very rows the run saw.
What others must see meanwhile (progress, shards), and what they say (cancelled), passes by the connection beside.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DEFAULT_DB_ALIAS, Error, connection, connections, transaction

BESIDE = "beside"
SERIALIZATION_FAILURE = "40001"


@contextmanager
def snapshot() -> Iterator[None]:
    """In somebody's transaction (a test's), a part of it: the isolation is then theirs."""
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


@contextmanager
def beside() -> Iterator[str]:
    """The alias of a connection where every statement is committed at once, or of the only one in a transaction."""
    if connection.in_atomic_block:
        yield DEFAULT_DB_ALIAS
        return
    connections[BESIDE] = connection.copy(BESIDE)
    try:
        yield BESIDE
    finally:
        connections[BESIDE].close()
        del connections[BESIDE]


def is_conflict(error: Error) -> bool:
    """Whether rows the transaction had read or written were changed by another: it is to be done again."""
    return getattr(error.__cause__, "pgcode", None) == SERIALIZATION_FAILURE
