"""Shape and messages of what counsellors type about contracts and offers."""

from typing import Any

from django import forms
from django.conf import settings

from cells.directory import training_centre_by_uai
from cells.forms import CellForm
from cells.models import TrainingCentre
from employers.models import Contract


class DayField(forms.DateField):
    """A day, with the browser's own calendar."""

    default_error_messages = {"invalid": "Indiquez une date, par exemple 01/09/2026."}

    def __init__(self, **options: Any) -> None:
        widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
        super().__init__(widget=widget, input_formats=["%Y-%m-%d", "%d/%m/%Y"], **options)


class ContractForm(CellForm):
    siret = forms.CharField(
        label="SIRET de l’employeur", max_length=20, help_text="Les 14 chiffres de l’établissement d’accueil."
    )
    employer_name = forms.CharField(
        label="Nom de l’employeur",
        max_length=200,
        required=False,
        help_text="Utile si ce SIRET n’est pas encore connu.",
    )
    kind = forms.ChoiceField(label="Nature du contrat", choices=Contract.Kind.choices)
    signed_on = DayField(label="Signé le")
    starts_on = DayField(label="Début du contrat")
    ends_on = DayField(label="Fin prévue")
    uai = forms.CharField(
        label="UAI du CFA", max_length=8, required=False, help_text="Sept chiffres et une lettre, par exemple 0760123A."
    )

    def clean_uai(self) -> TrainingCentre | None:
        uai = self.cleaned_data["uai"]
        centre = training_centre_by_uai(uai)
        if uai.strip() and centre is None:
            raise forms.ValidationError("Aucun CFA connu ne porte cet UAI : vérifiez-le, ou laissez le champ vide.")
        return centre


class BreakForm(CellForm):
    on = DayField(label="Date de la rupture")


class OfferUploadForm(CellForm):
    file = forms.FileField(
        label="Fichier d’offres",
        help_text="Export JSON de l’API nationale, ou CSV.",
        error_messages={"empty": "Le fichier est vide.", "required": "Choisissez un fichier."},
        widget=forms.FileInput(attrs={"accept": ".json,.jsonl,.csv,application/json,text/csv"}),
    )
    complete = forms.BooleanField(
        label="Ce fichier contient toutes les offres de ses sources",
        required=False,
        help_text="Les offres de ces sources qui n’y sont plus seront annulées.",
    )

    def clean_file(self) -> Any:
        upload = self.cleaned_data["file"]
        if upload.size > settings.MAX_UPLOAD_SIZE:
            raise forms.ValidationError("Ce fichier est trop gros : découpez-le, ou demandez à l’équipe technique.")
        return upload
