"""What every view of the API does: build the viewer from the key, check the query, say what is left of the rate."""

from typing import Any

from django.http import HttpResponseBase
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.viewsets import GenericViewSet

from cells.api.pagination import PageQuery
from cells.scoping import NOBODY, Viewer, viewer_for_api_key


class ReadViewSet(GenericViewSet):
    """A list and a detail. Subclasses name the order (`keyset`) and what a list may be asked (`query_class`)."""

    http_method_names = ["get", "head", "options"]
    metadata_class = None
    filter_backends: list = []
    lookup_field = "uuid"
    lookup_value_converter = "uuid"
    keyset: tuple[str, ...] = ("id",)
    query_class: type[serializers.Serializer] = PageQuery
    page_query: dict[str, Any]

    @property
    def viewer(self) -> Viewer:
        """Who a key stands for. A session never opens the API."""
        if self.request.auth is None:
            return NOBODY
        if not hasattr(self, "_viewer"):
            self._viewer = viewer_for_api_key(self.request.auth)
        return self._viewer

    def read_query(self) -> dict[str, Any]:
        """The list's parameters, checked. Raise ValidationError."""
        query = self.query_class(data=self.request.query_params)
        query.is_valid(raise_exception=True)
        self.page_query = query.validated_data
        return self.page_query

    def finalize_response(
        self, request: Request, response: HttpResponseBase, *args: Any, **kwargs: Any
    ) -> HttpResponseBase:
        response = super().finalize_response(request, response, *args, **kwargs)
        limit = getattr(request._request, "rate_limit", None) if isinstance(request, Request) else None
        if limit is not None:
            for name, value in zip(("Limit", "Remaining", "Reset"), limit, strict=True):
                response[f"RateLimit-{name}"] = str(value)
        return response
