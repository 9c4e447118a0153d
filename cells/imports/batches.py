"""The life of an import batch: its record is visible from the first second, and a dead reader leaves a trace."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from django.db import connection, transaction
from django.utils import timezone

from cells.imports.errors import BusyError, FileRefused
from cells.imports.files import FileFacts, inspect_file
from cells.models import Cell, ImportBatch, RefusedRow
from cells.scoping import Viewer
from cells.services.audit import record_action

FLUSH_AT = 1_000
# Beyond this many refused rows nobody reads on; they are still counted.
MOST_REFUSALS_KEPT = 50_000
LONGEST_VALUE = RefusedRow._meta.get_field("value").max_length or 0
LONGEST_REASON = RefusedRow._meta.get_field("reason").max_length or 0

# First halves of PostgreSQL advisory locks: who reads a batch, and who imports into a cell.
BATCH_LOCK, CELL_LOCK = 0x1E01, 0x1E02
COUNTERS = ("rows_read", "created_count", "updated_count", "unchanged_count", "closed_count", "refused_count")


class BatchRecorder:
    """`with BatchRecorder(path, …) as record:` ends DONE; REFUSED when FileRefused is raised inside (which stops
    there: look at `batch.state`); INTERRUPTED, and raised on, for anything else.
    """

    def __init__(
        self, path: Path, *, kind: str, cell: Cell | None, by: Viewer, batch: ImportBatch | None = None
    ) -> None:
        """`batch`: one that waits for its file to be read (an upload), else a new one. Entering raises BusyError
        when another process reads that batch, or when it is over.
        """
        self.path = path
        self.by = by
        self.batch = batch or ImportBatch(kind=kind, cell=cell, started_by_id=by.user_id, file_name=path.name[:200])
        self.kind = kind
        self.facts: FileFacts | None = None
        self.message = ""
        self._refused: list[RefusedRow] = []
        self._kept = 0

    def __enter__(self) -> Self:
        with transaction.atomic():  # a running batch is never seen without its lock
            if self.batch.pk is None:
                self.batch.save()
            if not _try_lock(BATCH_LOCK, self.batch.pk):
                raise BusyError("Ce fichier est déjà en cours de lecture.")
            try:
                self._begin()
            except BaseException:
                _unlock(BATCH_LOCK, self.batch.pk)
                raise
        return self

    def _begin(self) -> None:
        """From zero, unless it was read to its end while we waited for our turn."""
        self.batch.refresh_from_db(from_queryset=ImportBatch.objects.select_for_update())
        if self.batch.state in (ImportBatch.State.DONE, ImportBatch.State.REFUSED):
            raise BusyError("Ce fichier a déjà été lu.")
        self.batch.kind = self.kind
        self.batch.state, self.batch.finished_at, self.batch.message = ImportBatch.State.RUNNING, None, ""
        for counter in COUNTERS:
            setattr(self.batch, counter, 0)
        self.batch.save()
        self.batch.refused_rows.all().delete()
        record_action("import.started", by=self.by, target=self.batch, cell_id=self.batch.cell_id)

    def inspect(self) -> FileFacts:
        """Fingerprint and encoding of the file, noted in the batch. Raises FileRefused."""
        self.facts = inspect_file(self.path)
        self.batch.sha256, self.batch.size = self.facts.sha256, self.facts.size
        self.batch.save(update_fields=["sha256", "size", "kind"])
        return self.facts

    def refuse(self, line: int, column: str, value: str, reason: str) -> None:
        """A row that is not kept."""
        self.batch.refused_count += 1
        self.note(line, column, value, reason)

    def note(self, line: int, column: str, value: str, reason: str) -> None:
        """A value left aside in a row that is kept: listed with the refusals, not counted among them."""
        if self._kept >= MOST_REFUSALS_KEPT:
            return
        self._kept += 1
        row = RefusedRow(
            batch=self.batch,
            line=line,
            column=column[:100],
            value=value[:LONGEST_VALUE].replace("\0", "␀"),
            reason=reason[:LONGEST_REASON],
        )
        self._refused.append(row)
        if len(self._refused) >= FLUSH_AT:
            self._write_refused()

    def count(self, *, rows: int = 0, created: int = 0, updated: int = 0, unchanged: int = 0, closed: int = 0) -> None:
        for counter, more in zip(COUNTERS, (rows, created, updated, unchanged, closed), strict=False):
            setattr(self.batch, counter, getattr(self.batch, counter) + more)

    def flush(self) -> None:
        """Show the progress to those who wait: call it once per chunk."""
        self._write_refused()
        self.batch.save(update_fields=[*COUNTERS])

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        try:
            if connection.needs_rollback:
                return False  # an outer transaction is lost, and the batch with it
            self._finish(error)
        finally:
            _unlock(BATCH_LOCK, self.batch.pk)
        return isinstance(error, FileRefused)

    def _finish(self, error: BaseException | None) -> None:
        state, message = ImportBatch.State.DONE, self.message
        if isinstance(error, FileRefused):
            state, message = ImportBatch.State.REFUSED, str(error)
        elif error is not None:
            state = ImportBatch.State.INTERRUPTED
            message = f"L’import s’est arrêté avant la fin ({type(error).__name__}). Relancez-le : rien n’est doublé."
        with transaction.atomic():
            self._write_refused()
            _end(self.batch, state, message)
            record_action(
                "import.finished",
                by=self.by,
                target=self.batch,
                cell_id=self.batch.cell_id,
                facts={"state": str(state), **{name: getattr(self.batch, name) for name in COUNTERS}},
            )

    def _write_refused(self) -> None:
        RefusedRow.objects.bulk_create(self._refused)
        self._refused.clear()


def already_done(batch: ImportBatch) -> ImportBatch | None:
    """The last finished import of the very same file for the same cell."""
    same = ImportBatch.objects.filter(cell=batch.cell, sha256=batch.sha256, state=ImportBatch.State.DONE)
    return same.exclude(pk=batch.pk).order_by("-started_at").first()


@contextmanager
def alone_in_cell(cell: Cell) -> Iterator[None]:
    """One import at a time per cell, whatever the process. Raises BusyError when another one is running."""
    if not _try_lock(CELL_LOCK, cell.pk):
        raise BusyError(f"Un autre import est en cours pour « {cell.name} » : attendez sa fin, puis recommencez.")
    try:
        close_dead_batches()
        yield
    finally:
        _unlock(CELL_LOCK, cell.pk)


def close_dead_batches() -> int:
    """Mark as interrupted the batches whose reader died: nobody holds their lock."""
    closed = 0
    for batch in ImportBatch.objects.filter(state=ImportBatch.State.RUNNING):
        if not _try_lock(BATCH_LOCK, batch.pk):
            continue
        try:
            message = "Le programme s’est arrêté avant la fin. Relancez l’import : rien n’est doublé."
            closed += ImportBatch.objects.filter(pk=batch.pk, state=ImportBatch.State.RUNNING).update(
                state=ImportBatch.State.INTERRUPTED, message=message, finished_at=timezone.now()
            )
        finally:
            _unlock(BATCH_LOCK, batch.pk)
    return closed


def _end(batch: ImportBatch, state: ImportBatch.State, message: str) -> None:
    batch.state, batch.message, batch.finished_at = state, message[:500], timezone.now()
    batch.save(update_fields=["state", "message", "finished_at", *COUNTERS])


def _try_lock(family: int, pk: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [family, pk % 2**31])
        return bool(cursor.fetchone()[0])


def _unlock(family: int, pk: int) -> None:
    """A lost connection has already let go."""
    if connection.connection is None or connection.needs_rollback:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [family, pk % 2**31])
