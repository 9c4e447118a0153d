"""A PostgreSQL of its own in a temporary folder: the system's one where PostGIS is installed, else the embedded one."""

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2
from psycopg2.extensions import connection as Connection

from config.embedded.binaries import postgres_programs
from config.embedded.places import locations, servers_account

SETTINGS = {
    "listen_addresses": "''", "fsync": "off", "shared_buffers": "512MB", "work_mem": "256MB",
    "maintenance_work_mem": "512MB", "max_wal_size": "8GB", "autovacuum": "off",
    "max_parallel_workers_per_gather": "0", "jit": "off",
}  # fmt: skip


def programs() -> tuple[Path, bool]:
    """The folder of initdb and pg_ctl, and whether PostGIS can be loaded."""
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True):
        if (Path("/usr/share/postgresql") / folder.parent.name / "extension" / "postgis.control").exists():
            return folder, True
    return postgres_programs(locations()), False


@contextmanager
def scratch_postgres() -> Iterator[tuple[Connection, bool]]:
    """One connection, and whether the server has PostGIS. The server and its files are gone afterwards."""
    folder, has_postgis = programs()
    home = Path(tempfile.mkdtemp(prefix="bench-postgres-"))
    account = servers_account()
    owner = None if account is None else account.pw_name
    if owner:
        shutil.chown(home, owner)
    options = " ".join([*(f"-c {name}={value}" for name, value in SETTINGS.items()), f"-k {home}"])
    control: list[Path | str] = [folder / "pg_ctl", "-D", home / "data"]
    try:
        _run([folder / "initdb", "-D", home / "data", "-U", "bench", "-A", "trust", "-E", "UTF8", "--no-sync"], owner)
        _run([*control, "-w", "-l", home / "log", "-o", options, "start"], owner)
        connection = psycopg2.connect(host=str(home), user="bench", dbname="postgres")
        try:
            yield connection, has_postgis
        finally:
            connection.close()
            _run([*control, "-m", "immediate", "stop"], owner)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _run(command: list[Path | str], owner: str | None) -> None:
    done = subprocess.run(
        [str(word) for word in command], user=owner, cwd="/", capture_output=True, text=True, check=False
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"{command[0]}: {done.stdout}{done.stderr}")
