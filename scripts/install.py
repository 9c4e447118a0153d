"""Makes the isolated environment in .venv: `python3 scripts/install.py uv|run|dev`. Standard library only.

Runs on Python 3.8 too, so that an old one gets a sentence instead of a syntax error. Safe to interrupt and repeat.
"""

from __future__ import annotations

import fcntl
import functools
import hashlib
import importlib.util
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
UNFINISHED = VENV / ".unfinished"
OLDEST = (3, 11)
# uv reads none of pip's settings: what the machine's owner chose for pip is passed on.
PIP_SETTINGS = (
    ("UV_DEFAULT_INDEX", ("UV_INDEX_URL",), "PIP_INDEX_URL", "global.index-url"),
    ("SSL_CERT_FILE", (), "PIP_CERT", "global.cert"),
    ("UV_INSECURE_HOST", (), "PIP_TRUSTED_HOST", "global.trusted-host"),
)


class InstallError(Exception):
    """The environment cannot be made; the message is in French."""


def main(arguments: list[str]) -> int:
    try:
        check_python()
        with (ROOT / "pyproject.toml").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # two makes at once: the second waits, then finds it done
            make_venv()
            if arguments[0] != "uv":
                install(arguments[0])
    except InstallError as error:
        sys.stderr.write(f"\n{error}\n")
        return 1
    except subprocess.CalledProcessError as error:
        sys.stderr.write("\nL'installation a échoué (voir au-dessus). Relancez la même commande.\n")
        return error.returncode or 1
    except KeyboardInterrupt:
        return 130
    return 0


def check_python() -> None:
    if sys.version_info < OLDEST:
        found = ".".join(str(part) for part in sys.version_info[:3])
        raise InstallError(
            f"Python 3.11 ou plus récent est nécessaire ; « {sys.executable} » est un Python {found}.\n"
            "Indiquez-en un autre : make run PYTHON=/chemin/vers/python3.11"
        )
    if importlib.util.find_spec("ensurepip") is None:
        raise InstallError(
            "Le module venv de Python manque. Sur Debian ou Ubuntu : sudo apt-get install python3-venv\n"
            "puis relancez la même commande."
        )


def make_venv() -> None:
    """An environment whose uv answers is whole; anything else is made anew."""
    if answers([str(PYTHON), "-c", f"import sys; sys.exit(sys.version_info < {OLDEST})"]) and answers(uv()):
        return
    say("Environnement isolé (.venv)…")
    run([sys.executable, "-m", "venv", "--clear", str(VENV)])
    run([str(PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "uv>=0.9"])


def install(name: str) -> None:
    """Install the locked packages, unless they already are; `dev` contains `run`."""
    stamps = {kind: f"{kind} {digest(kind)}" for kind in ("run", "dev")}
    stamp_file = VENV / ".installed"
    done = stamp_file.read_text() if stamp_file.exists() else ""
    if not UNFINISHED.exists() and done in (stamps[name], stamps["dev"]):
        return
    say(f"Paquets (requirements/{name}.txt)…")
    again = ["--reinstall"] if UNFINISHED.exists() else []
    UNFINISHED.touch()
    locked = ["--require-hashes", "-r", str(ROOT / "requirements" / f"{name}.txt")]
    run(uv("pip", "install", "--quiet", "--python", str(PYTHON), *again, *locked))
    stamp_file.write_text(stamps[name])
    UNFINISHED.unlink()


def uv(*arguments: str) -> list[str]:
    return [str(VENV / "bin" / "uv"), *(arguments or ("--version",))]


def digest(name: str) -> str:
    return hashlib.sha256((ROOT / "requirements" / f"{name}.txt").read_bytes()).hexdigest()


@functools.lru_cache
def environment() -> dict[str, str]:
    values = dict(os.environ, UV_PYTHON_PREFERENCE="only-system", UV_PYTHON_DOWNLOADS="never")
    for target, synonyms, variable, setting in PIP_SETTINGS:
        if target not in values and not any(synonym in values for synonym in synonyms):
            value = values.get(variable) or pip_setting(setting)
            if value:
                values[target] = value
    return values


def pip_setting(name: str) -> str:
    command = [sys.executable, "-m", "pip", "config", "get", name]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    return done.stdout.decode().strip() if done.returncode == 0 else ""


def answers(command: list[str]) -> bool:
    try:
        nothing = subprocess.DEVNULL
        return subprocess.run(command, stdout=nothing, stderr=nothing, check=False).returncode == 0
    except OSError:
        return False


def run(command: list[str]) -> None:
    subprocess.run(command, check=True, env=environment())


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
