"""The wishes of one chunk: created, updated, reopened or left alone; then those that vanished from the file."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.db import connection
from django.utils import timezone
from psycopg2.extras import execute_values

from cells.imports.errors import RowRefused
from cells.imports.writing import insert_rows, update_rows
from cells.models import Cell, ImportBatch
from youth.imports.layouts import Layout
from youth.imports.records import WishRecord
from youth.imports.trainings import TrainingIndex
from youth.models import Wish, YoungPerson

WATCHED = (
    "rank", "label", "training_id", "level_id", "keys", "site_name", "site_city", "site_latitude", "site_longitude",
    "closed_at", "closed_reason",
)  # fmt: skip
VANISHED = "absent du fichier du "
WATCHED_FIELDS = [*(name.removesuffix("_id") for name in WATCHED), "batch"]

WishKey = tuple[int, int, str]  # person, school year, external key


class SeenWishes:
    """The wishes a file has named so far, in a temporary table: memory stays flat whatever the file."""

    def __enter__(self) -> "SeenWishes":
        _run("CREATE TEMPORARY TABLE IF NOT EXISTS import_seen (wish_id bigint PRIMARY KEY, line integer)")
        _run("TRUNCATE import_seen")
        return self

    def __exit__(self, *error: object) -> None:
        if not connection.needs_rollback:
            _run("DROP TABLE IF EXISTS import_seen")

    def lines_of(self, wish_ids: Sequence[int]) -> dict[int, int]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT wish_id, line FROM import_seen WHERE wish_id = ANY(%s) AND line IS NOT NULL", [list(wish_ids)]
            )
            return dict(cursor.fetchall())

    def add(self, lines: Iterable[tuple[int, int]]) -> None:
        with connection.cursor() as cursor:
            execute_values(
                cursor.cursor,
                "INSERT INTO import_seen VALUES %s ON CONFLICT (wish_id) DO UPDATE SET line = EXCLUDED.line",
                list(lines),
                page_size=5_000,
            )

    def spare(self, cell: Cell, ines: Sequence[str], names: Sequence[str]) -> None:
        """The wishes of people whose row was refused are not absent from the file."""
        _run(
            """
            INSERT INTO import_seen (wish_id)
            SELECT wish.id FROM youth_wish wish JOIN youth_youngperson person ON person.id = wish.young_person_id
            WHERE person.cell_id = %s AND (person.ine = ANY(%s) OR person.search_name = ANY(%s))
            ON CONFLICT DO NOTHING
            """,
            [cell.pk, list(ines), list(names)],
        )

    def close_others(self, cell: Cell, source: str, academy: str, school_year: int, day: date) -> int:
        """Close the open wishes of that source, year and académie that the file does not name; how many."""
        now = timezone.now()
        return _run(
            """
            UPDATE youth_wish wish SET closed_at = %s, closed_reason = %s, updated_at = %s
            FROM youth_youngperson person
            WHERE person.id = wish.young_person_id AND person.cell_id = %s AND wish.source = %s
              AND wish.school_year = %s AND wish.closed_at IS NULL
              AND (%s = '' OR starts_with(wish.external_key, %s || '/'))
              AND NOT EXISTS (SELECT 1 FROM import_seen WHERE wish_id = wish.id)
            """,
            [now, f"{VANISHED}{day:%d/%m/%Y}", now, cell.pk, source, school_year, academy, academy],
        )


class WishesOfChunk:
    """`take` each record with its person once people are written, then `write` once."""

    def __init__(
        self,
        layout: Layout,
        trainings: TrainingIndex,
        batch: ImportBatch,
        seen: SeenWishes,
        people: Iterable[YoungPerson],
        key_title: str,
    ) -> None:
        self.layout = layout
        self.trainings = trainings
        self.batch = batch
        self.seen = seen
        self.key_title = key_title
        self.created: list[Wish] = []
        self.changed: list[Wish] = []
        self._lines: dict[WishKey, int] = {}
        self._wishes: list[tuple[Wish, int]] = []
        # Locked until the chunk is committed: what a counsellor decides meanwhile comes after, and stays.
        known = (
            Wish.objects.filter(young_person__in={one.pk for one in people}, source=layout.source)
            .select_for_update(of=("self",))
            .order_by("pk")
        )
        self._known = {(one.young_person_id, one.school_year, one.external_key): one for one in known}
        self._earlier = seen.lines_of([one.pk for one in self._known.values()])

    def take(self, record: WishRecord, person: YoungPerson) -> str:
        """Returns "created", "updated" or "unchanged". Raises RowRefused for a wish the file has named before."""
        key = (person.pk, record.school_year, record.external_key)
        known = self._known.get(key)
        self._refuse_twice(key, known, record)
        self._lines[key] = record.line
        if known is None:
            wish = self._create(record, person)
            self.created.append(wish)
            outcome = "created"
        else:
            wish = known
            outcome = self._update(wish, record)
        self._wishes.append((wish, record.line))
        return outcome

    def _refuse_twice(self, key: WishKey, known: Wish | None, record: WishRecord) -> None:
        earlier = self._lines.get(key) or (known and self._earlier.get(known.pk))
        if earlier:
            reason = f"ce vœu est déjà à la ligne {earlier} du fichier : la première est gardée"
            raise RowRefused(self.key_title, record.external_key, reason)

    def _create(self, record: WishRecord, person: YoungPerson) -> Wish:
        wish = Wish(
            young_person_id=person.pk,
            source=self.layout.source,
            school_year=record.school_year,
            external_key=record.external_key,
            batch_id=self.batch.pk,
        )
        self._fill(wish, record)
        return wish

    def _update(self, wish: Wish, record: WishRecord) -> str:
        before = _watched(wish)
        self._fill(wish, record)
        if wish.closed_reason.startswith(VANISHED):
            wish.closed_at, wish.closed_reason = None, ""
        if _watched(wish) == before:
            return "unchanged"
        wish.batch_id = self.batch.pk
        self.changed.append(wish)
        return "updated"

    def _fill(self, wish: Wish, record: WishRecord) -> None:
        """A training that a human found stays when the file alone would not tell."""
        wish.rank, wish.label, wish.keys = record.rank, record.label, record.keys
        wish.site_name, wish.site_city = record.site_name, record.site_city
        training_id, level_id, site = self.trainings.resolve(record.keys, record.label)
        if training_id is not None:
            wish.training_id, wish.level_id = training_id, level_id
        if site is not None:
            wish.site_latitude, wish.site_longitude = site

    def write(self) -> None:
        insert_rows(self.created)
        update_rows(self.changed, WATCHED_FIELDS)
        self.seen.add((wish.pk, line) for wish, line in self._wishes)


def _watched(wish: Wish) -> tuple[Any, ...]:
    return tuple([getattr(wish, name) for name in WATCHED])


def _run(sql: str, parameters: Sequence[Any] = ()) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cursor.rowcount
