"""Shape and messages of what counsellors ask of campaigns."""

from typing import Any

from django import forms

from cells.forms import CellForm
from matching.selection import outcome_choices

FEWEST_OFFERS, MOST_OFFERS, MOST_HELD_OUT = 3, 8, 50


class CampaignForm(CellForm):
    name = forms.CharField(
        label="Nom de la campagne", max_length=120, help_text="Pour vous y retrouver : les jeunes ne le voient pas."
    )
    offers_per_mail = forms.IntegerField(
        label="Offres par mail",
        min_value=FEWEST_OFFERS,
        max_value=MOST_OFFERS,
        initial=5,
        help_text="De 3 à 8. Un jeune à qui moins d’offres sont proposées reçoit celles-là.",
    )
    hold_out_percent = forms.IntegerField(
        label="Groupe témoin (%)",
        min_value=0,
        max_value=MOST_HELD_OUT,
        initial=0,
        help_text="Part des jeunes, tirés au sort, à qui l’on n’écrit pas : elle permet de mesurer l’effet des mails.",
    )


class RecipientFilterForm(CellForm):
    issue = forms.ChoiceField(label="Ce qu’il en est", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["issue"].choices = [("", "Tous les destinataires"), *outcome_choices()]
