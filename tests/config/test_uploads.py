"""What is too large is refused unread."""

import pytest
from django.test import Client
from django.urls import reverse

pytestmark = pytest.mark.django_db


class Unread:
    """A body that must not be read."""

    def read(self, *args):
        raise AssertionError("the body was read")

    readline = read


def send(client: Client, length: int | str):
    sent = {"CONTENT_LENGTH": str(length), "wsgi.input": Unread()}
    return client.post(reverse("youth:import-create"), content_type="multipart/form-data; boundary=x", **sent)


@pytest.fixture(autouse=True)
def limits(settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    settings.MAX_UPLOAD_SIZE = 1000


def test_someone_not_signed_in_sends_a_form_at_most(client):
    assert send(client, 101).status_code == 413


def test_a_counsellor_sends_a_file_and_no_more(alice, signed_in):
    response = send(signed_in(alice), 1101)
    assert response.status_code == 413
    assert "découpez le fichier" in response.content.decode()


def test_a_counsellor_s_file_within_the_limit_is_read(alice, signed_in):
    with pytest.raises(AssertionError, match="the body was read"):
        send(signed_in(alice), 1100)


@pytest.mark.parametrize("length", ["", "beaucoup", 0])
def test_a_body_without_length_is_no_body(client, length):
    assert send(client, length).status_code == 302
