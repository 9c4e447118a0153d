"""The two servers: how each is prepared, started, asked whether it answers, and stopped."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from config.embedded.binaries import postgres_programs, valkey_program
from config.embedded.places import EmbeddedError, Locations, servers_account
from config.embedded.processes import die_with_parent, processes_in

DATABASE = USER = "jonction"
NEW = "postgres.new-"
PORT = "5432"  # only names the socket file; spelled out because PGPORT would change it
SETTINGS = {
    "listen_addresses": "",
    "port": PORT,
    "max_connections": "200",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_checkpoints": "off",
}
LOCALE = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--encoding=UTF8"]
LARGEST_LOG = 10_000_000  # bytes
LEFTOVERS_PATIENCE = 15  # seconds before what a killed server left behind is killed too


class Server:
    """One server program, a direct child of the keeper that dies with it."""

    name: str
    stop_signal: signal.Signals

    def __init__(self, places: Locations) -> None:
        self.places = places
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def data(self) -> Path:
        raise NotImplementedError

    @property
    def log(self) -> Path:
        return self.places.logs / f"{self.name}.log"

    def prepare(self) -> None:
        make_folder_for_servers(self.data)

    def command(self) -> list[str]:
        raise NotImplementedError

    def answers(self) -> bool:
        raise NotImplementedError

    def start(self) -> None:
        """Start on data that nobody else uses any more."""
        wait_for_leftovers(self.data)
        self.forget_stale_state()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent(self.stop_signal),
                **as_servers_account(),
            )

    def forget_stale_state(self) -> None:
        return

    def is_dead(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(self.stop_signal)
            self.process.wait()


class Postgres(Server):
    name = "postgres"
    stop_signal = signal.SIGINT  # fast shutdown: sessions are cut, nothing committed is lost

    @property
    def data(self) -> Path:
        return self.places.postgres

    @property
    def programs(self) -> Path:
        return postgres_programs(self.places)

    def prepare(self) -> None:
        """Build the cluster beside its place and move it there whole: nothing is ever half done."""
        if self.data.exists():
            return
        for leftover in self.places.home.glob(f"{NEW}*"):
            shutil.rmtree(leftover, ignore_errors=True)
        fresh = Path(tempfile.mkdtemp(prefix=NEW, dir=self.places.home))
        make_folder_for_servers(fresh)
        options = [f"--username={USER}", "--auth=trust", "--no-instructions", *LOCALE]
        self.run([str(self.programs / "initdb"), "-D", str(fresh), *options])
        creation = f"CREATE DATABASE {DATABASE};\n".encode()
        self.run([str(self.programs / "postgres"), "--single", "-D", str(fresh), "postgres"], creation)
        fresh.rename(self.data)

    def run(self, command: list[str], text: bytes = b"") -> None:
        with self.log.open("ab") as log:
            done = subprocess.run(
                command,
                input=text,
                stdout=log,
                stderr=log,
                preexec_fn=die_with_parent(signal.SIGKILL),
                **as_servers_account(),
            )
        if done.returncode:
            raise EmbeddedError(f"La création de la base a échoué. La raison est dans {self.log}.")

    def command(self) -> list[str]:
        settings = SETTINGS | {"unix_socket_directories": f'"{self.places.sockets}"'}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [str(self.programs / "postgres"), "-D", str(self.data), *options]

    def answers(self) -> bool:
        address = ["-h", str(self.places.sockets), "-p", PORT, "-U", USER]
        probe = [str(self.programs / "pg_isready"), "-q", *address]
        return subprocess.run(probe, **as_servers_account()).returncode == 0

    def forget_stale_state(self) -> None:
        """A pid file naming a zombie or a stranger (recycled pid, copied folder) would forbid the start."""
        for pid_file in (self.data / "postmaster.pid", self.places.sockets / f".s.PGSQL.{PORT}.lock"):
            if pid_file.exists() and _is_alive(int(pid_file.read_text().split()[0])):
                pid_file.unlink()


class Valkey(Server):
    name = "valkey"
    stop_signal = signal.SIGTERM

    @property
    def data(self) -> Path:
        return self.places.valkey

    def command(self) -> list[str]:
        options = {
            "port": "0",
            "unixsocket": str(self.places.valkey_socket),
            "unixsocketperm": "700",
            "dir": str(self.data),
            "appendonly": "yes",
            "maxmemory-policy": "noeviction",
        }
        parts = [part for name, value in options.items() for part in (f"--{name}", value)]
        return [str(valkey_program(self.places)), *parts]

    def answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(1)
            try:
                client.connect(str(self.places.valkey_socket))
                client.sendall(b"PING\r\n")
                return client.recv(16).startswith(b"+PONG")
            except OSError:
                return False


def as_servers_account() -> dict[str, Any]:
    """Arguments of subprocess: another account when we are root, and no PG* variable of ours."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PG")} | {"LC_ALL": "C"}
    common: dict[str, Any] = {"cwd": "/", "env": environment}
    if (account := servers_account()) is None:
        return common
    return common | {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def make_folder_for_servers(folder: Path) -> None:
    """A folder that only the servers' account enters; refused when somebody else made it."""
    account = servers_account()
    owner = account.pw_uid if account else os.geteuid()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid not in (owner, os.geteuid()):
        raise EmbeddedError(f"Le dossier {folder} appartient à un autre compte. Supprimez-le puis recommencez.")
    if account:
        os.chown(folder, owner, account.pw_gid)
    folder.chmod(0o700)


def wait_for_leftovers(data: Path) -> None:
    """Wait until no process of a killed server works in `data`; kill those that do not leave."""
    deadline = time.monotonic() + LEFTOVERS_PATIENCE
    while alive := processes_in(data):
        if time.monotonic() > deadline:
            for pid in alive:
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)


def rotate(log: Path) -> None:
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        log.replace(log.with_suffix(".log.1"))


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
