"""Typed reading of one JSON object: every refusal knows its path."""

import re
import reprlib
from typing import Any

from cells.imports.errors import RowRefused

UNSTORABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")  # control characters, halves of characters


def readable(text: str) -> str:
    """The text without what a database cannot hold. HTML stays as typed: pages escape it."""
    if text.isprintable():
        return text.strip()
    return UNSTORABLE.sub("", text.replace("\r\n", "\n")).strip()


def cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


class Branch:
    """An object of the file and where it stands. A missing key and null are the same."""

    __slots__ = ("path", "values")

    def __init__(self, values: dict[str, Any], path: str = ""):
        self.values = values
        self.path = path

    def path_of(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def refusal(self, key: str, reason: str) -> RowRefused:
        value = self.values.get(key)
        shown = value if isinstance(value, str) else "" if value is None else reprlib.repr(value)
        return RowRefused(self.path_of(key), shown, reason)

    def branch(self, key: str) -> "Branch":
        value = self.values.get(key)
        if value is None:
            value = {}
        elif not isinstance(value, dict):
            raise self.refusal(key, "un objet est attendu")
        return Branch(value, self.path_of(key))

    def text(self, key: str, limit: int) -> str:
        """For people to read: too long is cut."""
        return cut(self.raw_text(key), limit)

    def code(self, key: str, limit: int) -> str:
        """For machines to compare: too long is refused."""
        text = self.raw_text(key)
        if len(text) > limit:
            raise self.refusal(key, f"{limit} caractères au plus")
        return text

    def raw_text(self, key: str) -> str:
        value = self.values.get(key)
        if value is None:
            return ""
        if isinstance(value, str):
            return readable(value)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        raise self.refusal(key, "un texte est attendu")

    def texts(self, key: str, limit: int) -> list[str]:
        """A list of texts, without the empty ones."""
        items = self.items(key)
        if not all(isinstance(item, str) for item in items):
            raise self.refusal(key, "une liste de textes est attendue")
        return [cut(text, limit) for text in map(readable, items) if text]

    def items(self, key: str) -> list[Any]:
        value = self.values.get(key)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.refusal(key, "une liste est attendue")
        return value

    def integer(self, key: str, lowest: int, highest: int) -> int | None:
        """A whole number of the range, written 3, 3.0 or "3"."""
        value = self.values.get(key)
        if value is None or value == "":
            return None
        if isinstance(value, str) and value.strip().isdecimal() and len(value) <= 12:
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value // 1:
            raise self.refusal(key, "un nombre entier est attendu")
        if not lowest <= value <= highest:
            raise self.refusal(key, f"doit être entre {lowest} et {highest}")
        return int(value)

    def boolean(self, key: str, default: bool) -> bool:
        value = self.values.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            raise self.refusal(key, "vrai ou faux est attendu")
        return value
