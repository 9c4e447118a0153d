"""Producers' tables as rows: encoding, separator and header names are found out, not asked for."""

import codecs
import csv
import hashlib
import io
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from cells.text import normalise

MAX_BYTES = 300 * 1024 * 1024
SEPARATORS = ";,\t|"
# Insee puts a title above the header.
HEADER_WITHIN_LINES = 10
ZIP_START = b"PK\x03\x04"


class ReferenceFileError(Exception):
    """The file cannot be used at all; the message says in French what is wrong and what to do."""


@dataclass(frozen=True, slots=True)
class Column:
    """`names` are the headings under which producers publish it, compared without case or accents."""

    key: str
    names: tuple[str, ...]
    required: bool = False

    @property
    def known_as(self) -> frozenset[str]:
        return frozenset(normalise(name) for name in (self.key, *self.names))


@dataclass(frozen=True, slots=True)
class Row:
    line: int
    values: dict[str, str]

    def __getitem__(self, key: str) -> str:
        """The cell, stripped; empty when the column or the cell is missing."""
        return self.values.get(key, "")


@dataclass(frozen=True, slots=True)
class RowError:
    line: int
    column: str
    value: str
    reason: str

    def __str__(self) -> str:
        return f"ligne {self.line}, colonne {self.column} : « {self.value[:60]} » {self.reason}"


@dataclass(slots=True)
class Outcome:
    """What a load did, row by row."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    retired: int = 0
    errors: list[RowError] = field(default_factory=list)

    @property
    def kept(self) -> int:
        return self.created + self.updated + self.unchanged


def sha256_of(*paths: Path) -> str:
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def read_rows(path: Path, columns: tuple[Column, ...]) -> Iterator[Row]:
    """Rows under the first line that names every required column. Raises ReferenceFileError."""
    text = _decode(path)
    separator, header_line, positions = _find_header(path, text, columns)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    try:
        for cells in reader:
            if reader.line_num > header_line and any(cells):
                yield _row(reader.line_num, cells, positions)
    except csv.Error as error:
        raise ReferenceFileError(
            f"Le fichier {path.name} n’est plus lisible à la ligne {reader.line_num} : un guillemet ouvert n’y est "
            "sans doute jamais refermé. Corrigez cette ligne et recommencez."
        ) from error


def _row(line: int, cells: list[str], positions: dict[str, int]) -> Row:
    return Row(line, {key: cells[at].strip() for key, at in positions.items() if at < len(cells) and cells[at]})


def _decode(path: Path) -> str:
    content = _read_bytes(path)
    if content.startswith(ZIP_START):
        raise ReferenceFileError(
            f"Le fichier {path.name} est un classeur ou une archive (xlsx, ods, zip). Ouvrez-le, enregistrez la "
            "table au format CSV UTF-8, puis importez ce CSV."
        )
    if b"\0" in content:
        raise ReferenceFileError(
            f"Le fichier {path.name} n’est pas un fichier texte. Il faut un CSV en UTF-8 ou en Windows-1252."
        )
    for encoding in ("utf-8-sig", "cp1252"):
        with suppress(UnicodeDecodeError):
            return content.decode(encoding)
    raise ReferenceFileError(
        f"L’encodage du fichier {path.name} n’est pas reconnu. Enregistrez-le au format CSV UTF-8."
    )


def _read_bytes(path: Path) -> bytes:
    if not path.is_file():
        raise ReferenceFileError(f"Le fichier {path.name} est introuvable. Vérifiez le chemin donné.")
    if path.stat().st_size > MAX_BYTES:
        raise ReferenceFileError(
            f"Le fichier {path.name} dépasse {MAX_BYTES // 1024**2} Mo : ce n’est pas une nomenclature."
        )
    content = path.read_bytes()
    if not content.removeprefix(codecs.BOM_UTF8).strip():
        raise ReferenceFileError(f"Le fichier {path.name} est vide. Téléchargez-le de nouveau.")
    return content


def _find_header(path: Path, text: str, columns: tuple[Column, ...]) -> tuple[str, int, dict[str, int]]:
    """Separator, line number and position of each known column."""
    best: dict[str, int] = {}
    headings = islice(io.StringIO(text, newline=""), HEADER_WITHIN_LINES)
    for line, heading in enumerate(headings, start=1):
        for separator in SEPARATORS:
            positions = _positions(heading, separator, columns)
            if all(column.key in positions for column in columns if column.required):
                return separator, line, positions
            best = max(best, positions, key=len)
    missing = [column.key for column in columns if column.required and column.key not in best]
    raise ReferenceFileError(
        f"L’en-tête du fichier {path.name} n’est pas celui attendu : il manque {', '.join(missing)}. "
        f"Colonnes attendues : {', '.join(_described(column) for column in columns)}."
    )


def _described(column: Column) -> str:
    heading = column.names[0] if column.names else column.key
    return heading if column.required else f"{heading} (facultative)"


def _positions(heading: str, separator: str, columns: tuple[Column, ...]) -> dict[str, int]:
    try:
        names = next(csv.reader([heading], delimiter=separator), [])
    except csv.Error:
        return {}
    found: dict[str, int] = {}
    for at, name in enumerate(normalise(name) for name in names):
        for column in columns:
            if name in column.known_as:
                found.setdefault(column.key, at)
    return found
