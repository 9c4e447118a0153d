"""The form every screen starts from, and the sign-in forms."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.http import HttpRequest, QueryDict

WIDGET_CLASSES = {
    "select": "fr-select",
    "checkbox": "",
    "radio": "",
    "file": "fr-upload",
}


def posted(request: HttpRequest) -> QueryDict | None:
    """What a form is bound to: nothing but on POST, where even an empty body is an answer to check."""
    return request.POST if request.method == "POST" else None


class StyledMixin:
    """Gives each widget the class of the design system; templates/components/field.html does the rest."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            kind = getattr(field.widget, "input_type", "text")
            field.widget.attrs.setdefault("class", WIDGET_CLASSES.get(kind, "fr-input"))


class CellForm(StyledMixin, forms.Form):
    """A form of ours."""

    required_css_class = ""


class SignInForm(StyledMixin, AuthenticationForm):
    error_messages = {
        "invalid_login": "Adresse ou mot de passe inconnu. Vérifiez la saisie, majuscules comprises.",
        "inactive": "Ce compte est fermé. Demandez au responsable de votre cellule.",
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["username"].label = "Adresse électronique"
        self.fields["username"].widget.attrs.update(autocomplete="username", type="email")
        self.fields["password"].label = "Mot de passe"
        # The first tab stop must stay the skip links.
        self.fields["username"].widget.attrs.pop("autofocus", None)

    def clean_username(self) -> str:
        return self.cleaned_data["username"].strip().lower()


class MembershipChoiceForm(CellForm):
    membership = forms.ChoiceField(label="Travailler pour", widget=forms.RadioSelect)

    def __init__(self, memberships: list, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["membership"].choices = [
            (str(one.pk), f"{one.cell} – {one.get_role_display()}") for one in memberships
        ]
