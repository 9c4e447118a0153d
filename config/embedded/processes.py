"""What the standard library does not say: dying with one's parent, and who lives in a folder."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None


def die_with_parent(signum: signal.Signals) -> Callable[[], None]:
    """A `preexec_fn`: the kernel sends `signum` when the thread that started the child ends (Linux)."""
    parent = os.getpid()

    def arm() -> None:
        hear_parent_die(signum)
        if os.getppid() != parent:
            os._exit(1)

    return arm


def hear_parent_die(signum: signal.Signals) -> None:
    """Receive `signum` when our own parent dies (Linux)."""
    if _LIBC is not None:
        _LIBC.prctl(PR_SET_PDEATHSIG, signum)


def processes_in(folder: Path) -> list[int]:
    """Live processes whose working folder is `folder`: both servers live in their data."""
    found = []
    for link in Path("/proc").glob("[0-9]*/cwd"):
        try:
            if link.readlink() == folder:
                found.append(int(link.parent.name))
        except OSError:  # gone meanwhile, a zombie, or another account's
            continue
    return found
