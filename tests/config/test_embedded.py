"""The embedded servers, with data of their own: shared, outliving kills, never outliving the last user."""

import os
import pwd
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg2
import pytest

from config.embedded import locks, servers
from config.embedded.folders import make_servers_folders
from config.embedded.places import (
    BASE_DIR,
    EmbeddedError,
    Locations,
    is_open_to_others,
    locations,
    servers_account,
)
from config.embedded.processes import processes_in

pytestmark = [pytest.mark.embedded, pytest.mark.enable_socket]

DEADLINE = 40  # seconds
USER = """
from config.embedded import ensure_running
ensure_running()
print("ready", flush=True)
input()
ensure_running()
print("again")
"""


@pytest.fixture
def var() -> Iterator[Path]:
    """A var/ that every account may reach, as in an ordinary checkout."""
    folder = Path(tempfile.mkdtemp(prefix="jonction-test-"))
    folder.chmod(0o755)
    yield folder / "var"
    run_cli(folder / "var", "stop")
    wait_for(lambda: not locks.is_held(folder / "var" / "run" / "keeper.lock"))
    run_cli(folder / "var", "clean")
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def places(var: Path) -> Locations:
    return locations(var)


@pytest.fixture
def users(var: Path) -> Iterator["Users"]:
    users = Users(var)
    yield users
    users.kill_all()


class Users:
    """Processes that asked for the servers and live until told otherwise."""

    def __init__(self, var: Path) -> None:
        self.var = var
        self.processes: list[subprocess.Popen[str]] = []

    def start(self, python: str = sys.executable, **options: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(  # type: ignore[call-overload]
            [python, "-c", USER],
            cwd=BASE_DIR,
            env=environment(self.var),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,
        )
        self.processes.append(process)
        return process

    def ready(self) -> subprocess.Popen[str]:
        process = self.start()
        assert process.stdout.readline() == "ready\n", process.stderr.read()
        return process

    def kill_all(self) -> None:
        for process in self.processes:
            process.kill()
            process.communicate()


def environment(var: Path) -> dict[str, str]:
    return os.environ | {
        "JONCTION_VAR": str(var),
        "PYTHONPATH": os.pathsep.join([str(BASE_DIR), sysconfig.get_path("purelib")]),
    }


def run_cli(var: Path, word: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "config.embedded", word]
    return subprocess.run(command, cwd=BASE_DIR, env=environment(var), capture_output=True, text=True)


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "rien ne vient"
        time.sleep(0.02)


def ask_again(user: subprocess.Popen[str]) -> None:
    """Have a live user call ensure_running once more; it ends afterwards."""
    out, err = user.communicate("\n", timeout=DEADLINE)
    assert out == "again\n", err


def postmaster(places: Locations) -> int:
    return int((places.postgres / "postmaster.pid").read_text().split()[0])


def keeper(places: Locations) -> int:
    return int((places.locks / "keeper.pid").read_text())


def query(places: Locations, sql: str) -> list[tuple[object, ...]]:
    connection = psycopg2.connect(
        dbname=servers.DATABASE, user=servers.USER, host=str(places.sockets), port=servers.PORT
    )
    try:
        with connection, connection.cursor() as cursor:
            cursor.execute(sql)
            return cursor.fetchall() if cursor.description else []
    finally:
        connection.close()


def is_gone(places: Locations) -> bool:
    held = locks.is_held(places.keeper_lock)
    return not held and not processes_in(places.postgres) and not processes_in(places.valkey)


def test_two_processes_share_one_server(users: Users, places: Locations) -> None:
    users.ready()
    first = postmaster(places)
    users.ready()
    assert postmaster(places) == first


def test_processes_that_start_together_get_one_server(users: Users, places: Locations) -> None:
    started = [users.start() for _ in range(4)]
    assert [process.stdout.readline() for process in started] == ["ready\n"] * 4
    assert query(places, "SELECT 1") == [(1,)]
    keepers = [pid for pid in all_processes() if b"config.embedded.keeper" in command_line(pid)]
    assert len([pid for pid in keepers if variable(pid) == str(places.var)]) == 1


def all_processes() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").glob("[0-9]*")]


def command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def variable(pid: int) -> str:
    try:
        lines = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return ""
    return next((line[13:].decode() for line in lines if line.startswith(b"JONCTION_VAR=")), "")


def test_servers_stay_for_the_other_user_when_one_is_killed(users: Users, places: Locations) -> None:
    killed, _ = users.ready(), users.ready()
    first = postmaster(places)
    killed.kill()
    killed.wait()
    ask_again(users.ready())
    assert postmaster(places) == first


def test_servers_go_with_the_last_user_even_killed(users: Users, places: Locations) -> None:
    users.ready().kill()
    wait_for(lambda: is_gone(places))


def test_a_child_that_outlives_its_parent_keeps_the_servers(var: Path, places: Locations) -> None:
    code = (
        "import os, sys; from config.embedded import ensure_running; ensure_running()\n"
        "if os.fork() == 0: sys.stdin.read()\n"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=BASE_DIR, env=environment(var), stdin=subprocess.PIPE)
    process.wait(DEADLINE)
    assert query(places, "SELECT 1") == [(1,)]
    assert locks.take(places.users_lock) is None
    process.stdin.close()
    wait_for(lambda: is_gone(places))


def test_killing_the_keeper_stops_the_servers_and_the_next_call_revives_them(users: Users, places: Locations) -> None:
    user = users.ready()
    query(places, "CREATE TABLE kept AS SELECT 42 AS value")
    first = postmaster(places)
    os.kill(keeper(places), signal.SIGKILL)
    wait_for(lambda: is_gone(places))
    other = users.ready()
    assert query(places, "SELECT value FROM kept") == [(42,)]
    assert postmaster(places) != first
    ask_again(user)
    other.kill()


def test_killing_postgres_brings_it_back_with_its_data(users: Users, places: Locations) -> None:
    user = users.ready()
    query(places, "CREATE TABLE kept AS SELECT 42 AS value")
    first = postmaster(places)
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: not locks.is_held(places.ready_lock))
    wait_for(lambda: locks.is_held(places.ready_lock))
    assert query(places, "SELECT value FROM kept") == [(42,)]
    assert postmaster(places) != first
    ask_again(user)


