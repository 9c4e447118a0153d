"""The process that owns both servers: `python -m config.embedded.keeper`, started by who needs them first.

Three locks tell its state, and the kernel keeps them true through any kill: `keeper.lock` while it lives,
`ready.lock` while both servers answer, and `users.lock`, shared by every user, taken when none is left.
"""

import contextlib
import os
import select
import signal
import sys
import time
import traceback
from datetime import UTC, datetime

from config.embedded.folders import make_own_folders, make_servers_folders
from config.embedded.locks import Lock, take
from config.embedded.places import EmbeddedError, Locations, locations
from config.embedded.servers import Postgres, Server, Valkey, rotate

START_PATIENCE = 60  # seconds; a crash recovery may take that long
POLL = 0.1  # seconds between two looks at the users' lock
QUICK_DEATHS = 5  # restarts within a minute before giving up
READY = b"ready"


class Keeper:
    """Starts the servers, restarts one that dies, stops both when nobody needs them."""

    def __init__(self, places: Locations) -> None:
        self.places = places
        self.servers: list[Server] = [Postgres(places), Valkey(places)]
        self.ready: Lock | None = None
        self.last_word: Lock | None = None
        self.deaths: list[float] = []
        self.asked_to_stop = False

    def start(self) -> None:
        make_servers_folders(self.places)
        for server in self.servers:
            rotate(server.log)
            server.prepare()
            server.start()
        self.announce()

    def announce(self) -> None:
        """Say that both servers answer."""
        for server in self.servers:
            wait_until_it_answers(server)
        self.ready = take(self.places.ready_lock, patience=START_PATIENCE)

    def serve(self) -> None:
        """Return when there is no user left (no new one can come until we exit) or when asked to stop."""
        while not self.asked_to_stop and self.last_word is None:
            pause()
            self.revive()
            self.last_word = take(self.places.users_lock)

    def revive(self) -> None:
        dead = [server for server in self.servers if server.is_dead()]
        if not dead:
            return
        if self.ready is not None:
            self.ready.release()
            self.ready = None
        for server in dead:
            self.count_death(server)
            server.start()
        self.announce()

    def count_death(self, server: Server) -> None:
        now = time.monotonic()
        self.deaths = [*(moment for moment in self.deaths if moment > now - 60), now]
        tell(f"{server.name} est mort, redémarrage")
        if len(self.deaths) > QUICK_DEATHS:
            raise EmbeddedError(f"{server.name} meurt sans cesse : voir {server.log}.")

    def stop(self) -> None:
        if self.ready is not None:
            self.ready.release()
        for server in reversed(self.servers):
            server.stop()

    def ask_to_stop(self, *_: object) -> None:
        self.asked_to_stop = True


def wait_until_it_answers(server: Server) -> None:
    deadline = time.monotonic() + START_PATIENCE
    while not server.answers():
        if server.is_dead() or time.monotonic() > deadline:
            raise EmbeddedError(f"{server.name} ne démarre pas. La raison est dans {server.log}.")
        time.sleep(0.02)


def pause() -> None:
    """Sleep until the next look, or until a signal (a dead child, a request to stop)."""
    with contextlib.suppress(InterruptedError):
        if select.select([WAKE_UP[0]], [], [], POLL)[0]:
            os.read(WAKE_UP[0], 1024)


def tell(line: str) -> None:
    sys.stderr.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {line}\n")
    sys.stderr.flush()


def detach(places: Locations) -> None:
    """Leave the terminal and the folder of the process that started us."""
    os.setsid()
    os.chdir("/")
    log = places.logs / "keeper.log"
    rotate(log)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, standard in ((nothing, 0), (descriptor, 1), (descriptor, 2)):
        os.dup2(source, standard)


def listen_to_signals(keeper: Keeper) -> None:
    signal.set_wakeup_fd(WAKE_UP[1])
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGTERM, keeper.ask_to_stop)
    signal.signal(signal.SIGINT, keeper.ask_to_stop)


def keep(places: Locations, report: int) -> int:
    """The keeper's life; `report` is the pipe on which its starter waits for READY or a reason."""
    detach(places)
    keeper = Keeper(places)
    listen_to_signals(keeper)
    (places.locks / "keeper.pid").write_text(str(os.getpid()))
    try:
        keeper.start()
        tell("prêt")
        os.write(report, READY)
        os.close(report)
        keeper.serve()
    except Exception as error:
        tell(traceback.format_exc())
        with contextlib.suppress(OSError):
            os.write(report, str(error).encode())
        return 1
    finally:
        keeper.stop()
        tell("arrêté")
    return 0


def main() -> int:
    """Become the keeper in the background. The exit code tells whether the servers answer."""
    places = locations()
    make_own_folders(places)
    lock = take(places.keeper_lock, patience=0.5)
    if lock is None:
        return 0  # another one was faster
    receiver, sender = os.pipe()
    if os.fork() == 0:
        os.close(receiver)
        os._exit(keep(places, sender))
    os.close(sender)
    message = b""
    while part := os.read(receiver, 4096):
        message += part
    if message == READY:
        return 0
    sys.stderr.write(message.decode() or f"Le démarrage a échoué : voir {places.logs / 'keeper.log'}.")
    return 1


WAKE_UP = os.pipe()
for _end in WAKE_UP:
    os.set_blocking(_end, False)

if __name__ == "__main__":
    sys.exit(main())
