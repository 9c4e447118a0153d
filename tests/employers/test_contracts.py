import threading
from datetime import date

import pytest
import time_machine
from django.db import IntegrityError, connection

from cells.errors import ForbiddenMoveError, RefusedError
from cells.models import AuditEntry
from employers.models import Contract, Employer
from employers.services.contracts import break_contract, end_contract, record_contract, start_contract
from employers.services.due_contracts import move_due_contracts
from employers.services.employers import find_or_create_employer
from employers.tasks import start_due_contracts
from employers.workflow import ContractState
from tests.cells.factories import TrainingCentreFactory
from tests.employers.factories import ContractFactory, EmployerFactory, OfferFactory, make_siret
from tests.youth.factories import YoungPersonFactory
from youth.models import YoungPerson

TODAY = date(2026, 10, 1)
DATES = {"signed_on": date(2026, 9, 1), "starts_on": date(2026, 9, 15), "ends_on": date(2028, 8, 31)}


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel("2026-10-01T10:00Z", tick=False):
        yield


@pytest.fixture
def person(cell):
    return YoungPersonFactory(cell=cell)


def record(person, by, **changes) -> Contract:
    facts = {"kind": Contract.Kind.APPRENTICESHIP, **DATES, **changes}
    return record_contract(
        young_person=person, employer=facts.pop("employer", None) or EmployerFactory(), by=by, **facts
    )


def situation(person) -> str:
    return YoungPerson.objects.values_list("situation", flat=True).get(pk=person.pk)


def test_a_recorded_contract_takes_the_person_out_of_matching(person, alice_viewer):
    centre, offer = TrainingCentreFactory(), OfferFactory()

    contract = record(person, alice_viewer, training_centre=centre, offer=offer, employer=offer.employer)

    assert (contract.state, contract.offer, contract.training_centre) == (ContractState.SIGNED, offer, centre)
    assert not YoungPerson.objects.seeking().filter(pk=person.pk).exists()
    assert situation(person) == "in_contract"


def test_each_act_leaves_a_trace_without_names(person, alice_viewer):
    contract = record(person, alice_viewer)
    start_contract(contract, by=alice_viewer)
    break_contract(contract, on=TODAY, by=alice_viewer)

    entries = AuditEntry.objects.order_by("pk")
    assert [entry.action for entry in entries] == ["contract.recorded", "contract.started", "contract.broken"]
    assert {(entry.target_uuid, entry.user_id, entry.cell_id) for entry in entries} == {
        (contract.uuid, alice_viewer.user_id, person.cell_id)
    }
    assert person.last_name not in str([entry.facts for entry in entries])


def test_a_second_current_contract_is_refused(person, alice_viewer):
    record(person, alice_viewer, employer=EmployerFactory(name="Garage Dupont"))

    with pytest.raises(RefusedError, match=r"déjà un contrat en cours \(Garage Dupont, signé le 01/09/2026\)"):
        record(person, alice_viewer)
    assert Contract.objects.count() == 1


def test_the_database_refuses_a_second_current_contract_whoever_writes_it(person):
    ContractFactory(young_person=person)

    with pytest.raises(IntegrityError):
        ContractFactory(young_person=person, state=ContractState.RUNNING)


@pytest.mark.django_db(transaction=True)
def test_two_counsellors_who_record_at_once_get_one_contract_and_one_refusal(person, alice_viewer):
    employer = EmployerFactory()
    together = threading.Barrier(2)
    outcomes = []

    def counsellor():
        together.wait(timeout=10)
        try:
            outcomes.append(record(person, alice_viewer, employer=employer).state)
        except RefusedError as error:
            outcomes.append(str(error)[:35])
        finally:
            connection.close()

    threads = [threading.Thread(target=counsellor) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)

    assert sorted(outcomes) == ["Ce jeune a déjà un contrat en cours", "signed"]
    assert Contract.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ends_on": date(2026, 9, 15)}, "doit venir après la date de début"),
        ({"signed_on": date(2026, 10, 2)}, "dans le futur"),
        ({"signed_on": date(1026, 9, 1)}, "01/09/1026 n’est pas plausible"),
        ({"ends_on": date(2208, 8, 31)}, "31/08/2208 n’est pas plausible"),
        ({"kind": "stage"}, "Nature de contrat inconnue"),
    ],
)
def test_wrong_facts_are_refused_and_change_nothing(person, alice_viewer, changes, message):
    with pytest.raises(RefusedError, match=message):
        record(person, alice_viewer, **changes)

    assert (Contract.objects.count(), situation(person)) == (0, "seeking")


def test_a_break_puts_the_person_back_into_matching(person, alice_viewer):
    contract = record(person, alice_viewer)

    broken = break_contract(contract, on=date(2026, 9, 20), by=alice_viewer)

    assert (broken.state, broken.broken_on) == (ContractState.BROKEN, date(2026, 9, 20))
    assert situation(person) == "seeking"
    assert record(person, alice_viewer).state == ContractState.SIGNED