def test_killing_everything_at_once_loses_no_committed_data(users: Users, places: Locations) -> None:
    user = users.ready()
    query(places, "CREATE TABLE kept AS SELECT 42 AS value")
    victims = [keeper(places), *processes_in(places.postgres), *processes_in(places.valkey), user.pid]
    for pid in victims:
        with suppress(ProcessLookupError):  # a child may end by itself once its parent is dead
            os.kill(pid, signal.SIGKILL)
    users.ready()
    assert query(places, "SELECT value FROM kept") == [(42,)]


def test_a_start_killed_half_way_is_started_anew(users: Users, places: Locations) -> None:
    starting = users.start()
    wait_for(lambda: any(places.home.glob(f"{servers.NEW}*/base")))
    os.kill(keeper(places), signal.SIGKILL)
    starting.kill()
    users.ready()
    assert query(places, "SELECT 1") == [(1,)]


def test_a_pid_file_that_names_a_stranger_does_not_forbid_the_start(users: Users, places: Locations) -> None:
    users.ready().kill()
    wait_for(lambda: is_gone(places))
    (places.postgres / "postmaster.pid").write_text(f"{os.getpid()}\n{places.postgres}\n")
    users.ready()
    assert query(places, "SELECT 1") == [(1,)]


def test_two_checkouts_never_meet(users: Users, places: Locations, var: Path) -> None:
    users.ready()
    other_var = var.parent / "other"
    others = Users(other_var)
    try:
        others.ready()
        query(places, "CREATE TABLE mine (id int)")
        assert query(locations(other_var), "SELECT to_regclass('mine')") == [(None,)]
    finally:
        others.kill_all()
        wait_for(lambda: is_gone(locations(other_var)))


def test_a_long_checkout_path_gets_its_sockets_elsewhere(var: Path) -> None:
    places = locations(var.parent / ("très-long-nom" * 9) / "var")
    assert places.sockets.parent == Path(tempfile.gettempdir()).resolve()
    assert len(os.fsencode(places.sockets)) < 90


