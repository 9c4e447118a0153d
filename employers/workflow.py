"""States of a contract and the moves between them."""

from django.db import models


class ContractState(models.TextChoices):
    SIGNED = "signed", "Signé"
    RUNNING = "running", "En cours"
    ENDED = "ended", "Terminé"
    BROKEN = "broken", "Rompu"


CURRENT_STATES = (ContractState.SIGNED, ContractState.RUNNING)

CONTRACT_MOVES: dict[str, frozenset[str]] = {
    ContractState.SIGNED: frozenset({ContractState.RUNNING, ContractState.BROKEN}),
    ContractState.RUNNING: frozenset({ContractState.ENDED, ContractState.BROKEN}),
    ContractState.ENDED: frozenset(),
    ContractState.BROKEN: frozenset(),
}
