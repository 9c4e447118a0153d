"""Shape and messages of what counsellors ask of campaigns, and of what young people answer."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils import timezone

from cells.directory import departments_of
from cells.forms import CellForm
from cells.models import Cell, ImportBatch, User
from matching.audiences import FOLLOWED, OLDEST, YOUNGEST, Audience, level_choices
from matching.models import Campaign
from matching.models.answers import RefusalReason
from matching.plans import FEWEST_OFFERS, HIGHEST_EXPOSURE, LOWEST_EXPOSURE, MOST_HELD_OUT, MOST_OFFERS, Plan
from matching.selection import outcome_choices
from youth.models import Wish

Date = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
Time = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")


class CampaignForm(CellForm):
    """What a browser does not send keeps its first value."""

    name = forms.CharField(
        label="Nom de la campagne", max_length=120, help_text="Pour vous y retrouver : les jeunes ne le voient pas."
    )
    sources = forms.MultipleChoiceField(
        label="Origine des vœux",
        required=False,
        choices=Wish.Source.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text="Rien de coché : toutes.",
    )
    levels = forms.TypedMultipleChoiceField(
        label="Niveau demandé",
        required=False,
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        help_text="Rien de coché : tous.",
    )
    departments = forms.MultipleChoiceField(
        label="Département du jeune",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="Rien de coché : tous.",
    )
    age_from = forms.IntegerField(label="Âge, à partir de", required=False, min_value=YOUNGEST, max_value=OLDEST)
    age_to = forms.IntegerField(
        label="Âge, jusqu’à",
        required=False,
        min_value=YOUNGEST,
        max_value=OLDEST,
        help_text="Un jeune sans date de naissance n’a pas d’âge connu : il n’est retenu que si l’âge est libre.",
    )
    followed = forms.ChoiceField(
        label="Accompagnement", required=False, choices=[("", "Indifférent"), *FOLLOWED.items()]
    )
    batch = forms.ChoiceField(label="Vœu lu dans l’import", required=False)
    never_in_contract = forms.BooleanField(
        label="Seulement ceux qui n’ont encore jamais signé de contrat", required=False
    )
    not_contacted_days = forms.IntegerField(
        label="Sans mail d’une autre campagne depuis (jours)",
        required=False,
        min_value=0,
        max_value=365,
        initial=14,
        help_text="0 : écrire même à ceux qui viennent d’en recevoir un.",
    )
    dedupe = forms.ChoiceField(
        label="Frères et sœurs qui partagent une adresse",
        required=False,
        choices=[
            (Campaign.Dedupe.PERSON, "Un mail par jeune"),
            (
                Campaign.Dedupe.ADDRESS,
                "Un seul mail par adresse : le titulaire de l’adresse, sinon le plus ancien dossier",
            ),
        ],
        initial=Campaign.Dedupe.PERSON,
    )
    wording = forms.ChoiceField(
        label="Texte du mail", required=False, choices=Campaign.Wording.choices, initial=Campaign.Wording.FIRST
    )
    offers_per_mail = forms.IntegerField(
        label="Offres par mail",
        min_value=FEWEST_OFFERS,
        max_value=MOST_OFFERS,
        initial=5,
        help_text="De 3 à 8. Un jeune à qui moins d’offres conviennent reçoit celles-là.",
    )
    exposure_factor = forms.FloatField(
        label="Jeunes par poste ouvert, au plus",
        required=False,
        min_value=LOWEST_EXPOSURE,
        max_value=HIGHEST_EXPOSURE,
        initial=15,
        help_text="Toutes campagnes comprises : au-delà, l’offre n’est plus montrée, pour ne pas noyer l’employeur.",
    )
    hold_out_percent = forms.IntegerField(
        label="Groupe témoin (%)",
        min_value=0,
        max_value=MOST_HELD_OUT,
        initial=10,
        help_text="Part des jeunes, tirés au sort, à qui l’on n’écrit pas : elle permet de mesurer l’effet des mails.",
    )
    sends_from = forms.TimeField(label="Envoyer à partir de", required=False, initial="08:00", widget=Time)
    sends_until = forms.TimeField(
        label="Et jusqu’à",
        required=False,
        initial="20:00",
        widget=Time,
        help_text="À l’heure du jeune, outre-mer compris.",
    )
    sends_on_rest_days = forms.BooleanField(label="Envoyer aussi le dimanche et les jours fériés", required=False)

    def __init__(self, cell: Cell, batches: list[ImportBatch], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["levels"].choices = level_choices()
        self.fields["departments"].choices = [(one.code, f"{one.code} {one.name}") for one in departments_of(cell)]
        read = [(str(one.uuid), f"{one.file_name}, {one.started_at:%d/%m/%Y}") for one in batches]
        self.fields["batch"].choices = [("", "Indifférent"), *read]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for name, field in self.fields.items():
            if field.initial is not None and cleaned.get(name) in (None, "") and name not in self.errors:
                cleaned[name] = field.clean(field.initial)
        return cleaned

    def audience(self) -> Audience:
        """From what is valid so far."""
        values = self.cleaned_data
        lists = {name: tuple(values.get(name) or ()) for name in ("sources", "levels", "departments")}
        return Audience(
            **lists,
            age_from=values.get("age_from"),
            age_to=values.get("age_to"),
            followed=values.get("followed", ""),
            never_in_contract=bool(values.get("never_in_contract")),
            not_contacted_days=values.get("not_contacted_days") or 0,
            batch=values.get("batch", ""),
        )

    def plan(self) -> Plan:
        audience = self.audience()
        own = {name: value for name, value in self.cleaned_data.items() if name in Plan.__dataclass_fields__}
        return Plan(**own, audience=audience)


def first_values(plan: Plan) -> dict[str, Any]:
    """Of the form that changes a draft."""
    own = {name: getattr(plan, name) for name in Plan.__dataclass_fields__ if name != "audience"}
    return own | {
        name: list(value) if isinstance(value, tuple) else value for name, value in plan.audience.to_json().items()
    }


class StopForm(CellForm):
    reason = forms.CharField(
        label="Pourquoi arrêter tous les envois ?", max_length=200, help_text="Les autres cellules le liront."
    )


class SlotForm(CellForm):
    day = forms.DateField(label="Jour", widget=Date)
    time = forms.TimeField(label="Heure", widget=Time, initial="09:00")

    def at(self) -> datetime:
        naive = datetime.combine(self.cleaned_data["day"], self.cleaned_data["time"])
        return timezone.make_aware(naive)


class RecipientFilterForm(CellForm):
    q = forms.CharField(label="Nom, INE ou téléphone", required=False, max_length=100)
    issue = forms.ChoiceField(label="Ce qu’il en est", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["q"].widget.attrs.update(type="search", autocomplete="off")
        self.fields["issue"].choices = [("", "Tous les destinataires"), *outcome_choices()]


class StaffMailForm(CellForm):
    """To whom of the cell a test goes."""

    to = forms.ChoiceField(label="Envoyer un essai à")

    def __init__(self, colleagues: list[User], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.colleagues = {str(one.uuid): one for one in colleagues}
        self.fields["to"].choices = [
            (uuid, f"{one.get_full_name()} ({one.email})") for uuid, one in self.colleagues.items()
        ]

    def colleague(self) -> User:
        return self.colleagues[self.cleaned_data["to"]]


class RefusalForm(CellForm):
    reason = forms.ChoiceField(
        label="Pourquoi ?",
        choices=RefusalReason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choisissez une raison : elle sert à proposer de meilleures offres."},
    )
