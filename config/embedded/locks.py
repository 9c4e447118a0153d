"""File locks that the kernel gives back when their holder dies, however it dies."""

import fcntl
import os
import time
from pathlib import Path

PAUSE = 0.02  # seconds between two tries


class Lock:
    """A held lock. Forked children share it; programs we start do not inherit it."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def release(self) -> None:
        os.close(self.descriptor)


def take(path: Path, *, shared: bool = False, patience: float = 0) -> Lock | None:
    """Take the lock within `patience` seconds, else None."""
    deadline = time.monotonic() + patience
    while (lock := _try(path, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)) is None:
        if time.monotonic() >= deadline:
            return None
        time.sleep(PAUSE)
    return lock


def is_held(path: Path) -> bool:
    """Whether some process holds the lock exclusively. A probe lasts some microseconds: takers must retry."""
    try:
        probe = _try(path, fcntl.LOCK_SH)
    except FileNotFoundError:
        return False
    if probe is None:
        return True
    probe.release()
    return False


def _try(path: Path, kind: int) -> Lock | None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        if _still_named(path, descriptor):
            return Lock(descriptor)
    except BlockingIOError:
        pass
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def _still_named(path: Path, descriptor: int) -> bool:
    """False when a clean removed the file between our open and our lock: the lock would protect nothing."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False
