"""Templates of mails rendered once per shape, then filled: thousands of letters differ by their words only.

The shape of a context is which of its values are empty and how long its lists are: all that `if` and `for` may look
at. Filters on values are not for templates rendered this way.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from html import escape
from typing import Any, NamedTuple

from django.template.loader import get_template
from django.utils.safestring import SafeString

SLOT = re.compile("\x00(<|&lt;)(\\d+)\x00")

Shape = tuple[tuple[str, "bool | int"], ...]


class Slot(NamedTuple):
    """Where value number `value` goes, as it is or escaped: the sentinel's own « < » tells which."""

    value: int
    is_escaped: bool


class Stencil(NamedTuple):
    """`texts` has one more item than `slots`; they alternate."""

    texts: tuple[str, ...]
    slots: tuple[Slot, ...]

    def fill(self, values: list[str]) -> str:
        parts = [self.texts[0]]
        for slot, text in zip(self.slots, self.texts[1:], strict=True):
            word = values[slot.value]
            parts += (_escaped(word) if slot.is_escaped else word, text)
        return "".join(parts)


def fill_stencil(template: str, name: str, values: Mapping[str, str | list[str]]) -> str:
    """What Django renders of this template when `name` holds these values, many times faster from the second on.

    A list holds no empty text.
    """
    shape = tuple((key, len(value) if isinstance(value, list) else bool(value)) for key, value in values.items())
    return _stencil(template, name, shape).fill(list(_flattened(values)))


@lru_cache(maxsize=2_000)
def _stencil(template: str, name: str, shape: Shape) -> Stencil:
    context: dict[str, Any] = {}
    index = 0
    for key, size in shape:
        many = not isinstance(size, bool)
        sentinels = [f"\x00<{index + offset}\x00" for offset in range(int(size) if many else 1)]
        index += len(sentinels)
        context[key] = sentinels if many else sentinels[0] if size else ""
    pieces = SLOT.split(get_template(template).render({name: context}))
    slots = (Slot(int(index), mark == "&lt;") for mark, index in zip(pieces[1::3], pieces[2::3], strict=True))
    return Stencil(tuple(pieces[::3]), tuple(slots))


def _escaped(word: str) -> str:
    """As Django's autoescape does."""
    return word if isinstance(word, SafeString) else escape(word)


def _flattened(values: Mapping[str, str | list[str]]) -> Iterator[str]:
    for value in values.values():
        if isinstance(value, list):
            yield from value
        else:
            yield value
