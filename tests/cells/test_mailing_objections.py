import pytest

from cells.mailing.ledger import queue_mail
from cells.mailing.message import Content
from cells.mailing.objections import hash_address, mask_address, objecting
from cells.models import AuditEntry, MailPurpose, Objection, OutgoingMail
from cells.services.objections import mail_of_token, record_objection
from cells.tasks import release_expired_leases, send_due_mails
from tests.cells.factories import MailStreamFactory, OutgoingMailFactory
from tests.support.smtp import SmtpServer

pytestmark = pytest.mark.django_db

OFFERS, SERVICE = MailPurpose.OFFERS, MailPurpose.SERVICE


def object_to(address, purpose=OFFERS):
    return record_objection(address=address, purpose=purpose, source=Objection.Source.PAGE)


def test_an_objection_is_for_one_purpose_and_ignores_case_and_blanks():
    object_to(" Lea@Exemple.FR ")
    assert objecting(["lea@exemple.fr", "tom@exemple.fr"], OFFERS) == {"lea@exemple.fr"}
    assert objecting(["lea@exemple.fr"], SERVICE) == set()


def test_every_way_of_writing_an_address_is_found():
    object_to("lea@exemple.fr")
    assert objecting(["LEA@exemple.fr", "lea@exemple.fr"], OFFERS) == {"LEA@exemple.fr", "lea@exemple.fr"}


def test_the_address_itself_is_kept_nowhere_and_the_hash_needs_the_key(settings):
    objection = object_to("lea@exemple.fr")
    assert "lea" not in str(vars(objection))
    assert "lea" not in str(AuditEntry.objects.get(action="objection.recorded").facts)
    before = hash_address("lea@exemple.fr")
    settings.OBJECTION_KEY = "another"
    assert hash_address("lea@exemple.fr") != before


def test_objecting_twice_changes_nothing():
    assert object_to("lea@exemple.fr").pk == object_to("lea@exemple.fr").pk
    assert AuditEntry.objects.filter(action="objection.recorded").count() == 1


def test_a_masked_address_tells_a_stranger_little():
    assert mask_address("lea.martin@exemple.fr") == "l•••@exemple.fr"


def test_a_token_we_never_wrote_leads_nowhere():
    assert mail_of_token("n’importe.quoi") is None


@pytest.fixture
def server(settings):
    with SmtpServer() as running:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        yield running


@pytest.mark.django_db(transaction=True)
def test_service_mails_leave_by_the_beat_except_to_those_who_object(server):
    stream = MailStreamFactory(purpose=SERVICE)
    headers = {"From": "cellule@jonction.example", "MIME-Version": "1.0"}
    content = Content("Votre demande", "Bonjour\n", "<p>Bonjour</p>", headers)
    for address in ("lea@exemple.fr", "tom@exemple.fr"):
        queue_mail(stream, dedup_key=address, to=address, content=content)
    object_to("tom@exemple.fr", SERVICE)
    OutgoingMailFactory(stream__purpose=OFFERS)
    send_due_mails()
    assert server.per_address() == {"lea@exemple.fr": 1}
    assert server.messages()[0]["Subject"] == "Votre demande"
    assert set(stream.mails.values_list("state", flat=True)) == {"sent", "withdrawn"}
    release_expired_leases()
    assert OutgoingMail.objects.filter(state="queued").count() == 1
