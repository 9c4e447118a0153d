"""One shape for every error: RFC 9457 problem details, in French, with nothing of our insides."""

import logging
from typing import Any, NamedTuple

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework.exceptions import APIException, NotFound, ValidationError
from rest_framework.exceptions import PermissionDenied as NotAllowed
from rest_framework.response import Response
from rest_framework.views import set_rollback

from cells.errors import RefusedError

logger = logging.getLogger(__name__)

PROBLEM_TYPE = "application/problem+json"
DOCS = "/api/v1/docs"


class Problem(NamedTuple):
    title: str
    detail: str


PROBLEMS = {
    "invalid": Problem("Demande invalide", "Un ou plusieurs paramètres sont invalides : voir « fields »."),
    "parse_error": Problem("Demande illisible", "Le corps de la demande n’est pas du JSON lisible."),
    "unauthenticated": Problem(
        "Clé d’API absente ou refusée",
        "Envoyez une clé valable dans l’en-tête « Authorization: Bearer ». Elle est inconnue, expirée ou révoquée, "
        "ou elle manque.",
    ),
    "forbidden": Problem("Droit insuffisant", "Cette clé n’a pas le droit de faire cela. Voyez avec votre cellule."),
    "not_found": Problem("Introuvable", "Rien ne se trouve à cette adresse, ou pas pour vous."),
    "refused": Problem("Refusé", ""),
    "method_not_allowed": Problem("Méthode refusée", "Cette adresse n’accepte pas cette méthode HTTP."),
    "not_acceptable": Problem("Format indisponible", "L’API répond en JSON : demandez « application/json »."),
    "unsupported_media_type": Problem("Format refusé", "Envoyez du JSON (« Content-Type: application/json »)."),
    "throttled": Problem("Trop d’appels", "Trop d’appels cette minute : réessayez après « Retry-After » secondes."),
    "error": Problem("Erreur", "La demande n’a pas pu être traitée."),
    "internal": Problem("Erreur interne", "L’erreur est de notre côté et a été notée. Réessayez plus tard."),
}
CODES = {400: "parse_error", 401: "unauthenticated", 403: "forbidden", 404: "not_found", 405: "method_not_allowed"}
CODES |= {406: "not_acceptable", 415: "unsupported_media_type", 429: "throttled", 500: "internal"}


def handle_error(error: Exception, context: dict[str, Any]) -> Response:
    """Django REST framework's EXCEPTION_HANDLER."""
    set_rollback()
    request = context["request"]
    if isinstance(error, Http404):
        error = NotFound()
    elif isinstance(error, PermissionDenied):
        error = NotAllowed()
    if isinstance(error, ValidationError):
        return problem(request, 400, "invalid", fields=messages_by_field(error.detail))
    if isinstance(error, RefusedError):
        return problem(request, 409, "refused", detail=str(error))
    if isinstance(error, APIException):
        return problem(request, error.status_code, headers=headers_of(error))
    logger.error("API error", exc_info=error)
    return problem(request, 500)


def problem(
    request: Any,
    status: int,
    code: str = "",
    *,
    detail: str = "",
    fields: dict[str, list[str]] | None = None,
    headers: dict[str, str] | None = None,
) -> Response:
    code = code or CODES.get(status, "error")
    known = PROBLEMS[code]
    body = {
        "type": f"{DOCS}#erreur-{code}",
        "title": known.title,
        "status": status,
        "code": code,
        "detail": detail or known.detail,
        "fields": fields or {},
        "request_id": getattr(request, "request_id", ""),
    }
    return Response(body, status=status, headers=headers, content_type=PROBLEM_TYPE)


def headers_of(error: APIException) -> dict[str, str]:
    headers = {}
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header
    if getattr(error, "wait", None) is not None:
        headers["Retry-After"] = str(max(1, int(error.wait)))
    return headers


def messages_by_field(detail: Any, path: str = "") -> dict[str, list[str]]:
    """Nested errors flattened: {"romes": […]}, {"offer.title": […]}; what concerns no field is under ""."""
    if isinstance(detail, list) and any(isinstance(item, dict) for item in detail):
        detail = dict(enumerate(detail))
    if not isinstance(detail, dict):
        return {path: [str(item) for item in (detail if isinstance(detail, list) else [detail])]}
    found: dict[str, list[str]] = {}
    for name, inner in detail.items():
        # The number of an item in its list says nothing to whoever sent a repeated parameter.
        own = "" if isinstance(name, int) or name == "non_field_errors" else name
        for field, messages in messages_by_field(inner, ".".join(filter(None, (path, own)))).items():
            found.setdefault(field, []).extend(messages)
    return found
