"""How a process that needs the servers gets them, and keeps them until it dies."""

import os
import subprocess
import sys
import threading
import time

from config.embedded.folders import make_own_folders
from config.embedded.locks import PAUSE, Lock, is_held, take
from config.embedded.places import BASE_DIR, EmbeddedError, Locations, locations

PATIENCE = 30  # seconds

_guard = threading.Lock()
_held: dict[Locations, Lock] = {}


def ensure_running() -> None:
    """Return once both servers answer; they stay until the last process that called this is dead.

    Cheap to repeat (some microseconds). Raises EmbeddedError, in French, when they do not come up.
    """
    places = locations()
    if places in _held and is_held(places.ready_lock):
        return
    with _guard:
        _join(places, time.monotonic() + PATIENCE)


def _join(places: Locations, deadline: float) -> None:
    make_own_folders(places)
    if places not in _held:
        _held[places] = _become_user(places)
    while not is_held(places.ready_lock):
        if not is_held(places.keeper_lock):
            _start_keeper(places)
        if time.monotonic() > deadline:
            raise EmbeddedError(
                f"PostgreSQL et Valkey ne répondent pas après {PATIENCE} s. La raison est dans {places.logs} "
                "(keeper.log, postgres.log, valkey.log)."
            )
        time.sleep(PAUSE)


def _become_user(places: Locations) -> Lock:
    """A keeper that is stopping the servers holds the lock meanwhile: wait for it to finish."""
    try:
        lock = take(places.users_lock, shared=True, patience=PATIENCE)
    except PermissionError as error:
        raise EmbeddedError(
            f"{places.var} appartient à un autre compte. Lancez la commande avec ce compte, ou faites "
            "« make clean » avec lui."
        ) from error
    if lock is None:
        raise EmbeddedError(f"L'arrêt des serveurs ne finit pas : voir {places.logs / 'keeper.log'}.")
    return lock


def _start_keeper(places: Locations) -> None:
    """Several processes may do it at once: the lock chooses, the losers wait."""
    path = os.pathsep.join(filter(None, (str(BASE_DIR), os.environ.get("PYTHONPATH"))))
    environment = os.environ | {"PYTHONPATH": path, "JONCTION_VAR": str(places.var)}
    command = [sys.executable, "-m", "config.embedded.keeper"]
    done = subprocess.run(command, cwd=BASE_DIR, env=environment, stdin=subprocess.DEVNULL, capture_output=True)
    if done.returncode:
        raise EmbeddedError(done.stderr.decode(errors="replace").strip())


def _forget_guard() -> None:
    global _guard
    _guard = threading.Lock()  # another thread may have held it at the fork


os.register_at_fork(after_in_child=_forget_guard)
