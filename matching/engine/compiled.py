"""How the inner loops are compiled."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar

import numba

Loop = TypeVar("Loop", bound=Callable[..., Any])
ENGINE = Path(__file__).parent
jit: Any = numba.njit  # its stubs know neither an option below nor the place of the cache
config: Any = numba.config


def _digest() -> str:
    """Of the engine's sources: Numba's cache sees that a function changed, not that one it calls did."""
    return sha256(b"".join(path.read_bytes() for path in sorted(ENGINE.glob("*.py")))).hexdigest()[:16]


CACHE = config.CACHE_DIR or str(ENGINE / "__pycache__" / f"compiled-{_digest()}")


def compiled(function: Loop) -> Loop:
    """Machine code, kept between processes, that lets other threads run."""
    return _kept(function)


def counting_nothing(function: Loop) -> Loop:
    """The same for functions that make no array: without counting the references to those they are given, the
    ranking takes a third of the time.
    """
    return _kept(function, _nrt=False, forceinline=True)


def _kept(function: Loop, **options: bool) -> Loop:
    """Numba reads the place of its cache when a function is declared; others keep theirs."""
    theirs, config.CACHE_DIR = config.CACHE_DIR, CACHE
    try:
        loop: Loop = jit(cache=True, nogil=True, **options)(function)
    finally:
        config.CACHE_DIR = theirs
    return loop
