"""Guessing a password stops after a few tries, in the counsellors' form and in the administration's."""

import pytest
from axes.utils import reset
from django.urls import reverse

from config.callers import network_address
from tests.cells.factories import UserFactory

pytestmark = pytest.mark.django_db

PASSWORD = "une phrase de passe longue"


@pytest.fixture(autouse=True)
def failures_are_counted(settings):
    settings.AXES_ENABLED = True
    settings.AXES_FAILURE_LIMIT = 3
    yield
    reset()


@pytest.mark.parametrize("form", ["cells:sign-in", "admin:login"])
def test_after_too_many_failures_the_right_password_is_refused_too(client, form):
    user = UserFactory(is_staff=True)
    for _ in range(3):
        client.post(reverse(form), {"username": user.email, "password": "faux"})
    response = client.post(reverse(form), {"username": user.email, "password": PASSWORD})
    assert response.status_code == 429
    assert "_auth_user_id" not in client.session


def test_one_person_s_failures_do_not_lock_a_colleague_out(client):
    guessed, colleague = UserFactory(), UserFactory()
    for _ in range(3):
        client.post(reverse("cells:sign-in"), {"username": guessed.email, "password": "faux"})
    client.post(reverse("cells:sign-in"), {"username": colleague.email, "password": PASSWORD})
    assert client.session["_auth_user_id"] == str(colleague.pk)


def guess(client, email, form="cells:sign-in", **meta):
    return client.post(reverse(form), {"username": email, "password": "faux"}, **meta).status_code


@pytest.mark.parametrize("form", ["cells:sign-in", "admin:login"])
def test_each_spelling_of_an_address_counts_for_the_same_person(client, form):
    UserFactory(email="cible@jonction.example", is_staff=True)
    spellings = (
        "cible@jonction.example",
        "Cible@jonction.example",
        " CIBLE@JONCTION.EXAMPLE",
        "ciblE@jonction.example",
    )
    assert [guess(client, one, form) for one in spellings][-1] == 429


def test_behind_a_proxy_callers_are_told_apart_and_cannot_pretend(client, settings):
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"NUM_PROXIES": 1}
    email = UserFactory().email
    for pretended in ("203.0.113.1", "203.0.113.2", "203.0.113.3"):
        status = guess(client, email, HTTP_X_FORWARDED_FOR=f"{pretended}, 198.51.100.7")
    assert status == 429
    assert guess(client, email, HTTP_X_FORWARDED_FOR="198.51.100.8") == 200


@pytest.mark.parametrize(
    ("proxies", "forwarded", "address"),
    [
        (0, "203.0.113.1", "127.0.0.1"),
        (1, "203.0.113.1, 198.51.100.7", "198.51.100.7"),
        (2, "203.0.113.1, 198.51.100.7, 10.0.0.1", "198.51.100.7"),
        (2, "2001:db8::1", "2001:db8::1"),
        (1, "", "127.0.0.1"),
        (1, "n’importe quoi", "127.0.0.1"),
    ],
)
def test_the_caller_is_as_many_addresses_from_the_right_as_there_are_proxies(rf, settings, proxies, forwarded, address):
    settings.REST_FRAMEWORK = settings.REST_FRAMEWORK | {"NUM_PROXIES": proxies}
    assert network_address(rf.get("/", HTTP_X_FORWARDED_FOR=forwarded)) == address