@pytest.mark.parametrize(
    ("on", "message"),
    [
        (date(2026, 10, 2), "dans le futur"),
        (date(2026, 8, 31), "précède la signature du 01/09/2026"),
    ],
)
def test_a_break_out_of_the_contract_is_refused(person, alice_viewer, on, message):
    contract = record(person, alice_viewer)

    with pytest.raises(RefusedError, match=message):
        break_contract(contract, on=on, by=alice_viewer)
    assert (Contract.objects.get().state, situation(person)) == ("signed", "in_contract")


def test_a_break_after_the_end_is_refused(person, alice_viewer):
    contract = record(person, alice_viewer, ends_on=date(2026, 9, 28))

    with pytest.raises(RefusedError, match="enregistrez plutôt sa fin"):
        break_contract(contract, on=date(2026, 9, 29), by=alice_viewer)


def test_a_finished_contract_leaves_the_person_not_seeking(person, alice_viewer):
    contract = record(person, alice_viewer, ends_on=TODAY)
    start_contract(contract, by=alice_viewer)

    assert end_contract(contract, by=alice_viewer).state == ContractState.ENDED
    assert situation(person) == "not_seeking"


def test_a_contract_does_not_start_or_end_before_its_day(person, alice_viewer):
    contract = record(person, alice_viewer, starts_on=date(2026, 10, 5))
    with pytest.raises(RefusedError, match="commence le 05/10/2026"):
        start_contract(contract, by=alice_viewer)

    Contract.objects.update(state=ContractState.RUNNING)
    with pytest.raises(RefusedError, match="enregistrez une rupture"):
        end_contract(contract, by=alice_viewer)


def test_moves_the_workflow_does_not_know_are_refused(person, alice_viewer):
    contract = record(person, alice_viewer)
    with pytest.raises(ForbiddenMoveError):
        end_contract(contract, by=alice_viewer)

    break_contract(contract, on=TODAY, by=alice_viewer)
    for move in (start_contract, end_contract):
        with pytest.raises(ForbiddenMoveError):
            move(contract, by=alice_viewer)
    with pytest.raises(ForbiddenMoveError):
        break_contract(contract, on=TODAY, by=alice_viewer)


def test_the_calendar_starts_and_ends_what_is_due_and_nothing_else(cell):
    cases = {
        "today": {"starts_on": TODAY},
        "tomorrow": {"starts_on": date(2026, 10, 2)},
        "over": {"state": ContractState.RUNNING, "ends_on": date(2026, 9, 30)},
        "last day": {"state": ContractState.RUNNING, "ends_on": TODAY},
        "long over": {"starts_on": date(2024, 9, 1), "ends_on": date(2026, 7, 1)},
        "broken": {"state": ContractState.BROKEN, "broken_on": date(2026, 9, 20)},
    }
    contracts = {
        name: ContractFactory(young_person=YoungPersonFactory(cell=cell), **facts) for name, facts in cases.items()
    }

    assert move_due_contracts(TODAY) == (2, 2)

    states = {name: Contract.objects.get(pk=contract.pk).state for name, contract in contracts.items()}
    assert states == {
        "today": "running",
        "tomorrow": "signed",
        "over": "ended",
        "last day": "running",
        "long over": "ended",
        "broken": "broken",
    }


def test_the_daily_task_run_twice_moves_and_traces_once(cell):
    contract = ContractFactory(young_person=YoungPersonFactory(cell=cell), starts_on=TODAY)

    start_due_contracts()
    start_due_contracts()

    entry = AuditEntry.objects.get()
    assert (entry.action, entry.target_uuid, entry.cell, entry.user) == ("contract.started", contract.uuid, cell, None)


def test_an_employer_is_found_by_its_siret_and_keeps_its_name(alice_viewer):
    known = EmployerFactory(siret=make_siret(7), name="Boulangerie Martin")
    spaced = f"{known.siret[:9]} {known.siret[9:]}"

    assert find_or_create_employer(siret=spaced, name="Autre nom", by=alice_viewer) == known
    known.refresh_from_db()
    assert known.name == "Boulangerie Martin"


def test_an_unknown_employer_is_made_once(alice_viewer):
    for _ in range(2):
        find_or_create_employer(siret=make_siret(7), name="  Garage   Dupont ", by=alice_viewer)

    employer = Employer.objects.get()
    assert (employer.siret, employer.name) == (make_siret(7), "Garage Dupont")


@pytest.mark.parametrize(
    ("siret", "name", "message"),
    [
        ("12345678901234", "Garage", "clé de contrôle"),
        ("", "Garage", "14 chiffres"),
        (make_siret(7), " ", "Nom de l’employeur"),
        (make_siret(7), "G" * 201, "200 caractères"),
    ],
)
def test_a_wrong_employer_is_refused(alice_viewer, siret, name, message):
    with pytest.raises(RefusedError, match=message):
        find_or_create_employer(siret=siret, name=name, by=alice_viewer)
    assert not Employer.objects.exists()
