"""One file of offers, from its bytes to the database."""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from django.db import DataError, IntegrityError
from django.utils import timezone

from cells.imports.batches import BatchRecorder
from cells.imports.errors import FileRefused, RowRefused
from cells.imports.files import FileFacts
from cells.imports.reading import Header
from cells.models import Cell, DiplomaLevel, ImportBatch, Occupation
from cells.scoping import Viewer
from cells.services.places import PlaceIndex
from employers.imports.files import Item, is_json, read_json
from employers.imports.records import Reading
from employers.imports.rules import OfferRules, identity_of
from employers.imports.table import in_columns, read_table
from employers.imports.tree import Branch
from employers.imports.writing import OfferWriter

CHUNK = 2_000
Kind = ImportBatch.Kind
Progress = Callable[[ImportBatch], None]


def import_offers(
    path: Path | str,
    *,
    by: Viewer,
    cell: Cell | None = None,
    complete: bool = False,
    progress: Progress | None = None,
    batch: ImportBatch | None = None,
) -> ImportBatch:
    """Read a national JSON export or our CSV. Look at `batch.state`: a refused file raises nothing.

    Committed chunk by chunk; reading the same file again changes nothing. `complete` says that the file holds all
    the offers of its sources: those it does not hold any more are cancelled.
    """
    path = Path(path)
    kind = Kind.OFFERS_JSON if looks_like_json(path) else Kind.OFFERS_CSV
    with BatchRecorder(path, kind=kind, cell=cell, by=by, batch=batch) as recorder:
        facts = recorder.inspect()
        now = timezone.now()
        with OfferWriter(batch_id=recorder.batch.pk) as writer:
            run = OfferImport(recorder, writer, offer_rules(now), progress)
            run.read(run.items(facts))
            if complete:
                run.cancel_vanished()
            run.finish()
    return recorder.batch


def looks_like_json(path: Path) -> bool:
    try:
        return is_json(path)
    except OSError:
        return False  # `inspect` will say why


def offer_rules(now: datetime) -> OfferRules:
    rome_codes = frozenset(Occupation.objects.values_list("code", flat=True))
    if not rome_codes:
        raise FileRefused("Les métiers (ROME) ne sont pas chargés : lancez d’abord « load_reference ».")
    levels = frozenset(DiplomaLevel.objects.values_list("level", flat=True))
    return OfferRules(rome_codes=rome_codes, levels=levels, places=PlaceIndex.load(), now=now)


class OfferImport:
    """The reading of one file; counts and refusals go to the recorder as they come."""

    def __init__(
        self, recorder: BatchRecorder, writer: OfferWriter, rules: OfferRules, progress: Progress | None
    ) -> None:
        self.recorder = recorder
        self.writer = writer
        self.rules = rules
        self.progress = progress
        self.is_csv = recorder.batch.kind == Kind.OFFERS_CSV
        self.pending: list[Reading] = []
        self.refused_keys: list[tuple[str, str]] = []
        self.rows = 0
        self.without_key = 0
        self.without_place = 0

    def items(self, facts: FileFacts) -> Iterator[Item]:
        path = self.recorder.path
        if self.is_csv:
            return read_table(path, Header.read(path, facts.encoding), self.refuse_line)
        return read_json(path, facts.encoding)

    def read(self, items: Iterator[Item]) -> None:
        try:
            for item in items:
                self.take(item)
                if self.rows >= CHUNK:
                    self.write_pending()
        except FileRefused:
            self.write_pending()  # what was good before the file broke is kept
            raise
        self.write_pending()

    def take(self, item: Item) -> None:
        self.rows += 1
        try:
            if item.refusal:
                raise item.refusal
            reading = self.rules.read(item.line, item.values)
        except RowRefused as refusal:
            self.refuse(item, refusal)
            return
        for detail in reading.dropped:
            self.note(reading.line, detail)
        self.without_place += reading.offer.latitude is None
        self.pending.append(reading)

    def write_pending(self) -> None:
        if self.refused_keys:
            self.writer.remember_refused(self.refused_keys)
        if self.pending:
            self.write(self.pending)
        self.recorder.count(rows=self.rows)
        self.recorder.flush()
        self.pending, self.refused_keys, self.rows = [], [], 0
        if self.progress:
            self.progress(self.recorder.batch)

    def write(self, readings: list[Reading]) -> None:
        """A row our rules let through and the database does not is found by halves: it alone is refused."""
        try:
            written = self.writer.write(readings)
        except (DataError, IntegrityError):
            if len(readings) > 1:
                half = len(readings) // 2
                self.write(readings[:half])
                self.write(readings[half:])
            else:
                self.recorder.refuse(readings[0].line, "", "", "offre refusée par la base de données : signalez-la")
            return
        self.recorder.count(created=written.created, updated=written.updated, unchanged=written.unchanged)
        for line, job_id in written.repeated:
            reason = "déjà lue plus haut dans ce fichier : seule la première est gardée"
            self.refuse_value(line, RowRefused("identifier.partner_job_id", job_id, reason))

    def refuse(self, item: Item, refusal: RowRefused) -> None:
        self.refuse_value(item.line, refusal)
        try:
            self.refused_keys.append(identity_of(Branch(item.values)))
        except RowRefused:
            self.without_key += 1

    def refuse_value(self, line: int, refusal: RowRefused) -> None:
        shown = in_columns(refusal) if self.is_csv else refusal
        self.recorder.refuse(line, shown.column, shown.value, shown.reason)

    def refuse_line(self, line: int, column: str, value: str, reason: str) -> None:
        """A line of the CSV that is no row at all."""
        self.rows += 1
        self.without_key += 1
        self.recorder.refuse(line, column, value, reason)

    def note(self, line: int, detail: RowRefused) -> None:
        shown = in_columns(detail) if self.is_csv else detail
        self.recorder.note(line, shown.column, shown.value, shown.reason)

    def cancel_vanished(self) -> None:
        """Not when a line could not even be named: its offer would seem to have vanished."""
        if self.without_key:
            self.recorder.message = (
                f"{self.without_key} ligne(s) sans identifiant lisible : les offres disparues n’ont pas été annulées. "
            )
            return
        self.recorder.count(closed=self.writer.cancel_vanished())

    def finish(self) -> None:
        if self.without_place:
            self.recorder.message += (
                f"{self.without_place} offre(s) sans lieu connu : gardées, mais proposées près de personne."
            )
