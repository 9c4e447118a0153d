"""Free ports of this machine."""

import contextlib
import errno
import socket
import time

HOST = "127.0.0.1"
TRIED = 50  # ports after the wished one


def first_free(wished: int) -> int:
    """The wished port, or the next free one."""
    for port in range(wished, wished + TRIED):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the servers do
            try:
                probe.bind((HOST, port))
            except OSError as error:
                if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                    raise
            else:
                return port
    raise OSError(errno.EADDRINUSE, f"aucun port libre entre {wished} et {wished + TRIED - 1}")


def wait_until_open(port: int, *, patience: float) -> bool:
    """Whether something listens on the port within `patience` seconds."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection((HOST, port), timeout=1):
            return True
        time.sleep(0.05)
    return False
