"""Where the embedded servers keep their things: all derived from the checkout, so two never meet."""

import hashlib
import os
import pwd
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parents[2]
# Only root needs it: PostgreSQL refuses to run as root, and another account cannot enter a private checkout.
PRIVATE_HOMES = Path("/var/lib/jonction")
LONGEST_SOCKET_NAME = "/.s.PGSQL.5432"
LONGEST_SOCKET_PATH = 100  # bytes; the kernel's limit is 103 on macOS, 107 on Linux


class EmbeddedError(Exception):
    """The embedded servers cannot run; the message is in French, for the person at the keyboard."""


@dataclass(frozen=True)
class Locations:
    """`home` holds what the servers own; it is `var`, or a private folder when they cannot enter `var`."""

    var: Path
    home: Path
    sockets: Path

    @property
    def postgres(self) -> Path:
        return self.home / "postgres"

    @property
    def valkey(self) -> Path:
        return self.home / "valkey"

    @property
    def valkey_socket(self) -> Path:
        return self.sockets / "valkey.sock"

    @property
    def logs(self) -> Path:
        return self.var / "log"

    @property
    def locks(self) -> Path:
        return self.var / "run"

    @property
    def users_lock(self) -> Path:
        return self.locks / "users.lock"

    @property
    def keeper_lock(self) -> Path:
        return self.locks / "keeper.lock"

    @property
    def ready_lock(self) -> Path:
        return self.locks / "ready.lock"

    @property
    def is_private(self) -> bool:
        return self.home != self.var


def locations(var: Path | None = None) -> Locations:
    """Compute every place without touching the disk. JONCTION_VAR moves the whole of var/ elsewhere."""
    var = (var or Path(os.environ.get("JONCTION_VAR") or BASE_DIR / "var")).resolve()
    digest = hashlib.sha256(f"{var}:{os.geteuid()}".encode()).hexdigest()[:12]
    home = PRIVATE_HOMES / digest if _needs_private_home(var) else var
    return Locations(var=var, home=home, sockets=_sockets(var, home, f"jonction-{digest}"))


def servers_account() -> pwd.struct_passwd | None:
    """The account that runs the servers when we are root, None when it is our own."""
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else None


def is_open_to_others(path: Path) -> bool:
    """Whether an unrelated account can go down to `path` (its missing end is not judged)."""
    existing = (step for step in (path, *path.parents) if step.exists())
    return all(step.stat().st_mode & stat.S_IXOTH for step in existing)


def _needs_private_home(var: Path) -> bool:
    return os.geteuid() == 0 and ((var / "postgres").is_symlink() or not is_open_to_others(var))


def _sockets(var: Path, home: Path, name: str) -> Path:
    """A socket path must be short, without comma (libpq's separator): else a folder elsewhere, remembered."""
    usual = home / "sockets"
    if len(os.fsencode(f"{usual}{LONGEST_SOCKET_NAME}")) <= LONGEST_SOCKET_PATH and "," not in str(usual):
        return usual
    remembered = var / "run" / "sockets"
    if remembered.is_symlink() and remembered.readlink().name == name:
        return remembered.readlink()
    return Path(tempfile.gettempdir()).resolve() / name
