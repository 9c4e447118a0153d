"""What a young person may ask: four questions, none required."""

from typing import Any

from django import forms

from cells.forms import CellForm

DEFAULT_RADIUS = 30
RADIUS_CHOICES = (10, 20, 30, 60, 100)
LEVELS = (
    ("", "Tous"),
    ("3", "CAP"),
    ("4", "Bac, brevet professionnel"),
    ("5", "Bac+2 (BTS)"),
    ("6", "Bac+3 (licence, BUT)"),
    ("7", "Bac+5 (master, ingénieur)"),
)
TOO_LONG = "C’est trop long : quelques mots suffisent."


class OfferSearchForm(CellForm):
    q = forms.CharField(
        label="Métier ou mot-clé", max_length=100, required=False, error_messages={"max_length": TOO_LONG}
    )
    lieu = forms.CharField(
        label="Ville ou code postal", max_length=100, required=False, error_messages={"max_length": TOO_LONG}
    )
    rayon = forms.TypedChoiceField(
        label="Jusqu’à",
        choices=[(km, f"{km} km") for km in RADIUS_CHOICES],
        coerce=int,
        empty_value=DEFAULT_RADIUS,
        required=False,
        error_messages={"invalid_choice": "Choisissez une distance de la liste."},
    )
    niveau = forms.TypedChoiceField(
        label="Diplôme préparé",
        choices=LEVELS,
        coerce=int,
        empty_value=None,
        required=False,
        error_messages={"invalid_choice": "Choisissez un diplôme de la liste."},
    )

    def __init__(self, asked: Any) -> None:
        given = asked.copy()
        given.setdefault("rayon", str(DEFAULT_RADIUS))
        super().__init__(given)
        self.fields["q"].widget.attrs.update(type="search", autocomplete="off", enterkeyhint="search")
        self.fields["lieu"].widget.attrs.update(autocomplete="address-level2", enterkeyhint="search")
