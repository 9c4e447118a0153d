"""Contracts on a young person's file."""

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone

from cells.models import ImportBatch
from employers.models import Contract, Employer
from employers.workflow import ContractState
from tests.cells.factories import TrainingCentreFactory
from tests.employers.factories import ContractFactory, EmployerFactory, make_siret
from tests.support.html import text_of
from tests.youth.factories import YoungPersonFactory
from youth.models import YoungPerson

pytestmark = pytest.mark.django_db
SIRET = make_siret(44_000_000)
TYPED = {
    "siret": SIRET,
    "employer_name": "Boulangerie du Gros-Horloge",
    "kind": Contract.Kind.APPRENTICESHIP,
    "signed_on": "2026-09-01",
    "starts_on": "2026-09-15",
    "ends_on": "31/08/2028",
    "uai": "",
}


@pytest.fixture
def one(cell):
    return YoungPersonFactory(cell=cell)


def record(client, person, **changed):
    return client.post(reverse("employers:contract-create", args=[person.uuid]), TYPED | changed)


def test_a_contract_takes_the_person_out_of_the_search(alice, one, signed_in):
    centre = TrainingCentreFactory(uai="0760123A")
    response = record(signed_in(alice), one, uai="0760123a")
    contract = Contract.objects.get()
    one.refresh_from_db()
    assert response.url == reverse("youth:person-detail", args=[one.uuid])
    assert (contract.employer.siret, contract.training_centre) == (SIRET, centre)
    assert (contract.starts_on, contract.ends_on) == (date(2026, 9, 15), date(2028, 8, 31))
    assert one.situation == YoungPerson.Situation.IN_CONTRACT


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"siret": "123"}, "SIRET"),
        ({"ends_on": "2026-01-01"}, "après la date de début"),
        ({"starts_on": "hier"}, "Indiquez une date"),
        ({"uai": "0000000Z"}, "Aucun CFA connu"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_kept(alice, one, signed_in, changed, said):
    response = record(signed_in(alice), one, **changed)
    assert response.status_code == 422
    assert said in text_of(response)
    assert "Boulangerie du Gros-Horloge" in response.content.decode()
    assert not Contract.objects.exists()


def test_a_second_current_contract_is_refused_with_what_to_do(alice, one, signed_in):
    client = signed_in(alice)
    record(client, one)
    assert "enregistrez d’abord sa fin ou sa rupture" in text_of(record(client, one))
    assert Contract.objects.count() == 1


def test_a_break_puts_the_person_back_in_the_search(alice, one, signed_in):
    contract = ContractFactory(young_person=one)
    client = signed_in(alice)
    client.post(reverse("employers:contract-break", args=[contract.uuid]), {"on": "2026-10-20"})
    contract.refresh_from_db()
    one.refresh_from_db()
    assert (contract.state, contract.broken_on) == (ContractState.BROKEN, date(2026, 10, 20))
    assert one.situation == YoungPerson.Situation.SEEKING


def test_a_break_before_the_signature_is_refused(alice, one, signed_in):
    contract = ContractFactory(young_person=one)
    response = signed_in(alice).post(reverse("employers:contract-break", args=[contract.uuid]), {"on": "2020-01-01"})
    assert response.status_code == 422
    assert "précède la signature" in text_of(response)


def test_a_contract_starts_and_a_refusal_is_said_on_the_file(alice, one, signed_in):
    contract = ContractFactory(young_person=one)
    client = signed_in(alice)
    url = reverse("employers:contract-move", args=[contract.uuid])
    client.post(url, {"move": "demarrer"})
    contract.refresh_from_db()
    assert contract.state == ContractState.RUNNING
    assert "enregistrez une rupture" in text_of(client.post(url, {"move": "terminer"}, follow=True))


def test_an_unknown_move_is_a_bad_request(alice, one, signed_in):
    url = reverse("employers:contract-move", args=[ContractFactory(young_person=one).uuid])
    assert signed_in(alice).post(url, {"move": "effacer"}).status_code == 400


def test_the_file_offers_only_the_moves_a_state_allows(alice, one, signed_in):
    tomorrow = timezone.localdate() + timedelta(days=1)
    ContractFactory(young_person=one, state=ContractState.ENDED, starts_on=date(2024, 9, 1), ends_on=tomorrow)
    client = signed_in(alice)
    url = reverse("employers:for-young-person", args=[one.uuid])
    page = text_of(client.get(url))
    assert "Enregistrer un contrat" in page
    assert "rupture" not in page
    ContractFactory(young_person=one)
    page = text_of(client.get(url))
    assert "Enregistrer un contrat" not in page
    assert "Enregistrer une rupture" in page


def test_an_outsider_records_nothing(charlie, one, signed_in):
    assert record(signed_in(charlie), one).status_code == 404
    assert not Employer.objects.exists()


def test_the_known_name_of_an_employer_is_never_overwritten(alice, one, signed_in):
    EmployerFactory(siret=SIRET, name="Nom connu")
    record(signed_in(alice), one)
    assert Employer.objects.get().name == "Nom connu"


def test_only_a_manager_deposits_offers(
    alice, manager, signed_in, published, settings, tmp_path, django_capture_on_commit_callbacks
):
    settings.VAR_DIR = tmp_path
    url = reverse("employers:import-create")
    assert signed_in(alice).post(url, {"file": SimpleUploadedFile("o.json", b"[]")}).status_code == 403
    with django_capture_on_commit_callbacks(execute=True):
        signed_in(manager).post(url, {"file": SimpleUploadedFile("o.json", b"[]"), "complete": "on"})
    batch = ImportBatch.objects.get()
    assert published[0][:2] == ("employers.tasks.import_offer_file", [batch.pk])
    assert batch.request["complete"] is True
