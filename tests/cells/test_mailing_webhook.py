"""The provider's calls: signed, fresh, each taken once; nobody else's changes anything."""

import json
import time

import pytest
from django.urls import reverse

from cells.mailing.webhook import TOLERANCE, sign_call
from cells.models import MailReport, OutgoingMail, RefusalRule, Suppression
from tests.cells.factories import OutgoingMailFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def secret(settings):
    settings.MAIL_WEBHOOK_SECRET = "whsec_c2VjcmV0IGRlcyBlc3NhaXM="


@pytest.fixture
def mail():
    RefusalRule.objects.get_or_create(code="5.1.1", valid_from="2026-01-01", defaults={"action": "suppress"})
    return OutgoingMailFactory(state="sent", closed_at="2026-11-21T09:00:00Z")


def body_about(mail, **changes):
    said = {"type": "bounce", "message_id": mail.message_id, "recipient": mail.to_address, "status": "5.1.1"}
    return json.dumps(said | changes).encode()


def call(client, body, *, call_id="msg_1", at=None, signature=None):
    at = int(time.time()) if at is None else at
    headers = {
        "webhook-id": call_id,
        "webhook-timestamp": str(at),
        "webhook-signature": signature or sign_call(call_id, at, body),
    }
    return client.post(reverse("cells:mail-reports"), body, content_type="application/json", headers=headers)


def state_of(mail):
    return OutgoingMail.objects.get(pk=mail.pk).state


def test_a_signed_bounce_is_applied(client, mail):
    assert call(client, body_about(mail)).status_code == 204
    assert state_of(mail) == "bounced"
    assert Suppression.objects.count() == 1


def test_a_signed_complaint_is_applied(client, mail):
    assert call(client, body_about(mail, type="complaint")).status_code == 204
    assert state_of(mail) == "complained"


def test_a_call_repeated_changes_nothing(client, mail):
    assert {call(client, body_about(mail)).status_code for _ in range(3)} == {204}
    assert MailReport.objects.count() == 1


def test_one_good_signature_among_several_is_enough(client, mail):
    at = int(time.time())
    signatures = f"v1,AAAA {sign_call('msg_1', at, body_about(mail))}"
    assert call(client, body_about(mail), at=at, signature=signatures).status_code == 204


@pytest.mark.parametrize("shift", [-TOLERANCE - 5, TOLERANCE + 5])
def test_an_old_call_or_one_from_the_future_is_refused(client, mail, shift):
    assert call(client, body_about(mail), at=int(time.time()) + shift).status_code == 403
    assert state_of(mail) == "sent"


@pytest.mark.parametrize("signature", ["v1,AAAA", "é", " "])
def test_a_call_nobody_signed_is_refused_and_leaves_no_trace(client, mail, signature):
    assert call(client, body_about(mail), signature=signature).status_code == 403
    assert MailReport.objects.count() == 0


def test_a_signature_is_good_for_its_own_body_and_id_only(client, mail):
    at = int(time.time())
    other = sign_call("msg_2", at, body_about(mail))
    assert call(client, body_about(mail), at=at, signature=other).status_code == 403


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b'{"type": "opened"}', b'{"type": ["bounce"]}'])
def test_a_signed_call_that_says_nothing_is_told_so(client, body):
    assert call(client, body).status_code == 400


def test_a_call_about_a_mail_that_is_not_ours_is_kept_aside(client, mail):
    assert call(client, body_about(mail, message_id="<autre@exemple.fr>")).status_code == 204
    assert MailReport.objects.get().set_aside
    assert state_of(mail) == "sent"


def test_without_a_secret_there_is_no_such_page(client, mail, settings):
    settings.MAIL_WEBHOOK_SECRET = ""
    assert call(client, body_about(mail)).status_code == 404
