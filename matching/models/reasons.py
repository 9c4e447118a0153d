"""Why a proposal was made, packed in one integer: a quarter of a million of them are written with each run."""

from typing import Any

from django.db import models

# Name, lowest bit, number of bits, what is added before packing. Written once, read by SQL too: never moved.
LAYOUT = (
    ("rome", 0, 2, 0),
    ("level", 2, 3, 0),
    ("date", 5, 2, 0),
    ("via", 7, 2, 0),
    ("variety", 9, 1, 0),
    ("rank", 10, 8, 0),
    ("age", 18, 12, 1),
)
UNSAID = {"age": -1}


class ReasonsField(models.IntegerField):
    """Codes by name in Python, one integer in the database.

    | bits | name | holds |
    |---|---|---|
    | 0–1 | rome | RomeKind of matching/engine/codes.py |
    | 2–4 | level | LevelKind |
    | 5–6 | date | DateKind |
    | 7–8 | via | Via |
    | 9 | variety | 1: the best offer of a trade domain the person wished |
    | 10–17 | rank | rank of the wish served; 0: unranked; 255: 255 or later |
    | 18–29 | age | days since publication, plus 1; 0: unknown; 4095: 4094 days or more |

    In SQL: `(reasons >> 10) & 255` is the wish's rank. What is not given is 0, and an unknown age.
    """

    description = "Raisons d’une proposition"
    _pyi_private_set_type: Any
    _pyi_private_get_type: Any

    def from_db_value(self, value: int | None, expression: Any, connection: Any) -> dict[str, int] | None:
        return None if value is None else unpack_reasons(value)

    def get_prep_value(self, value: Any) -> Any:
        return super().get_prep_value(pack_reasons(**value) if isinstance(value, dict) else value)

    def to_python(self, value: Any) -> Any:
        return unpack_reasons(value) if isinstance(value, int) else value

    def value_to_string(self, obj: models.Model) -> str:
        return str(self.get_prep_value(self.value_from_object(obj)))


def pack_reasons(**codes: Any) -> Any:
    """Integers, or arrays of integers, as one. A rank or an age too large for its bits becomes the largest.

    Raises KeyError on an unknown name.
    """
    packed: Any = 0
    known = {name: (low, bits, offset) for name, low, bits, offset in LAYOUT}
    for name, value in ({name: UNSAID.get(name, 0) for name in known} | codes).items():
        low, bits, offset = known[name]
        packed = packed | _clipped(value + offset, (1 << bits) - 1) << low
    return packed


def unpack_reasons(packed: int) -> dict[str, int]:
    return {name: ((packed >> low) & ((1 << bits) - 1)) - offset for name, low, bits, offset in LAYOUT}


def _clipped(value: Any, highest: int) -> Any:
    return min(value, highest) if isinstance(value, int) else value.clip(None, highest)
