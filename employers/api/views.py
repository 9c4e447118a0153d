"""Offers for anyone, in the national tree; a key only allows more calls a minute."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from cells.api.permissions import PublicRead
from cells.api.schema import KEY_OPTIONAL, PROBLEM_RESPONSES
from cells.api.viewsets import ReadViewSet
from employers.api.filters import OfferQuery, criteria_of
from employers.api.serializers import JobSerializer, JobsSerializer, OfferPageSerializer
from employers.models import Offer
from employers.searching import as_jobs, find_offers

CUT = {
    "code": "MORE_RESULTS",
    "message": "D’autres offres répondent à la demande : suivez l’en-tête Link, ou resserrez-la.",
}
NATIONAL_LIMIT = 150


class OfferViewSet(ReadViewSet):
    permission_classes = [PublicRead]
    serializer_class = JobSerializer
    query_class = OfferQuery

    def get_queryset(self) -> Any:
        return as_jobs(Offer.objects.public().select_related("employer", "target_level"))

    @extend_schema(
        operation_id="offers_list",
        summary="Chercher des offres",
        description=(
            "Triées par distance quand un point est donné, sinon de la plus récente à la plus ancienne. Sans clé, ou "
            "avec une clé pour appeler plus souvent."
        ),
        tags=["Offres"],
        auth=KEY_OPTIONAL,
        parameters=[OfferQuery],
        responses={200: OfferPageSerializer, **PROBLEM_RESPONSES},
    )
    def list(self, request: Request) -> Response:
        body = self.jobs()
        return Response(self.paginator.body_of(body), headers=self.paginator.headers())

    @extend_schema(
        operation_id="offers_read",
        summary="Lire une offre",
        description="Une offre pourvue, annulée ou expirée est introuvable (404).",
        tags=["Offres"],
        auth=KEY_OPTIONAL,
        responses={200: JobSerializer, **PROBLEM_RESPONSES},
    )
    def retrieve(self, request: Request, uuid: str) -> Response:
        return Response(self.get_serializer(self.get_object()).data)

    def jobs(self) -> dict[str, Any]:
        criteria = criteria_of(self.read_query())
        self.keyset = criteria.order
        page = self.paginate_queryset(as_jobs(self.searched(find_offers(criteria))))
        return {"jobs": self.get_serializer(page, many=True).data, "recruiters": [], "warnings": []}

    def searched(self, offers: Any) -> Any:
        return offers


class NationalQuery(OfferQuery):
    """The national search never says how many: 150 at once, then the Link header."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["limit"].default = NATIONAL_LIMIT


class NationalSearchViewSet(OfferViewSet):
    """The very address and answer of the national API. Its clients expect a point: offers without one stay out."""

    query_class = NationalQuery

    @extend_schema(
        operation_id="national_search",
        summary="Chercher des offres, à l’adresse de l’API nationale",
        description="Mêmes paramètres et mêmes champs que `GET /api/job/v1/search` de l’API Alternance.",
        tags=["Offres"],
        auth=KEY_OPTIONAL,
        parameters=[NationalQuery],
        responses={200: JobsSerializer, **PROBLEM_RESPONSES},
    )
    def list(self, request: Request) -> Response:
        body = self.jobs()
        if self.paginator.next_cursor:
            body["warnings"] = [CUT]
        return Response(body, headers=self.paginator.headers())

    def searched(self, offers: Any) -> Any:
        return offers.exclude(latitude=None)
