"""Makes an undefined variable in one of our own templates an error instead of an empty string."""

import sys
from pathlib import Path

from config.env import BASE_DIR


class UndefinedTemplateVariableError(Exception):
    """A template of ours names something its view does not give."""


class RefuseUndefined(str):
    """For the engine's `string_if_invalid`: Django formats it with the variable's name when nothing is found."""

    def __contains__(self, piece: str) -> bool:
        return piece == "%s"

    def __mod__(self, variable: object) -> str:
        origin = _template_being_rendered()
        if origin and origin.is_relative_to(BASE_DIR / "templates"):
            raise UndefinedTemplateVariableError(f"{variable} in {origin.relative_to(BASE_DIR)}")
        return ""


def _template_being_rendered() -> Path | None:
    """The file of the nearest template node up the stack; packages' own templates are not ours to mend."""
    frame = sys._getframe(2)
    while frame is not None:
        origin = getattr(frame.f_locals.get("self"), "origin", None)
        if origin is not None:
            return Path(origin.name)
        frame = frame.f_back
    return None
