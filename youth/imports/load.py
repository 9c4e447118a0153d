"""A wish file into people and wishes: streamed, chunk by chunk, and safe to read again at any time."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from cells.imports.batches import BatchRecorder, alone_in_cell, already_done
from cells.imports.errors import FileRefused, RowRefused
from cells.imports.reading import Header, Row, Table, open_table
from cells.models import Cell, ImportBatch
from cells.scoping import Viewer
from cells.services.places import PlaceIndex
from cells.text import normalise
from youth.imports.layouts import AFFELNET, Layout, detect_layout, layout_named
from youth.imports.people import PeopleOfChunk
from youth.imports.records import WishRecord
from youth.imports.rows import RowReader, next_school_year
from youth.imports.trainings import TrainingIndex
from youth.imports.wishes import SeenWishes, WishesOfChunk
from youth.models import YoungPerson

CHUNK_ROWS = 2_000
FEW_CLOSED = 50  # wishes that any file may close

Progress = Callable[[ImportBatch], None]


def import_wishes(
    path: Path,
    *,
    cell: Cell,
    preset: str | None = None,
    by: Viewer,
    progress: Progress | None = None,
    school_year: int | None = None,
    complete: bool = False,
    batch: ImportBatch | None = None,
) -> ImportBatch:
    """Read the file into the cell; `batch.state` says how it ended (a refused file raises nothing).

    `school_year`: the September the wishes are for, where the file does not say; by default the next one.
    `complete`: somebody vouches that the file is whole, however many wishes it closes (see _close_vanished).
    `progress` is called after each chunk. Raises RefusedError when the cell has another import running.
    """
    kind = layout_named(preset).kind if preset else AFFELNET.kind
    with alone_in_cell(cell), BatchRecorder(Path(path), kind=kind, cell=cell, by=by, batch=batch) as recorder:
        facts = recorder.inspect()
        header = Header.read(recorder.path, facts.encoding)
        layout = layout_named(preset) if preset else detect_layout(header)
        recorder.batch.kind = layout.kind
        recorder.batch.save(update_fields=["kind"])
        with SeenWishes() as seen:
            _Loading(recorder, cell, layout, header, seen, school_year, complete).run(progress)
    return recorder.batch


class _Loading:
    def __init__(
        self,
        recorder: BatchRecorder,
        cell: Cell,
        layout: Layout,
        header: Header,
        seen: SeenWishes,
        school_year: int | None,
        complete: bool,
    ) -> None:
        today = timezone.localdate()
        self.recorder, self.cell, self.layout, self.seen, self.today = recorder, cell, layout, seen, today
        self.table: Table = open_table(
            recorder.path, columns=layout.columns, required=layout.required, refuse=recorder.refuse, header=header
        )
        self.titles = {column: self.table.title(column) for column in layout.columns}
        self.reader = RowReader(
            layout,
            self.table,
            school_year=school_year or next_school_year(today),
            today=today,
            note=recorder.note,
        )
        self.places = PlaceIndex.load()
        self.trainings = TrainingIndex.load(self.places)
        # What the file speaks of: only there may it close what it does not name.
        self.scopes: set[tuple[str, int]] = set()
        self.complete = complete
        self.nameless = 0
        self._lost: list[Row] = []
        self._unreadable_counted = 0

    def run(self, progress: Progress | None) -> None:
        for rows in _chunks(self.table):
            with transaction.atomic():
                self._load_chunk(rows)
                self.recorder.flush()
            if progress:
                progress(self.recorder.batch)
        self._count_unreadable()
        if not self.recorder.batch.rows_read:
            raise FileRefused("Le fichier n’a que son en-tête : aucune ligne à lire.")
        with transaction.atomic():
            self._close_vanished()
        self._say_if_known()

    def _load_chunk(self, rows: list[Row]) -> None:
        read = list(self._read(rows))
        people = PeopleOfChunk(self.cell, self.places, (record.person for _, record in read))
        found = list(self._identify(read, people))
        changed_people = people.write()
        outcomes = self._take_wishes(found, changed_people)
        self.recorder.count(
            rows=len(rows),
            created=outcomes.count("created"),
            updated=outcomes.count("updated"),
            unchanged=outcomes.count("unchanged"),
        )
        self._count_unreadable()
        self._spare_lost()

    def _count_unreadable(self) -> None:
        self.recorder.count(rows=self.table.unreadable - self._unreadable_counted)
        self._unreadable_counted = self.table.unreadable

    def _read(self, rows: list[Row]) -> Iterator[tuple[Row, WishRecord]]:
        for row in rows:
            try:
                yield row, self.reader.read(row)
            except RowRefused as refusal:
                self._refuse(row, refusal)

    def _identify(
        self, read: list[tuple[Row, WishRecord]], people: PeopleOfChunk
    ) -> Iterator[tuple[Row, WishRecord, YoungPerson]]:
        for row, record in read:
            try:
                yield row, record, people.find(record.person, self.titles)
            except RowRefused as refusal:
                self._refuse(row, refusal)

    def _take_wishes(self, found: list[tuple[Row, WishRecord, YoungPerson]], changed_people: set[int]) -> list[str]:
        """The fate of each row: a row whose person alone changed counts as updated, once."""
        wishes = WishesOfChunk(
            self.layout,
            self.trainings,
            self.recorder.batch,
            self.seen,
            (person for _, _, person in found),
            self.titles["offer_code"],
        )
        outcomes = []
        for row, record, person in found:
            try:
                outcome = wishes.take(record, person)
            except RowRefused as refusal:
                self.recorder.refuse(row.line, refusal.column, refusal.value, refusal.reason)
                continue
            self.scopes.add((record.academy, record.school_year))
            if id(person) in changed_people:
                changed_people.discard(id(person))
                outcome = "updated" if outcome == "unchanged" else outcome
            outcomes.append(outcome)
        wishes.write()
        return outcomes

    def _refuse(self, row: Row, refusal: RowRefused) -> None:
        self.recorder.refuse(row.line, refusal.column, refusal.value, refusal.reason)
        self._lost.append(row)

    def _spare_lost(self) -> None:
        """A refused row names its person all the same: their wishes are not missing from the file."""
        if not self._lost:
            return
        ines = [row.values["ine"].replace(" ", "").upper() for row in self._lost]
        names = [normalise(f"{row.values['last_name']} {row.values['first_name']}") for row in self._lost]
        self.nameless += sum(not ine and not name for ine, name in zip(ines, names, strict=True))
        self.seen.spare(self.cell, [ine for ine in ines if ine], [name for name in names if name])
        self._lost.clear()

    def _close_vanished(self) -> None:
        if lost := self.table.unreadable + self.nameless:
            self.recorder.message = (
                f"{lost} ligne(s) sans identité lisible : par prudence, aucun vœu absent du fichier n’a été clos."
            )
            return
        for academy, school_year in sorted(self.scopes):
            with transaction.atomic():
                closed = self.seen.close_others(self.cell, self.layout.source, academy, school_year, self.today)
                if self._looks_partial(closed):
                    transaction.set_rollback(True)
                    continue
            self.recorder.count(closed=closed)

    def _looks_partial(self, closed: int) -> bool:
        """A file that would close more wishes than it names is an extract until somebody says otherwise."""
        batch = self.recorder.batch
        named = batch.created_count + batch.updated_count + batch.unchanged_count
        if self.complete or closed <= max(FEW_CLOSED, named):
            return False
        self.recorder.message = (
            f"Le fichier nomme {named} vœux et en clorait {closed} : il semble partiel, aucun vœu absent n’a été clos. "
            "S’il est bien complet, relancez import_wishes avec --complete."
        )
        return True

    def _say_if_known(self) -> None:
        earlier = already_done(self.recorder.batch)
        if earlier:
            said = f"Ce fichier avait déjà été importé le {timezone.localtime(earlier.started_at):%d/%m/%Y}."
            self.recorder.message = f"{said} {self.recorder.message}".strip()


def _chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    iterator = iter(rows)
    while chunk := list(islice(iterator, CHUNK_ROWS)):
        yield chunk
