"""Errors of the domain: what a service refuses, in words for the person who asked."""


class RefusedError(Exception):
    """The act is not possible; `str(error)` is a French sentence that says why and what to do."""


class ForbiddenMoveError(RefusedError):
    """A state does not lead to the one asked for."""


def check_move(moves: dict[str, frozenset[str]], current: str, wanted: str, thing: str) -> None:
    """Raise ForbiddenMoveError unless the table lets `current` become `wanted`."""
    if wanted not in moves.get(current, frozenset()):
        raise ForbiddenMoveError(f"{thing} : le passage de « {current} » à « {wanted} » n’est pas possible.")
