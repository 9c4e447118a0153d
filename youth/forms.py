"""Shape and messages of what counsellors type about young people."""

from typing import Any

from django import forms
from django.conf import settings

from cells.directory import departments_of, resolve_occupation
from cells.forms import CellForm
from cells.models import Cell, ImportBatch, Occupation
from youth.models import Wish, YoungPerson
from youth.selection import FIRST_ORDER

ORDER_LABELS = [("nom", "Nom"), ("recents", "Derniers arrivés"), ("modifies", "Derniers modifiés")]


class PersonFilterForm(CellForm):
    """Every field may be empty; a value nobody offers is ignored by the view."""

    q = forms.CharField(label="Nom, INE ou téléphone", required=False, max_length=100)
    situation = forms.ChoiceField(label="Situation", required=False)
    departement = forms.ChoiceField(label="Département", required=False)
    origine = forms.ChoiceField(label="Origine des vœux", required=False)
    tri = forms.ChoiceField(label="Trier par", required=False, choices=ORDER_LABELS, initial=FIRST_ORDER)

    def __init__(self, cell: Cell, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["q"].widget.attrs.update(type="search", autocomplete="off")
        self.fields["situation"].choices = [("", "Toutes"), *YoungPerson.Situation.choices]
        self.fields["origine"].choices = [("", "Toutes"), *Wish.Source.choices]
        departments = [(one.code, f"{one.code} {one.name}") for one in departments_of(cell)]
        self.fields["departement"].choices = [("", "Tous"), *departments]

    def criteria(self) -> dict[str, Any]:
        """What was asked and makes sense."""
        self.is_valid()
        return {name: value for name, value in self.cleaned_data.items() if value}


class WishForm(CellForm):
    """`occupation` is typed; several answers turn it into a list to choose from."""

    occupation = forms.CharField(
        label="Métier",
        max_length=200,
        help_text="Quelques mots ou un code ROME, par exemple « cuisine » ou G1602.",
        widget=forms.TextInput(attrs={"list": "metiers", "autocomplete": "off"}),
    )
    label = forms.CharField(
        label="Formation souhaitée",
        max_length=300,
        required=False,
        help_text="Comme le jeune la nomme ; sinon, le nom du métier.",
    )

    def clean_occupation(self) -> Occupation:
        found = resolve_occupation(self.cleaned_data["occupation"])
        if len(found) == 1:
            return found[0]
        if not found:
            raise forms.ValidationError("Aucun métier ne correspond. Essayez un autre mot, ou le code ROME.")
        choices = [(one.code, str(one)) for one in found]
        self.fields["occupation"].widget = forms.Select(attrs={"class": "fr-select"}, choices=choices)
        raise forms.ValidationError("Plusieurs métiers correspondent : choisissez-en un dans la liste.")


class CloseWishForm(CellForm):
    reason = forms.CharField(
        label="Pourquoi clore ce vœu ?",
        max_length=120,
        help_text="Une phrase courte, par exemple « a changé de projet ».",
    )


class WishUploadForm(CellForm):
    file = forms.FileField(
        label="Fichier de vœux",
        help_text="Export CSV d’Affelnet ou de Parcoursup, tel qu’il a été reçu (UTF-8 ou Windows).",
        error_messages={"empty": "Le fichier est vide.", "required": "Choisissez un fichier."},
        widget=forms.FileInput(attrs={"accept": ".csv,.txt,text/csv"}),
    )
    preset = forms.ChoiceField(
        label="Origine",
        required=False,
        choices=[
            ("", "Reconnaître d’après les titres de colonnes"),
            (ImportBatch.Kind.AFFELNET, "Affelnet"),
            (ImportBatch.Kind.PARCOURSUP, "Parcoursup"),
        ],
    )

    def clean_file(self) -> Any:
        upload = self.cleaned_data["file"]
        if upload.size > settings.MAX_UPLOAD_SIZE:
            raise forms.ValidationError("Ce fichier est trop gros : découpez-le, ou demandez à l’équipe technique.")
        return upload


class TrainingAnswerForm(CellForm):
    """A human's answer: the training's public id, and the key it settles."""

    key = forms.CharField(max_length=320, widget=forms.HiddenInput)
    training = forms.UUIDField(error_messages={"required": "Choisissez une formation dans la liste."})
