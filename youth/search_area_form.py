"""Where and how far a young person looks."""

from typing import Any

from django import forms

from cells.communes import find_place, label_of
from cells.forms import CellForm
from cells.models import Commune
from youth.models import YoungPerson
from youth.services.search_area import WIDEST_KM


class SearchAreaForm(CellForm):
    radius_km = forms.IntegerField(
        label="Rayon de recherche (km)",
        min_value=1,
        max_value=WIDEST_KM,
        help_text="À vol d’oiseau autour du domicile.",
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    place = forms.CharField(
        label="Commune du domicile",
        max_length=100,
        required=False,
        help_text="Un nom ou un code postal, par exemple « Rouen » ou 76000. Vide : rien ne change.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    birth_date = forms.DateField(
        label="Date de naissance",
        required=False,
        help_text="Elle dit si les offres fermées aux mineurs peuvent être proposées.",
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def clean_place(self) -> Commune | None:
        words = self.cleaned_data["place"].strip()
        if not words:
            return None
        found = find_place(words)
        if found.commune:
            return found.commune
        if not found.choices:
            raise forms.ValidationError("Aucune commune ne porte ce nom ou ce code postal. Vérifiez l’orthographe.")
        labels = [(label, label) for label, _ in found.choices]
        self.fields["place"].widget = forms.Select(attrs={"class": "fr-select"}, choices=labels)
        raise forms.ValidationError("Plusieurs communes répondent : choisissez-en une dans la liste.")


def search_area_of(person: YoungPerson, radius: str) -> dict[str, Any]:
    """What the form shows first; `radius` is one a page proposed, in its address."""
    proposed = int(radius) if radius.isascii() and radius.isdigit() and 1 <= int(radius) <= WIDEST_KM else None
    return {
        "radius_km": proposed or person.radius_km,
        "place": label_of(person.commune) if person.commune else "",
        "birth_date": person.birth_date,
    }
