"""Keyset pagination: a page starts after the last row of the one before, so pages never shift nor slow down."""

from datetime import datetime
from typing import Any

from django.core import signing
from django.db.models import Q, QuerySet
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

DEFAULT_LIMIT = 100
MAX_LIMIT = 500
SALT = "cells.api.pagination"
BAD_CURSOR = "Curseur inconnu : reprenez celui de la page précédente, avec les mêmes filtres."


class PageQuery(serializers.Serializer):
    """The parameters every list takes; a list's own query extends it."""

    limit = serializers.IntegerField(
        min_value=1, max_value=MAX_LIMIT, default=DEFAULT_LIMIT, help_text="Nombre de résultats par page."
    )
    cursor = serializers.CharField(
        max_length=500, default="", allow_blank=True, help_text="« next_cursor » de la page précédente."
    )
    total = serializers.BooleanField(default=False, help_text="Compter aussi tous les résultats (plus lent).")


class KeysetPagination(BasePagination):
    """The view gives `page_query` (validated PageQuery) and `keyset`: the order, ending on something unique."""

    def paginate_queryset(self, queryset: QuerySet, request: Request, view: Any = None) -> list[Any]:
        self.request, self.keyset = request, view.keyset
        limit, cursor = view.page_query["limit"], view.page_query["cursor"]
        self.total = queryset.order_by().count() if view.page_query["total"] else None
        rows = queryset.order_by(*self.keyset)
        if cursor:
            rows = rows.filter(after(self.keyset, decode(cursor, self.keyset)))
        found = list(rows[: limit + 1])
        self.next_cursor = encode(found[limit - 1], self.keyset) if len(found) > limit else None
        return found[:limit]

    def get_paginated_response(self, data: Any) -> Response:
        return Response(self.body_of({"results": data}), headers=self.headers())

    def body_of(self, rows: dict[str, Any]) -> dict[str, Any]:
        """The rows under their own name, then where the next ones are."""
        body = {**rows, "next_cursor": self.next_cursor}
        return body if self.total is None else {**body, "total": self.total}

    def headers(self) -> dict[str, str]:
        if self.next_cursor is None:
            return {}
        address = replace_query_param(self.request.build_absolute_uri(), "cursor", self.next_cursor)
        return {"Link": f'<{address}>; rel="next"'}

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        properties = {
            "results": schema,
            "next_cursor": {"type": ["string", "null"], "description": "Absent de la dernière page : null."},
            "total": {"type": "integer", "description": "Seulement si « total » est demandé."},
        }
        return {"type": "object", "required": ["results", "next_cursor"], "properties": properties}


def after(keyset: tuple[str, ...], values: list[Any]) -> Q:
    """(a, b) after (1, 2) is a > 1, or a = 1 and b > 2; a name that starts with « - » goes down."""
    condition, equal_so_far = Q(), Q()
    for name, value in zip(keyset, values, strict=True):
        field = name.lstrip("-")
        beyond = "lt" if name.startswith("-") else "gt"
        condition |= equal_so_far & Q(**{f"{field}__{beyond}": value})
        equal_so_far &= Q(**{field: value})
    return condition


def encode(row: Any, keyset: tuple[str, ...]) -> str:
    """Signed, so that what comes back is what we gave: the values need no second check."""
    values = [getattr(row, name.lstrip("-")) for name in keyset]
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    return signing.dumps([*keyset, *plain], salt=SALT)


def decode(cursor: str, keyset: tuple[str, ...]) -> list[Any]:
    """Raise ValidationError on a cursor that is not ours, or that was given for another order."""
    try:
        names_and_values = signing.loads(cursor, salt=SALT)
    except signing.BadSignature as error:
        raise ValidationError({"cursor": [BAD_CURSOR]}) from error
    names, values = names_and_values[: len(keyset)], names_and_values[len(keyset) :]
    if names != list(keyset):
        raise ValidationError({"cursor": [BAD_CURSOR]})
    return values
