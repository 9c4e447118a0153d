"""Errors of the domain: what a service refuses, in words for the person who asked."""


class RefusedError(Exception):
    """The act is not possible; `str(error)` is a French sentence that says why and what to do."""


class ForbiddenMoveError(RefusedError):
    """A state does not lead to the one asked for."""


def check_move(moves: dict[str, frozenset[str]], current: str, wanted: str, thing: str) -> None:
    """Raise ForbiddenMoveError unless the table, whose keys are TextChoices, lets `current` become `wanted`."""
    if wanted not in moves.get(current, frozenset()):
        labels = {str(state): getattr(state, "label", state) for state in moves}
        raise ForbiddenMoveError(
            f"{thing} : le passage de « {labels.get(current, current)} » à « {labels.get(wanted, wanted)} » "
            "n’est pas possible."
        )
