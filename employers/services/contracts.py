"""Contracts, and what each move does to the young person: in contract, seeking again, or done."""

from datetime import date

from django.db import transaction
from django.utils import timezone

from cells.errors import RefusedError, check_move
from cells.models import TrainingCentre
from cells.scoping import Viewer
from cells.services.audit import record_action
from employers.models import Contract, Employer, Offer
from employers.workflow import CONTRACT_MOVES, ContractState
from youth.models import YoungPerson
from youth.services.situations import set_situation

FIRST_YEAR, LAST_YEAR = 2015, 2100
Situation = YoungPerson.Situation


@transaction.atomic
def record_contract(
    *,
    young_person: YoungPerson,
    employer: Employer,
    kind: str,
    signed_on: date,
    starts_on: date,
    ends_on: date,
    training_centre: TrainingCentre | None = None,
    offer: Offer | None = None,
    by: Viewer,
) -> Contract:
    """Record a signed contract; the person leaves matching and campaigns. RefusedError when one is current already."""
    check_kind(kind)
    check_dates(signed_on=signed_on, starts_on=starts_on, ends_on=ends_on)
    locked = lock_person(young_person.pk)
    check_no_current_contract(locked)
    contract = Contract.objects.create(
        young_person=locked,
        employer=employer,
        kind=kind,
        signed_on=signed_on,
        starts_on=starts_on,
        ends_on=ends_on,
        training_centre=training_centre,
        offer=offer,
    )
    set_situation(locked, Situation.IN_CONTRACT)
    audit(contract, "contract.recorded", by)
    return contract


@transaction.atomic
def start_contract(contract: Contract, *, by: Viewer) -> Contract:
    locked = lock_contract(contract)
    check_move(CONTRACT_MOVES, locked.state, ContractState.RUNNING, "Contrat")
    if locked.starts_on > timezone.localdate():
        raise RefusedError(f"Le contrat commence le {french(locked.starts_on)} : attendez ce jour pour le démarrer.")
    return move(locked, ContractState.RUNNING, "contract.started", by)


@transaction.atomic
def end_contract(contract: Contract, *, by: Viewer) -> Contract:
    """Close a contract that reached its end; the person does not seek any more."""
    locked = lock_contract(contract)
    check_move(CONTRACT_MOVES, locked.state, ContractState.ENDED, "Contrat")
    if locked.ends_on > timezone.localdate():
        raise RefusedError(
            f"La fin est prévue le {french(locked.ends_on)} : si le contrat s’arrête avant, enregistrez une rupture."
        )
    set_situation(locked.young_person, Situation.NOT_SEEKING)
    return move(locked, ContractState.ENDED, "contract.ended", by)


@transaction.atomic
def break_contract(contract: Contract, *, on: date, by: Viewer) -> Contract:
    """Record a break; the person seeks again, so the next matching run finds them."""
    locked = lock_contract(contract)
    check_move(CONTRACT_MOVES, locked.state, ContractState.BROKEN, "Contrat")
    check_break_date(locked, on)
    locked.broken_on = on
    set_situation(locked.young_person, Situation.SEEKING)
    return move(locked, ContractState.BROKEN, "contract.broken", by)


def lock_person(pk: int) -> YoungPerson:
    """Every write on a person's contracts takes this lock first: two counsellors never record at once."""
    return YoungPerson.objects.select_for_update(of=("self",)).get(pk=pk)


def lock_contract(contract: Contract) -> Contract:
    """The contract as it is now; the person's lock comes first, as everywhere."""
    person = lock_person(contract.young_person_id)
    locked = Contract.objects.select_for_update(of=("self",)).get(pk=contract.pk)
    locked.young_person = person
    return locked


def move(contract: Contract, state: str, action: str, by: Viewer) -> Contract:
    contract.state = state
    contract.save(update_fields=["state", "broken_on", "updated_at"])
    audit(contract, action, by)
    return contract


def audit(contract: Contract, action: str, by: Viewer) -> None:
    person = contract.young_person
    facts = {"young_person": str(person.uuid), "employer": str(contract.employer.uuid)}
    record_action(action, by=by, target=contract, facts=facts, cell_id=person.cell_id)


def check_kind(kind: str) -> None:
    if kind not in Contract.Kind.values:
        raise RefusedError(f"Nature de contrat inconnue : choisissez parmi {', '.join(Contract.Kind.labels)}.")


def check_dates(*, signed_on: date, starts_on: date, ends_on: date) -> None:
    labels = {"signature": signed_on, "début": starts_on, "fin prévue": ends_on}
    for label, day in labels.items():
        if not FIRST_YEAR <= day.year <= LAST_YEAR:
            raise RefusedError(f"Date de {label} : {french(day)} n’est pas plausible, vérifiez l’année.")
    if signed_on > timezone.localdate():
        raise RefusedError("Date de signature : elle est dans le futur ; saisissez le contrat une fois signé.")
    if ends_on <= starts_on:
        raise RefusedError("Date de fin prévue : elle doit venir après la date de début.")


def check_no_current_contract(person: YoungPerson) -> None:
    current = Contract.objects.filter(young_person=person).current().select_related("employer").first()
    if current:
        raise RefusedError(
            f"Ce jeune a déjà un contrat en cours ({current.employer.name}, signé le {french(current.signed_on)}) : "
            "enregistrez d’abord sa fin ou sa rupture."
        )


def check_break_date(contract: Contract, on: date) -> None:
    if on > timezone.localdate():
        raise RefusedError("Date de rupture : elle est dans le futur ; enregistrez la rupture le jour venu.")
    if on < contract.signed_on:
        raise RefusedError(
            f"Date de rupture : elle précède la signature du {french(contract.signed_on)}, vérifiez les deux dates."
        )
    if on > contract.ends_on:
        raise RefusedError(
            f"Date de rupture : le contrat prenait fin le {french(contract.ends_on)}, enregistrez plutôt sa fin."
        )


def french(day: date) -> str:
    return f"{day.day:02d}/{day.month:02d}/{day.year:04d}"
