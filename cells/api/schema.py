"""What every operation of the OpenAPI description shares."""

from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers

from cells.api.errors import PROBLEM_TYPE


class ProblemSerializer(serializers.Serializer):
    """Une erreur (RFC 9457), envoyée comme application/problem+json."""

    type = serializers.CharField(help_text="Adresse qui explique cette sorte d’erreur.")
    title = serializers.CharField()
    status = serializers.IntegerField(help_text="Le code HTTP.")
    code = serializers.CharField(help_text="La sorte d’erreur, pour un programme.")
    detail = serializers.CharField(help_text="Ce qui ne va pas et que faire, pour une personne.")
    fields = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()), help_text="Messages par paramètre ou champ."
    )
    request_id = serializers.CharField(help_text="À donner à qui vous aide.")


def problem_response(description: str) -> OpenApiResponse:
    return OpenApiResponse(ProblemSerializer, description=description)


PROBLEM_RESPONSES = {
    (400, PROBLEM_TYPE): problem_response("Paramètre invalide."),
    (404, PROBLEM_TYPE): problem_response("Introuvable."),
    (429, PROBLEM_TYPE): problem_response("Trop d’appels ; « Retry-After » dit quand réessayer."),
}
KEY_RESPONSES = PROBLEM_RESPONSES | {
    (401, PROBLEM_TYPE): problem_response("Clé absente, inconnue, expirée ou révoquée."),
    (403, PROBLEM_TYPE): problem_response("La clé n’a pas ce droit."),
}
# Public routes: no key at all, or one.
KEY_OPTIONAL: list[dict[str, list[str]]] = [{}, {"cle": []}]
