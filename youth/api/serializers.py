"""What a partner needs to help, and nothing more: no contact, no guardian, no INE, no birth date."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from youth.models import Wish, YoungPerson


class WishedTrainingSerializer(serializers.Serializer):
    """La formation reconnue."""

    label = serializers.CharField()
    level = serializers.IntegerField(source="level_id", allow_null=True, help_text="Niveau européen, de 3 à 8.")


class WishSerializer(serializers.Serializer):
    """Un vœu ouvert."""

    uuid = serializers.UUIDField()
    rank = serializers.IntegerField(help_text="1 pour le premier vœu.")
    source = serializers.ChoiceField(Wish.Source.choices)
    label = serializers.CharField(help_text="L’intitulé tel que le fichier ou le conseiller l’a écrit.")
    training = WishedTrainingSerializer(allow_null=True, help_text="Null tant que la formation n’est pas reconnue.")
    rome_codes = serializers.SerializerMethodField()

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_rome_codes(self, wish: Wish) -> list[str]:
        """Those of the training, or the one occupation that was typed."""
        codes = [wish.occupation_id] if wish.occupation_id else []
        if wish.training:
            codes += [occupation.code for occupation in wish.training.occupations.all()]
        return sorted(set(codes))


class YoungPersonSerializer(serializers.Serializer):
    """Un jeune, sans contact ni responsable légal."""

    uuid = serializers.UUIDField()
    first_name = serializers.CharField()
    last_name = serializers.CharField()
    postcode = serializers.CharField()
    city = serializers.CharField()
    situation = serializers.ChoiceField(YoungPerson.Situation.choices)
    wishes = WishSerializer(many=True, help_text="Les vœux ouverts, par rang.")
    updated_at = serializers.DateTimeField()


class YoungPersonPageSerializer(serializers.Serializer):
    """Une page de jeunes."""

    results = YoungPersonSerializer(many=True)
    next_cursor = serializers.CharField(allow_null=True)
    total = serializers.IntegerField(required=False, help_text="Seulement si « total » est demandé.")
