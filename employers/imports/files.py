"""The offers of a JSON file one by one, whatever its size: an array, {"jobs": [...]}, or one object per line."""

import codecs
import json
import re
import reprlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import ijson

from cells.imports.errors import FileRefused, RowRefused

LONGEST_OFFER = 4 * 2**20  # bytes; a real one takes some 2,000
DEEPEST = 5_000  # brackets opened and not closed; a real offer opens five
SHOWN = 120
JSON_STARTS = (b"[", b"{")
OWN_KEY = re.compile(rb'\{\s*"(identifier|workplace|apply|contract|offer|is_delegated)"')
BOM = b"\xef\xbb\xbf"


class Item(NamedTuple):
    """`line` is the number of the offer in the file, from 1. `refusal` replaces what could not be read."""

    line: int
    values: dict[str, Any]
    refusal: RowRefused | None = None


def is_json(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4_096).removeprefix(BOM).lstrip().startswith(JSON_STARTS)


def read_json(path: Path, encoding: str) -> Iterator[Item]:
    """Raise FileRefused where the file stops being JSON; the offers before that point have been given.

    A byte that is no letter of the encoding becomes « � » in its offer rather than the end of the file.
    """
    with path.open("rb") as file:
        if file.read(3) != BOM:
            file.seek(0)
        if is_one_object_per_line(file):
            yield from read_lines(file, encoding)
        else:
            yield from read_array(file, encoding)


def is_one_object_per_line(file: BinaryIO) -> bool:
    """Whether the first line is an offer by itself. The file is left where it was."""
    start = file.tell()
    first = file.readline(LONGEST_OFFER).strip() or file.readline(LONGEST_OFFER).strip()
    file.seek(start)
    if not first.startswith(b"{"):
        return False
    try:
        return "jobs" not in json.loads(first)
    except (ValueError, RecursionError):
        return bool(OWN_KEY.match(first))


class LimitedReader:
    """Gives the bytes of the file and refuses to swallow an endless or bottomless offer into memory.

    Brackets inside texts count too: they are few and start from zero at each offer.
    """

    def __init__(self, file: BinaryIO, encoding: str):
        self.file = codecs.EncodedFile(file, "utf-8", encoding.removesuffix("-sig"), "replace")
        self.start_offer()

    def start_offer(self) -> None:
        self.since_last_offer = self.depth = 0

    def read(self, size: int = -1) -> bytes:
        if self.since_last_offer > LONGEST_OFFER:
            raise FileRefused("Une offre dépasse 4 Mo : ce fichier n’est pas un export d’offres.")
        chunk = self.file.read(size)
        self.since_last_offer += len(chunk)
        self.depth += chunk.count(b"[") + chunk.count(b"{") - chunk.count(b"]") - chunk.count(b"}")
        if self.depth > DEEPEST:
            raise FileRefused("Des milliers d’objets sont imbriqués : ce fichier n’est pas un export d’offres.")
        return chunk


def read_array(file: BinaryIO, encoding: str) -> Iterator[Item]:
    start = file.tell()
    prefix = "item" if file.read(4_096).lstrip().startswith(b"[") else "jobs.item"
    file.seek(start)
    reader = LimitedReader(file, encoding)
    line = 0
    try:
        for value in ijson.items(reader, prefix, use_float=True):
            line += 1
            reader.start_offer()
            yield item_of(line, value)
    except ijson.JSONError as error:
        raise FileRefused(broken_after(line)) from error
    if not line:
        raise FileRefused(
            "Le fichier ne contient aucune offre : un tableau d’offres, ou une clé « jobs », est attendu."
        )


def read_lines(file: BinaryIO, encoding: str) -> Iterator[Item]:
    line = 0
    while text := file.readline(LONGEST_OFFER + 1):
        if len(text) > LONGEST_OFFER:
            raise FileRefused("Une offre dépasse 4 Mo : ce fichier n’est pas un export d’offres.")
        line += 1
        if text.strip():
            yield read_line(line, text.decode(encoding, "replace"))


def read_line(line: int, text: str) -> Item:
    try:
        return item_of(line, json.loads(text))
    except (ValueError, RecursionError):
        return Item(line, {}, RowRefused("", text[:SHOWN].strip(), "cette ligne n’est pas du JSON"))


def item_of(line: int, value: Any) -> Item:
    if isinstance(value, dict):
        return Item(line, value)
    return Item(line, {}, RowRefused("", reprlib.repr(value), "une offre (un objet) est attendue"))


def broken_after(line: int) -> str:
    if not line:
        return "Le fichier n’est pas un JSON lisible : aucune offre n’a pu en être tirée."
    return (
        f"Le fichier s’interrompt ou n’est plus du JSON après l’offre n° {line} : "
        "les offres précédentes sont gardées, redemandez le fichier."
    )
