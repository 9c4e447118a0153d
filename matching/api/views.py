"""Proposals computed on the spot, for partners who may read people. Every reading is traced."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cells.api.permissions import HasScope
from cells.api.schema import KEY_RESPONSES
from cells.api.viewsets import ReadViewSet
from cells.models import ApiKey
from cells.reading import note_reading
from employers.models import Offer
from matching.api.serializers import (
    OfferProposalsSerializer,
    PersonProposalsSerializer,
    ProposalQuery,
)
from matching.services.live import live_top, people_for_offer
from youth.models import YoungPerson

KIND = "youngperson"


class LiveViewSet(ReadViewSet):
    permission_classes = [HasScope]
    required_scope = ApiKey.Scope.YOUNG_PEOPLE_READ
    query_class = ProposalQuery

    def note(self, action: str, people: list[YoungPerson]) -> None:
        note_reading(action, by=self.viewer, target_kind=KIND, target_uuids=[person.uuid for person in people])


class PersonOffersViewSet(LiveViewSet):
    serializer_class = OfferProposalsSerializer

    def get_queryset(self) -> Any:
        return YoungPerson.objects.visible_to(self.viewer)

    @extend_schema(
        operation_id="young_people_offers",
        summary="Les offres qui conviennent à un jeune",
        description=(
            "Calculées à l’instant sur toutes les offres ouvertes, sans attendre le calcul de la nuit : deux offres au "
            "plus d’un même employeur, aucune de celles qui sont déjà montrées à assez de jeunes, aucune de celles que "
            "le jeune a refusées. Droit : `young-people:read`."
        ),
        tags=["Jeunes"],
        parameters=[ProposalQuery],
        responses={200: OfferProposalsSerializer, **KEY_RESPONSES},
    )
    def offers(self, request: Request, uuid: str) -> Response:
        limit = self.read_query()["limit"]
        person = self.get_object()
        self.note("person.read", [person])
        return Response(self.get_serializer({"results": live_top(person, limit).matches}).data)


class OfferPeopleViewSet(LiveViewSet):
    serializer_class = PersonProposalsSerializer

    def get_queryset(self) -> Any:
        return Offer.objects.public()

    @extend_schema(
        operation_id="offers_young_people",
        summary="Les jeunes à qui proposer une offre",
        description=(
            "Parmi les jeunes que la clé peut voir, ceux à qui l’offre convient le mieux : calculé à l’instant. "
            "Droit : `young-people:read`."
        ),
        tags=["Offres"],
        parameters=[ProposalQuery],
        responses={200: PersonProposalsSerializer, **KEY_RESPONSES},
    )
    def young_people(self, request: Request, uuid: str) -> Response:
        limit = self.read_query()["limit"]
        found = people_for_offer(self.get_object(), self.viewer, limit)
        self.note("person.listed", [match.young_person for match in found.matches])
        return Response(self.get_serializer({"results": found.matches, "is_spent": found.is_spent}).data)
