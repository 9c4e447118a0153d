from datetime import timedelta

import pytest
from django.utils import timezone
from kombu.exceptions import OperationalError

from cells.api import authentication
from cells.models import ApiKey
from cells.scoping import NOBODY
from cells.services.api_keys import issue_api_key, revoke_api_key
from tests.cells.factories import OrganisationFactory

pytestmark = pytest.mark.django_db
PEOPLE = "/api/v1/young-people"


@pytest.fixture
def issued(cell, published):
    return issue_api_key(
        cell=cell, organisation=OrganisationFactory(), label="x", scopes=[ApiKey.Scope.YOUNG_PEOPLE_READ], by=NOBODY
    )


def call(client, authorization):
    return client.get(PEOPLE, headers={"Authorization": authorization} if authorization else {})


def test_a_key_opens_what_it_is_for(client, issued):
    assert call(client, f"Bearer {issued.token}").status_code == 200
    assert call(client, f"bearer {issued.token}").status_code == 200


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer x.y", "Basic YTpi", "x" * 9000, "Bearer é"])
def test_no_key_or_a_wrong_one_is_told_how_to_identify(client, published, authorization):
    response = call(client, authorization)
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == 'Bearer realm="Jonction"'
    assert response.json()["code"] == "unauthenticated"


def test_expired_revoked_and_unknown_keys_get_the_same_answer(client, issued, cell):
    wrong = call(client, f"Bearer {issued.key.prefix}.wrong").json()
    revoke_api_key(issued.key, by=NOBODY)
    revoked = call(client, f"Bearer {issued.token}").json()
    ApiKey.objects.update(
        revoked_at=None,
        created_at=timezone.now() - timedelta(days=9),
        expires_at=timezone.now() - timedelta(days=1),
    )
    expired = call(client, f"Bearer {issued.token}").json()
    for body in (wrong, revoked, expired):
        del body["request_id"]
    assert wrong == revoked == expired


def test_a_session_never_opens_the_api(signed_in, alice):
    assert signed_in(alice).get(PEOPLE).status_code == 401


def test_a_wrong_key_is_refused_even_where_none_is_needed(client, issued):
    assert client.get("/api/v1/offers", headers={"Authorization": "Bearer a.b"}).status_code == 401


def test_the_use_of_a_key_is_noted_out_of_band_and_once_a_minute(
    client, issued, published, django_capture_on_commit_callbacks
):
    def uses():
        with django_capture_on_commit_callbacks(execute=True):
            call(client, f"Bearer {issued.token}")
        return [args[0] for name, args, _ in published if name == "cells.tasks.record_key_use"]

    assert uses() == [issued.key.pk]
    ApiKey.objects.update(last_used_at=timezone.now())
    assert uses() == [issued.key.pk]


def test_without_a_broker_the_api_still_answers(client, issued, monkeypatch, django_capture_on_commit_callbacks):
    def gone(*args, **kwargs):
        raise OperationalError

    monkeypatch.setattr(authentication.record_key_use, "apply_async", gone)
    with django_capture_on_commit_callbacks(execute=True):
        assert call(client, f"Bearer {issued.token}").status_code == 200
