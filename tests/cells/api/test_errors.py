import pytest
from rest_framework import exceptions
from rest_framework.test import APIRequestFactory

from cells.api.errors import PROBLEMS, handle_error, messages_by_field
from cells.errors import RefusedError

SHAPE = {"type", "title", "status", "code", "detail", "fields", "request_id"}


def handled(error):
    return handle_error(error, {"request": APIRequestFactory().get("/")})


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (exceptions.ValidationError({"romes": ["Non."]}), 400, "invalid"),
        (exceptions.ParseError(), 400, "parse_error"),
        (exceptions.NotAuthenticated(), 401, "unauthenticated"),
        (exceptions.AuthenticationFailed(), 401, "unauthenticated"),
        (exceptions.PermissionDenied(), 403, "forbidden"),
        (exceptions.NotFound(), 404, "not_found"),
        (exceptions.MethodNotAllowed("POST"), 405, "method_not_allowed"),
        (exceptions.Throttled(wait=12), 429, "throttled"),
        (RefusedError("Le contrat court déjà."), 409, "refused"),
        (KeyError("password"), 500, "internal"),
    ],
)
def test_every_error_has_the_same_shape(error, status, code):
    response = handled(error)
    assert response.status_code == status
    assert set(response.data) == SHAPE
    assert response.data["code"] == code
    assert response.data["status"] == status
    assert response.data["detail"]
    assert response.content_type == "application/problem+json"


def test_an_unexpected_error_tells_nothing_of_our_insides():
    response = handled(ValueError("SELECT * FROM youth_youngperson WHERE last_name = 'Lefèvre'"))
    assert "youth" not in str(response.data)
    assert "Lefèvre" not in str(response.data)


def test_too_many_calls_say_when_to_come_back():
    assert handled(exceptions.Throttled(wait=12))["Retry-After"] == "12"


def test_what_a_service_refuses_is_said_in_its_own_words():
    assert handled(RefusedError("Le contrat court déjà.")).data["detail"] == "Le contrat court déjà."


def test_nested_messages_are_flattened():
    detail = {"departements": {0: ["Inconnu."], 3: ["Vide."]}, "offer": {"title": ["Court."]}}
    detail["non_field_errors"] = ["Non."]
    assert messages_by_field(detail) == {
        "departements": ["Inconnu.", "Vide."],
        "offer.title": ["Court."],
        "": ["Non."],
    }


def test_every_problem_is_worded_in_french():
    assert all(known.title for known in PROBLEMS.values())


def test_an_unknown_address_of_the_api_answers_in_the_same_shape(client):
    response = client.get("/api/v1/nowhere")
    assert response.status_code == 404
    assert set(response.json()) == SHAPE
    assert response.json()["request_id"] == response["X-Request-ID"]
