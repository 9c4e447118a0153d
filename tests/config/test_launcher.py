"""The launcher's parts, with real processes: the local mailbox, the ports, the crew, and what it prints."""

import json
import os
import signal
import smtplib
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from email import message_from_bytes
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings

from config.embedded import locks
from config.embedded.places import BASE_DIR
from config.launcher import crew, programs
from config.launcher.crew import Crew, CrewError, Program
from config.launcher.ports import HOST, first_free, wait_until_open
from config.launcher.result import last_line, summary
from config.launcher.run import AlreadyRunningError, Job, launch
from config.sink import count_messages

pytestmark = pytest.mark.enable_socket

DEADLINE = 30  # seconds
SLEEP = [sys.executable, "-c", "import time; time.sleep(600)"]


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "rien ne vient"
        time.sleep(0.02)


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def team(said: list[str]) -> Iterator[Crew]:
    team = Crew(said.append)
    yield team
    team.stop()


@pytest.fixture
def sleeper(tmp_path: Path) -> Program:
    return Program("dormeur", SLEEP, tmp_path / "log")


def is_alive(pid: int) -> bool:
    """A zombie counts as dead."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_the_sink_keeps_each_message_whole_in_a_maildir(team: Crew, tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    port = first_free(20_000 + os.getpid() % 10_000)
    team.start(programs.sink(tmp_path, port))
    assert wait_until_open(port, patience=DEADLINE)
    message = EmailMessage()
    message["Subject"], message["From"], message["To"] = "Déjà là", "a@exemple.fr", "b@exemple.fr"
    message.set_content("Été\n.\n")
    with smtplib.SMTP(HOST, port) as client:
        client.send_message(message)
        client.send_message(message, to_addrs=["c@exemple.fr", "d@exemple.fr"])
    assert count_messages(tmp_path / "mailbox") == 2
    assert list((tmp_path / "mailbox" / "tmp").iterdir()) == []
    first, second = (message_from_bytes(p.read_bytes()) for p in sorted((tmp_path / "mailbox/new").iterdir()))
    assert first["Return-Path"] == "<a@exemple.fr>"
    assert first.get_payload(decode=True).decode().splitlines() == ["Été", "."]
    assert second.get_all("Delivered-To") == ["c@exemple.fr", "d@exemple.fr"]


def test_the_sink_says_when_its_port_is_taken(tmp_path: Path) -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = str(taken.getsockname()[1])
        command = [sys.executable, "-m", "config.sink", "--port", port, "--mailbox", str(tmp_path)]
        done = subprocess.run(command, cwd=BASE_DIR, capture_output=True, text=True)
    assert done.returncode == 1
    assert f"Le port {port} ne peut pas être ouvert" in done.stderr


def test_a_taken_port_gives_the_next_free_one() -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        assert port < first_free(port) <= port + 50


def test_a_program_that_dies_is_restarted_while_we_do_something_else(
    team: Crew, sleeper: Program, said: list[str]
) -> None:
    team.watch()
    team.start(sleeper)
    first = sleeper.process.pid
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: sleeper.process.pid != first)
    assert is_alive(sleeper.process.pid)
    assert said == [f"dormeur s'est arrêté, il est relancé (voir {sleeper.log})."]


def test_a_program_that_keeps_dying_ends_the_run_with_its_log_named(team: Crew, tmp_path: Path) -> None:
    team.start(Program("fragile", [sys.executable, "-c", ""], tmp_path / "log"))

    def revive() -> bool:
        team.revive()
        return False

    with pytest.raises(CrewError, match=f"fragile s'arrête sans cesse.*{tmp_path}"):
        wait_for(revive)


def test_stopping_goes_backwards_and_kills_what_does_not_listen(
    team: Crew, tmp_path: Path, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew, "STOP_PATIENCE", 0.5)
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print('prêt', flush=True); time.sleep(600)"
    log = tmp_path / "deaf.log"
    team.start(Program("sourd", [sys.executable, "-c", deaf], log))
    team.start(Program("docile", SLEEP, tmp_path / "log"))
    pids = [program.process.pid for program in team.programs]
    wait_for(lambda: b"pr" in log.read_bytes())
    team.stop()
    assert [is_alive(pid) for pid in pids] == [False, False]
    assert said == ["sourd ne s'arrêtait pas, il a été tué."]


@pytest.mark.skipif(sys.platform != "linux", reason="le noyau Linux seul prévient les enfants")
def test_a_killed_launcher_leaves_no_program_behind(tmp_path: Path) -> None:
    code = (
        "import pathlib, sys, time; from config.launcher.crew import Crew, Program\n"
        f"program = Program('dormeur', {SLEEP!r}, pathlib.Path({str(tmp_path / 'log')!r}))\n"
        "Crew(print).start(program); print(program.process.pid, flush=True); time.sleep(600)"
    )
    launcher = subprocess.Popen([sys.executable, "-c", code], cwd=BASE_DIR, stdout=subprocess.PIPE, text=True)
    pid = int(launcher.stdout.readline())
    assert is_alive(pid)
    launcher.kill()
    launcher.communicate()
    wait_for(lambda: not is_alive(pid))


def test_a_second_launcher_in_the_same_checkout_is_refused(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    held = locks.take(tmp_path / "run" / "launcher.lock")
    job = Job(prepare=lambda report: {}, run=lambda report: {}, accounts=[])
    with override_settings(VAR_DIR=tmp_path), pytest.raises(AlreadyRunningError):
        launch(job, print, once=True, port=8000, started=0)
    with override_settings(VAR_DIR=tmp_path), pytest.raises(CommandError, match="tourne déjà dans ce dossier"):
        call_command("run_jonction", once=True)
    held.release()


def test_the_last_line_is_the_one_the_issue_asks_for() -> None:
    line = last_line({"people": 3000, "mails_sent": 12, "else": 1}, {"setup": 1.234, "import": 2})
    assert json.loads(line) == {
        "people": 3000,
        "wishes": 0,
        "offers": 0,
        "matches": 0,
        "people_with_offer": 0,
        "mails_sent": 12,
        "mails_in_sink": 0,
        "seconds": {"setup": 1.23, "import": 2, "matching": 0, "campaign": 0},
    }


def test_the_summary_says_who_signs_in_and_where_the_mails_are(tmp_path: Path) -> None:
    figures = dict.fromkeys(("people", "wishes", "offers", "matches", "people_with_offer", "mails_sent"), 7)
    page = summary(figures, [("conseillère", "alice@exemple.fr", "secret")], tmp_path, site="http://127.0.0.1:8001")
    assert "http://127.0.0.1:8001/offres/" in page
    assert "alice@exemple.fr" in page
    assert str(tmp_path / "mailbox" / "new") in page
    assert "Comptes" not in summary(figures, [], tmp_path, site=None)
