"""Proves that a campaign survives kills: `python scripts/prove_campaign.py --seed 1 --recipients 2000 --kills 20`.

Servers, data and mailbox of its own in a temporary folder. Exit code 1 when a mail was doubled or lost.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LEASE_SECONDS = 10  # what a dead worker held comes back that soon


def main(arguments: list[str]) -> int:
    folder = Path(tempfile.mkdtemp(prefix="jonction-prove-"))
    folder.chmod(0o755)  # the servers' account enters it
    environment = os.environ | stack(folder / "var")
    try:
        return run("bench.chaos", *arguments, environment=environment)
    finally:
        for action in ("stop", "clean"):
            run("config.embedded", action, environment=environment)
        shutil.rmtree(folder, ignore_errors=True)


def stack(var: Path) -> dict[str, str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return {
        "JONCTION_VAR": str(var),
        "EMAIL_URL": f"smtp://127.0.0.1:{port}",
        "MAIL_QUIET_HOURS": "0",
        "MAIL_LEASE_SECONDS": str(LEASE_SECONDS),
        "DJANGO_SETTINGS_MODULE": "config.settings.dev",
        "DATABASE_URL": "",
        "REDIS_URL": "",
    }


def run(module: str, *arguments: str, environment: dict[str, str]) -> int:
    return subprocess.run([sys.executable, "-m", module, *arguments], cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
