"""The page people read: the OpenAPI description laid out, without a script or anything from elsewhere."""

from functools import cache
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cells.api.errors import CODES, PROBLEMS, problem
from cells.api.permissions import PublicRead

STATUSES = {code: status for status, code in CODES.items()} | {"invalid": 400, "refused": 409}


@login_not_required
@require_safe
@cache_control(public=True, max_age=300)
def docs(request: HttpRequest) -> HttpResponse:
    context = {
        "schema": schema()["info"],
        "operations": operations(),
        "parameter_head": ["Nom", "Type", "Obligatoire", "Par défaut", "Sens"],
        "objects": objects(),
        "object_head": ["Champ", "Type", "Sens"],
        "errors": errors(),
    }
    return render(request, "cells/api_docs.html", context)


@cache
def schema() -> dict[str, Any]:
    """The same for the life of the process: routes do not change while it runs."""
    return SchemaGenerator().get_schema(public=True)


def operations() -> list[dict[str, Any]]:
    return [
        {
            "method": method.upper(),
            "path": path,
            "id": operation["operationId"],
            "table_id": f"parametres-{operation['operationId']}",
            "caption": f"Paramètres de « {operation['summary']} »",
            "summary": operation["summary"],
            "description": operation["description"].replace("`", ""),
            "needs_key": {} not in operation.get("security", [{}]),
            "parameters": [parameter_row(parameter) for parameter in operation.get("parameters", [])],
            "answers": [(status, answer_of(answer)) for status, answer in operation["responses"].items()],
        }
        for path, methods in schema()["paths"].items()
        for method, operation in methods.items()
        if "summary" in operation
    ]


def parameter_row(parameter: dict[str, Any]) -> list[str]:
    kind = parameter["schema"]
    return [
        parameter["name"],
        type_of(kind),
        "oui" if parameter.get("required") else "non",
        str(kind.get("default", "")),
        parameter.get("description", ""),
    ]


def objects() -> list[dict[str, Any]]:
    """Each object of the answers, as a table of its fields."""
    return [
        {
            "name": name,
            "description": one.get("description", ""),
            "rows": [[field, type_of(kind), kind.get("description", "")] for field, kind in one["properties"].items()],
        }
        for name, one in schema()["components"]["schemas"].items()
        if "properties" in one
    ]


def type_of(kind: dict[str, Any]) -> str:
    """« integer ou null », « liste de Job » …"""
    if "$ref" in kind:
        return kind["$ref"].rsplit("/", 1)[-1]
    for key in ("oneOf", "anyOf", "allOf"):
        if key in kind:
            return " ou ".join(type_of(one) for one in kind[key])
    if "enum" in kind:
        return " | ".join("null" if value is None else str(value) for value in kind["enum"])
    if kind.get("type") == "array":
        return f"liste de {type_of(kind.get('items', {}))}"
    names = kind.get("type", "objet")
    return " ou ".join(names) if isinstance(names, list) else names


def answer_of(answer: dict[str, Any]) -> str:
    content = next(iter(answer.get("content", {}).values()), {})
    described = answer.get("description", "")
    return " – ".join(part for part in (type_of(content["schema"]) if content else "", described) if part)


def errors() -> list[tuple[str, int, str, str]]:
    return [(code, STATUSES.get(code, 400), known.title, known.detail) for code, known in PROBLEMS.items()]


class UnknownPath(APIView):
    """Any other address under /api/: the same error shape as everywhere."""

    permission_classes = [PublicRead]
    schema = None

    def get(self, request: Request, path: str = "") -> Response:
        return problem(request, 404)

    post = put = patch = delete = get
