"""How the worklists of those left with nothing are narrowed."""

from typing import Any

from django import forms

from cells.directory import departments_of
from cells.forms import CellForm
from cells.models import Cell


class OrphanFilterForm(CellForm):
    """A value nobody offers is ignored."""

    motif = forms.TypedChoiceField(label="Motif", required=False, coerce=int, empty_value=None)
    departement = forms.ChoiceField(label="Département", required=False)

    def __init__(self, cell: Cell, words: dict[Any, str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        departments = [(one.code, f"{one.code} {one.name}") for one in departments_of(cell)]
        self._offer("motif", [(int(code), label) for code, label in words.items()])
        self._offer("departement", departments)

    def _offer(self, name: str, choices: list[tuple[Any, Any]]) -> None:
        field: Any = self.fields[name]
        field.choices = [("", "Tous"), *choices]

    def criteria(self) -> tuple[int | None, str]:
        """(reason, department), None and empty when not asked."""
        self.is_valid()
        return self.cleaned_data.get("motif"), self.cleaned_data.get("departement", "")
