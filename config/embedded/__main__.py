"""`python -m config.embedded status|stop|clean`: look at the servers, stop them, remove their data."""

import os
import signal
import sys
import time
from pathlib import Path

from config.embedded.folders import remove_everything
from config.embedded.locks import is_held, take
from config.embedded.places import Locations, locations

PATIENCE = 10  # seconds for the servers to stop


def main(arguments: list[str]) -> int:
    actions = {"status": status, "stop": stop, "clean": clean}
    if len(arguments) != 1 or arguments[0] not in actions:
        say("Usage : python -m config.embedded status|stop|clean")
        return 2
    return actions[arguments[0]](locations())


def status(places: Locations) -> int:
    """Exit code 0 when both servers answer, 3 when they are stopped."""
    running = is_held(places.ready_lock)
    say(f"PostgreSQL et Valkey : {'en marche' if running else 'arrêtés'}")
    say(f"Données : {places.home}  Sockets : {places.sockets}  Journaux : {places.logs}")
    if users := users_of(places.users_lock):
        say(f"Processus qui s'en servent : {', '.join(map(str, users))}")
    return 0 if running else 3


def stop(places: Locations) -> int:
    """Stop the servers even while they are used: the next connection starts them again."""
    deadline = time.monotonic() + PATIENCE
    if is_held(places.keeper_lock):
        os.kill(int((places.locks / "keeper.pid").read_text()), signal.SIGTERM)
    while is_held(places.keeper_lock) and time.monotonic() < deadline:
        time.sleep(0.05)
    return int(is_held(places.keeper_lock))


def clean(places: Locations) -> int:
    """Remove every piece of data, unless somebody uses it."""
    if not places.var.exists():
        return 0
    places.locks.mkdir(exist_ok=True)
    stopping = is_held(places.users_lock)  # by a keeper whose last user is gone
    if (lock := take(places.users_lock, patience=PATIENCE if stopping else 1)) is None:
        users = ", ".join(map(str, users_of(places.users_lock))) or "inconnus"
        say(f"Des processus se servent encore des données ({users}) : arrêtez-les, puis recommencez.")
        return 1
    remove_everything(places)
    lock.release()
    return 0


def users_of(lock: Path) -> list[int]:
    """Who took the lock, as the kernel lists it (Linux; a child that inherited it is not listed)."""
    table = Path("/proc/locks")
    if not lock.exists() or not table.exists():
        return []
    rows = (line.split() for line in table.read_text().splitlines())
    inode = str(lock.stat().st_ino)
    return sorted({int(row[4]) for row in rows if row[1] == "FLOCK" and row[5].endswith(f":{inode}")})


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
