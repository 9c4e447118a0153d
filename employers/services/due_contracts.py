"""What the calendar does to contracts when nobody does it by hand."""

from collections.abc import Callable
from datetime import date

from cells.errors import RefusedError
from cells.scoping import NOBODY, Viewer
from employers.models import Contract
from employers.models.contracts import ContractQuerySet
from employers.services.contracts import end_contract, start_contract
from employers.workflow import ContractState


def move_due_contracts(today: date) -> tuple[int, int]:
    """Start what starts by `today`, end what ended before it; returns both counts. Running twice moves nothing more.

    One transaction per contract: a person being edited delays nobody else's contract.
    """
    due = Contract.objects.filter(state=ContractState.SIGNED, starts_on__lte=today)
    started = move_each(due, start_contract)
    over = Contract.objects.filter(state=ContractState.RUNNING, ends_on__lt=today)
    return started, move_each(over, end_contract)


def move_each(contracts: ContractQuerySet, move: Callable[..., Contract], by: Viewer = NOBODY) -> int:
    moved = 0
    for contract in contracts.order_by("pk").iterator(chunk_size=500):
        try:
            move(contract, by=by)
        except RefusedError:
            continue  # somebody moved it since the list was read
        moved += 1
    return moved
