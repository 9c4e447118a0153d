import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cells.mailing.objections import objecting
from cells.mailing.tokens import UNSUBSCRIBE, sign_mail
from cells.models import AuditEntry, MailPurpose, Objection
from tests.cells.factories import OutgoingMailFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def mail(cell):
    return OutgoingMailFactory(stream__cell=cell, to_address="lea.martin@exemple.fr")


@pytest.fixture
def url(mail):
    return reverse("matching:unsubscribe", args=[sign_mail(mail.uuid, purpose=UNSUBSCRIBE)])


@pytest.fixture
def mail_client():
    """Posts as a mail client does: no cookie, no CSRF token, no session."""
    return Client(enforce_csrf_checks=True)


def refuses(mail, purpose=MailPurpose.OFFERS):
    return objecting([mail.to_address], purpose) == {mail.to_address}


def test_one_bare_post_is_enough(mail_client, mail, url):
    answer = mail_client.post(url, "List-Unsubscribe=One-Click", "application/x-www-form-urlencoded")
    assert answer.status_code == 200
    assert refuses(mail)
    assert Objection.objects.get().source == Objection.Source.ONE_CLICK
    assert answer.cookies == {}


def test_opening_the_link_changes_nothing(mail_client, mail, url):
    for method in (mail_client.get, mail_client.head):
        with CaptureQueriesContext(connection) as queries:
            assert method(url).status_code == 200
        assert all(query["sql"].startswith("SELECT") for query in queries)
    assert not refuses(mail)


def test_the_page_asks_then_confirms(mail_client, mail, url):
    question = mail_client.get(url).content.decode()
    assert 'method="post"' in question
    assert "l•••@exemple.fr" in question
    answer = mail_client.post(url)
    assert "C’est noté" in answer.content.decode()
    assert Objection.objects.get().source == Objection.Source.PAGE


def test_the_page_says_which_messages_remain_and_whom_to_write_to(mail_client, mail, url):
    page = mail_client.post(url).content.decode()
    assert "messages de service" in page
    assert mail.stream.cell.reply_to in page
    assert not refuses(mail, MailPurpose.SERVICE)


def test_the_full_address_is_not_shown(mail_client, mail, url):
    assert "lea.martin" not in mail_client.get(url).content.decode() + mail_client.post(url).content.decode()


def test_posting_twice_is_harmless(mail_client, mail, url):
    assert [mail_client.post(url).status_code for _ in range(2)] == [200, 200]
    assert Objection.objects.count() == 1


def test_the_trace_names_the_cell_and_nobody(mail_client, mail, url):
    mail_client.post(url)
    entry = AuditEntry.objects.get(action="objection.recorded")
    assert (entry.cell, entry.user) == (mail.stream.cell, None)


@pytest.mark.parametrize("change", [lambda token: token[:-2], lambda token: "0" * 32 + token[32:], lambda token: "x"])
def test_a_token_that_is_not_ours_is_a_page_in_french_and_404(mail_client, mail, change):
    token = change(sign_mail(mail.uuid, purpose=UNSUBSCRIBE))
    for method in (mail_client.get, mail_client.post):
        answer = method(reverse("matching:unsubscribe", args=[token]))
        assert answer.status_code == 404
        assert "Ce lien ne mène à aucun mail" in answer.content.decode()
    assert not Objection.objects.exists()


def test_a_token_for_another_purpose_does_not_unsubscribe(mail_client, mail):
    token = sign_mail(mail.uuid, purpose="another purpose")
    assert mail_client.post(reverse("matching:unsubscribe", args=[token])).status_code == 404


def test_other_methods_are_refused(mail_client, url):
    assert mail_client.put(url).status_code == mail_client.delete(url).status_code == 405
