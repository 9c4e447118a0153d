"""Young people for partners: a key sees its cell, in the departments of its organisation. Every reading is traced."""

from typing import Any

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cells.api.permissions import HasScope
from cells.api.schema import KEY_RESPONSES
from cells.api.viewsets import ReadViewSet
from cells.models import ApiKey
from cells.reading import note_reading
from youth.api.filters import YoungPersonQuery
from youth.api.serializers import YoungPersonPageSerializer, YoungPersonSerializer
from youth.models import Wish, YoungPerson

KIND = "youngperson"


class YoungPersonViewSet(ReadViewSet):
    permission_classes = [HasScope]
    required_scope = ApiKey.Scope.YOUNG_PEOPLE_READ
    serializer_class = YoungPersonSerializer
    query_class = YoungPersonQuery

    def get_queryset(self) -> QuerySet[YoungPerson]:
        wishes = Wish.objects.visible_to(self.viewer).open().select_related("training").order_by("rank", "pk")
        return YoungPerson.objects.visible_to(self.viewer).prefetch_related(
            Prefetch("wishes", wishes), "wishes__training__occupations"
        )

    @extend_schema(
        operation_id="young_people_list",
        summary="Lister les jeunes",
        description=(
            "Les jeunes que la clé peut voir : ceux de sa cellule, dans les départements de sa structure. Chaque appel "
            "est tracé. Droit : `young-people:read`."
        ),
        tags=["Jeunes"],
        parameters=[YoungPersonQuery],
        responses={200: YoungPersonPageSerializer, **KEY_RESPONSES},
    )
    def list(self, request: Request) -> Response:
        people = self.paginate_queryset(self.get_queryset().filter(self.asked()))
        self.note("person.listed", people)
        return self.get_paginated_response(self.get_serializer(people, many=True).data)

    @extend_schema(
        operation_id="young_people_read",
        summary="Lire un jeune",
        description="Introuvable (404) hors de ce que la clé peut voir. Droit : `young-people:read`.",
        tags=["Jeunes"],
        responses={200: YoungPersonSerializer, **KEY_RESPONSES},
    )
    def retrieve(self, request: Request, uuid: str) -> Response:
        person = self.get_object()
        self.note("person.read", [person])
        return Response(self.get_serializer(person).data)

    def asked(self) -> Q:
        query = self.read_query()
        condition = Q()
        if "situation" in query:
            condition &= Q(situation=query["situation"])
        if since := query.get("updated_since"):
            wishes = Wish.objects.visible_to(self.viewer).filter(young_person=OuterRef("pk"), updated_at__gte=since)
            condition &= Q(updated_at__gte=since) | Exists(wishes)
        return condition

    def note(self, action: str, people: Any) -> None:
        note_reading(action, by=self.viewer, target_kind=KIND, target_uuids=[person.uuid for person in people])
