"""A CSV of the world outside, row by row: tolerant about form, and a broken line never takes its neighbours with it.

Only the columns a reader asks for are kept: what it does not name (nationality, marks…) never leaves this module.
"""

import csv
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self, TextIO

from cells.imports.errors import FileRefused
from cells.imports.files import inspect_file
from cells.text import normalise

MAX_LINE = 60_000  # characters
MAX_RECORD_LINES = 20  # a quoted cell may hold line breaks, not a whole file
DELIMITERS = ";,\t|"
MISSING = frozenset({"", "-"})
UNREADABLE = "\ufffd"

Refuse = Callable[[int, str, str, str], None]


class Row(NamedTuple):
    """`values`: every column asked for, "" where the file has none. `line` counts from 1, header included."""

    line: int
    values: dict[str, str]


@dataclass(frozen=True)
class Header:
    """The first line: its columns as written, and how they are cut."""

    names: tuple[str, ...]
    delimiter: str
    encoding: str

    @classmethod
    def read(cls, path: Path, encoding: str) -> Self:
        with open_text(path, encoding) as stream:
            first = stream.readline(MAX_LINE).lstrip("\ufeff")
        delimiter = max(DELIMITERS, key=first.count)
        if delimiter not in first or len(first) >= MAX_LINE:
            raise FileRefused(
                "La première ligne n’est pas un en-tête de colonnes séparées par des points-virgules : "
                "vérifiez que c’est le bon fichier."
            )
        names = tuple(name.strip() for name in cells_of(first, delimiter))
        if any("\0" in name for name in names):
            raise FileRefused("La première ligne contient des données binaires : enregistrez le fichier en CSV UTF-8.")
        return cls(names, delimiter, encoding)

    @property
    def keys(self) -> list[str]:
        return [normalise(name) for name in self.names]

    def positions(self, columns: Mapping[str, Collection[str]]) -> dict[str, int]:
        """Where each column asked for stands; the first of its headers that the file has wins."""
        places: dict[str, int] = {}
        for position, key in reversed(list(enumerate(self.keys))):
            places[key] = position
        found: dict[str, int] = {}
        for column, headers in columns.items():
            spots = [places[normalise(header)] for header in headers if normalise(header) in places]
            if spots:
                found[column] = spots[0]
        return found


class Table:
    """Iterate once. Lines that cannot be read are handed to `refuse` and skipped."""

    def __init__(self, path: Path, header: Header, positions: dict[str, int], columns: Collection[str], refuse: Refuse):
        self.path = path
        self.header = header
        self._positions = positions
        self._blank = dict.fromkeys(columns, "")
        self._refuse = refuse
        self.unreadable = 0

    def title(self, column: str) -> str:
        """The header of a column as this file writes it."""
        position = self._positions.get(column)
        return column if position is None else self.header.names[position]

    def __iter__(self) -> Iterator[Row]:
        width = len(self.header.names)
        positions = list(self._positions.items())
        with open_text(self.path, self.header.encoding) as stream:
            records = _Records(stream, self.header.delimiter, width, self._refuse_line)
            for line, cells in records:
                if (problem := self._problem(cells, width)) is not None:
                    self._refuse_line(line, *problem)
                    continue
                values = self._blank.copy()
                for column, position in positions:
                    value = cells[position].strip()
                    values[column] = "" if value in MISSING else value
                yield Row(line, values)

    def _problem(self, cells: list[str], width: int) -> tuple[str, str] | None:
        """(value, reason) when the line is not a row of this table. Never shows what we did not ask for."""
        count = len(cells)
        if count < width or any(cell.strip() for cell in cells[width:]):
            return "", f"{count} colonne{'s' * (count > 1)} au lieu de {width}"
        kept = [cells[position] for position in self._positions.values()]
        for cell in kept:
            if UNREADABLE in cell or "\0" in cell:
                return cell.replace("\0", "␀"), "caractère illisible : enregistrez le fichier en UTF-8"
        return None

    def _refuse_line(self, line: int, value: str, reason: str) -> None:
        self.unreadable += 1
        self._refuse(line, "", value, reason)


def open_table(
    path: Path,
    *,
    columns: Mapping[str, Collection[str]],
    required: Collection[str] = (),
    refuse: Refuse,
    header: Header | None = None,
) -> Table:
    """`columns`: name for us → headers it may bear (case, accents, spaces and punctuation are ignored).

    Raises FileRefused for what is no CSV, or lacks a column of `required`.
    """
    header = header or Header.read(path, inspect_file(path).encoding)
    positions = header.positions(columns)
    missing = [next(iter(columns[column])) for column in required if column not in positions]
    if missing:
        listed = ", ".join(f"« {name} »" for name in missing)
        which = "Colonnes obligatoires absentes" if len(missing) > 1 else "Colonne obligatoire absente"
        raise FileRefused(f"{which} de l’en-tête : {listed}.")
    return Table(path, header, positions, columns, refuse)


def open_text(path: Path, encoding: str) -> TextIO:
    return path.open(encoding=encoding, errors="replace", newline=None)


def cells_of(record: str, delimiter: str, *, strict: bool = False) -> list[str]:
    return next(csv.reader([record], delimiter=delimiter, strict=strict), [])


class _Records:
    """Physical lines put together into records: a quote that never closes costs its own line only."""

    def __init__(self, stream: TextIO, delimiter: str, width: int, refuse: Callable[[int, str, str], None]):
        self.stream = stream
        self.delimiter = delimiter
        self.width = width
        self.refuse = refuse
        self.waiting: deque[tuple[int, str]] = deque()
        self.line = 0

    def __iter__(self) -> Iterator[tuple[int, list[str]]]:
        self.next_line()  # the header
        while (numbered := self.next_line()) is not None:
            line, text = numbered
            if not text.strip(self.delimiter + ' \n"'):
                continue
            if text.count('"') % 2 == 0:
                yield line, cells_of(text, self.delimiter)
            elif (cells := self.put_together(line, text)) is not None:
                yield line, cells

    def next_line(self) -> tuple[int, str] | None:
        """The next line that is not too long, with its number."""
        if self.waiting:
            return self.waiting.popleft()
        while text := self.stream.readline(MAX_LINE):
            self.line += 1
            if len(text) < MAX_LINE or text.endswith("\n"):
                return self.line, text
            self.skip_rest()
            self.refuse(self.line, "", f"ligne de plus de {MAX_LINE} caractères")
        return None

    def skip_rest(self) -> None:
        while (text := self.stream.readline(MAX_LINE)) and not text.endswith("\n"):
            pass

    def put_together(self, line: int, text: str) -> list[str] | None:
        """A line with an odd number of quotes: whole by itself, continued below, or broken."""
        if (cells := self.whole(text)) is not None:
            return cells
        taken: list[tuple[int, str]] = []
        while len(taken) < MAX_RECORD_LINES and (following := self.next_line()) is not None:
            taken.append(following)
            if following[1].count('"') % 2:
                record = text + "".join(part for _, part in taken)
                if len(record) <= MAX_LINE and (cells := self.whole(record)) is not None:
                    return cells
                break
            if self.whole(following[1]) is not None:
                break  # a row of its own: the quote above is a mistake
        self.waiting.extendleft(reversed(taken))
        self.refuse(line, "", "guillemet ouvert et jamais refermé")
        return None

    def whole(self, record: str) -> list[str] | None:
        """The cells, if the record is well formed and as wide as the header."""
        try:
            cells = cells_of(record, self.delimiter, strict=True)
        except csv.Error:
            return None
        return cells if len(cells) == self.width else None
