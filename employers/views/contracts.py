"""A young person's contracts: shown on their file, recorded, started, ended, broken."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from cells.errors import RefusedError
from cells.forms import posted
from cells.reading import note_reading
from cells.views.access import counsellor_screen
from cells.views.fragments import page_or_fragment, wants_fragment
from employers.forms import BreakForm, ContractForm
from employers.models import Contract
from employers.services.contracts import break_contract, end_contract, record_contract, start_contract
from employers.services.employers import find_or_create_employer
from employers.workflow import CONTRACT_MOVES, CURRENT_STATES, ContractState
from youth.models import YoungPerson

DONE = {
    "demarrer": (start_contract, "Contrat démarré."),
    "terminer": (end_contract, "Contrat terminé."),
}


@counsellor_screen
def for_young_person(request: HttpRequest, uuid: UUID) -> HttpResponse:
    person = find_person(request, uuid)
    if not wants_fragment(request):  # a fragment is part of the file, which was noted
        note_reading("person.read", by=request.viewer, target_kind="youngperson", target_uuids=[person.uuid])
    contracts = Contract.objects.visible_to(request.viewer).filter(young_person=person)
    rows = [describe(one) for one in contracts.select_related("employer", "training_centre")]
    context = {"person": person, "contracts": rows, "may_record": not any(row["is_current"] for row in rows)}
    return page_or_fragment(request, "employers/contracts.html", "employers/_contracts.html", context)


def describe(contract: Contract) -> dict[str, Any]:
    """A contract, and the moves its state allows."""
    moves = CONTRACT_MOVES[contract.state]
    return {
        "contract": contract,
        "is_current": contract.state in CURRENT_STATES,
        "may_start": ContractState.RUNNING in moves,
        "may_end": ContractState.ENDED in moves,
        "may_break": ContractState.BROKEN in moves,
    }


@counsellor_screen
def contract_create(request: HttpRequest, uuid: UUID) -> HttpResponse:
    person = find_person(request, uuid)
    form = ContractForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            save_contract(request, person, dict(form.cleaned_data))
        except RefusedError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Contrat enregistré. Le jeune ne reçoit plus d’offres.")
            return redirect("youth:person-detail", person.uuid)
    context = {"person": person, "form": form}
    return render(request, "employers/contract_create.html", context, status=422 if form.errors else 200)


def save_contract(request: HttpRequest, person: YoungPerson, typed: dict[str, Any]) -> Contract:
    employer = find_or_create_employer(siret=typed.pop("siret"), name=typed.pop("employer_name"), by=request.viewer)
    centre = typed.pop("uai")
    return record_contract(young_person=person, employer=employer, training_centre=centre, by=request.viewer, **typed)


@require_POST
@counsellor_screen
def contract_move(request: HttpRequest, uuid: UUID) -> HttpResponse:
    contract = find_contract(request, uuid)
    if request.POST.get("move") not in DONE:
        raise BadRequest("Action inconnue.")
    act, said = DONE[request.POST["move"]]
    try:
        act(contract, by=request.viewer)
    except RefusedError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, said)
    return redirect("youth:person-detail", contract.young_person.uuid)


@counsellor_screen
def contract_break(request: HttpRequest, uuid: UUID) -> HttpResponse:
    contract = find_contract(request, uuid)
    form = BreakForm(posted(request))
    if request.method == "POST" and form.is_valid():
        try:
            break_contract(contract, on=form.cleaned_data["on"], by=request.viewer)
        except RefusedError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Rupture enregistrée. Le jeune cherche de nouveau : il recevra des offres.")
            return redirect("youth:person-detail", contract.young_person.uuid)
    context = {"contract": contract, "person": contract.young_person, "form": form}
    return render(request, "employers/contract_break.html", context, status=422 if form.errors else 200)


def find_person(request: HttpRequest, uuid: UUID) -> YoungPerson:
    return get_object_or_404(YoungPerson.objects.visible_to(request.viewer), uuid=uuid)


def find_contract(request: HttpRequest, uuid: UUID) -> Contract:
    contracts = Contract.objects.visible_to(request.viewer).select_related("young_person", "employer")
    return get_object_or_404(contracts, uuid=uuid)