@pytest.mark.parametrize("length", [1, 5])
def test_a_checkout_path_works_whatever_its_length_and_signs(var: Path, length: int) -> None:
    users = Users(var.parent / ("nom à espaces, virgule " * length) / "var")
    try:
        users.ready()
        assert query(locations(users.var), "SELECT 1") == [(1,)]
    finally:
        users.kill_all()
        wait_for(lambda: is_gone(locations(users.var)))
        run_cli(users.var, "clean")


def test_status_says_whether_they_run_and_clean_refuses_while_they_are_used(
    users: Users, var: Path, places: Locations
) -> None:
    assert run_cli(var, "status").returncode == 3
    user = users.ready()
    status = run_cli(var, "status")
    assert status.returncode == 0
    assert "en marche" in status.stdout
    refusal = run_cli(var, "clean")
    assert refusal.returncode == 1
    assert "arrêtez-les" in refusal.stdout
    user.kill()
    wait_for(lambda: is_gone(places))
    assert run_cli(var, "clean").returncode == 0
    assert not var.exists()


def test_a_failure_names_the_log(users: Users, var: Path, places: Locations) -> None:
    var.mkdir()
    users.ready().kill()
    wait_for(lambda: is_gone(places))
    (places.postgres / "PG_VERSION").write_text("9\n")
    process = users.start()
    _, err = process.communicate(timeout=DEADLINE)
    assert "postgres ne démarre pas" in err
    assert str(places.logs / "postgres.log") in err


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="il faut être root pour changer de compte")


@needs_root
def test_root_hands_the_servers_to_an_account_without_rights(users: Users, places: Locations) -> None:
    users.ready()
    assert Path(f"/proc/{postmaster(places)}").stat().st_uid == servers_account().pw_uid
    assert all(Path(f"/proc/{pid}").stat().st_uid for pid in processes_in(places.valkey))


@needs_root
def test_root_in_a_closed_folder_keeps_it_closed(var: Path) -> None:
    closed = var.parent / "closed"
    closed.mkdir(mode=0o700)
    users = Users(closed / "var")
    places = locations(closed / "var")
    try:
        users.ready()
        assert query(places, "SELECT 1") == [(1,)]
        assert closed.stat().st_mode & 0o777 == 0o700
        assert (closed / "var" / "postgres").resolve() == places.postgres
    finally:
        users.kill_all()
        wait_for(lambda: is_gone(places))
        assert run_cli(closed / "var", "clean").returncode == 0
    assert not places.home.exists()


@needs_root
def test_a_copied_folder_never_uses_the_originals_data(tmp_path: Path) -> None:
    copy = locations(tmp_path / "var")
    copy.locks.mkdir(parents=True)
    (copy.var / "postgres").symlink_to(tmp_path / "original")
    places = locations(copy.var)
    with pytest.raises(EmbeddedError, match="un autre dossier"):
        make_servers_folders(places)
    shutil.rmtree(places.home)


def open_python() -> str | None:
    """A Python that any account may run: ours, else the system's (only the standard library is needed)."""
    for candidate in (sys.executable, shutil.which("python3", path="/usr/bin")):
        if candidate and is_open_to_others(Path(candidate).resolve()):
            return candidate
    return None


@needs_root
def test_an_ordinary_account_runs_them_itself(var: Path) -> None:
    account = pwd.getpwnam("nobody")
    python = open_python()
    if python is None or not is_open_to_others(BASE_DIR):
        pytest.skip("aucun Python, ou pas ce dossier, n'est lisible par un autre compte")
    os.chown(var.parent, account.pw_uid, account.pw_gid)
    users = Users(var)
    try:
        process = users.start(python, user=account.pw_uid, group=account.pw_gid, extra_groups=[])
        assert process.stdout.readline() == "ready\n", process.stderr.read()
        assert Path(f"/proc/{keeper(locations(var))}").stat().st_uid == account.pw_uid
    finally:
        users.kill_all()
        wait_for(lambda: is_gone(locations(var)))
