from rest_framework import serializers

from cells.api.pagination import PageQuery
from youth.models import YoungPerson


class YoungPersonQuery(PageQuery):
    situation = serializers.ChoiceField(YoungPerson.Situation.choices, required=False)
    updated_since = serializers.DateTimeField(
        required=False, help_text="Jeunes dont le dossier ou un vœu a changé depuis (ISO 8601 avec fuseau)."
    )
