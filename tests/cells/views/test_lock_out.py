"""Guessing a password stops after a few tries, in the counsellors' form and in the administration's."""

import pytest
from axes.utils import reset
from django.urls import reverse

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
