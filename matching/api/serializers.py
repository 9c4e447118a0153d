"""Proposals of the moment as a partner reads them: what suits, why, and nothing more about the person."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from matching.models import Match
from matching.wording import word_reasons

MOST = 50


class ProposalQuery(serializers.Serializer):
    limit = serializers.IntegerField(min_value=1, max_value=MOST, default=10, help_text="Nombre de propositions.")


class ProposalSerializer(serializers.Serializer):
    rank = serializers.IntegerField(help_text="1 pour la meilleure.")
    score = serializers.IntegerField(help_text="En points, à comparer dans une même réponse seulement.")
    distance_m = serializers.IntegerField(allow_null=True, help_text="Null pour une offre à distance.")
    wish = serializers.UUIDField(source="wish.uuid", help_text="Le vœu auquel l’offre répond.")
    reasons = serializers.SerializerMethodField(help_text="En français, la plus parlante d’abord.")

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_reasons(self, match: Match) -> list[str]:
        return word_reasons(match, audience="counsellor")


class ProposedOfferSerializer(serializers.Serializer):
    """Une offre, en bref : `/api/v1/offers/{id}` la donne entière."""

    id = serializers.UUIDField(source="uuid")
    title = serializers.CharField()
    employer = serializers.CharField(source="employer.name")


class OfferProposalSerializer(ProposalSerializer):
    """Une offre proposée au jeune, et pourquoi."""

    offer = ProposedOfferSerializer()


class OfferProposalsSerializer(serializers.Serializer):
    """Calculées à l’instant, la meilleure d’abord."""

    results = OfferProposalSerializer(many=True)


class ProposedPersonSerializer(serializers.Serializer):
    """Un jeune, en bref : `/api/v1/young-people/{uuid}` donne ses vœux."""

    uuid = serializers.UUIDField()
    first_name = serializers.CharField()
    last_name = serializers.CharField()
    postcode = serializers.CharField()
    city = serializers.CharField()


class PersonProposalSerializer(ProposalSerializer):
    """Un jeune à qui proposer l’offre, et pourquoi."""

    young_person = ProposedPersonSerializer()


class PersonProposalsSerializer(serializers.Serializer):
    """Calculés à l’instant, le mieux servi par l’offre d’abord."""

    results = PersonProposalSerializer(many=True)
    is_spent = serializers.BooleanField(
        help_text="Vrai quand l’offre est déjà montrée à autant de jeunes que permis : personne n’est alors donné."
    )
