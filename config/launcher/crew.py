"""The programs that run beside the launcher: started, watched, restarted when they die, stopped in order."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from config.embedded.places import BASE_DIR
from config.embedded.processes import die_with_parent

Report = Callable[[str], None]
QUICK = 30  # seconds: a death sooner than this after the start counts as a quick one
QUICK_DEATHS = 5
STOP_PATIENCE = 30  # seconds for a running task to finish


class CrewError(Exception):
    """A program keeps dying; the message is in French."""


@dataclass
class Program:
    """One program; its output goes to `log`."""

    name: str
    command: list[str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    started: float = 0
    quick_deaths: int = 0

    def start(self, environment: dict[str, str]) -> None:
        """A session of its own: Ctrl-C reaches the launcher alone, which then stops everybody in order."""
        self.started = time.monotonic()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=BASE_DIR,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=die_with_parent(signal.SIGTERM),
            )

    def is_dead(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def stop(self, patience: float) -> bool:
        """Ask politely, then kill the whole session. False when it had to be killed."""
        if self.process is None or self.is_dead():
            return True
        self.process.terminate()
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            return False
        return True


@dataclass
class Crew:
    report: Report
    environment: dict[str, str] = field(default_factory=lambda: dict(os.environ))
    programs: list[Program] = field(default_factory=list)
    reviving: bool = False

    def watch(self) -> None:
        """From now on a dead program is restarted at once, whatever this process is doing."""
        signal.signal(signal.SIGCHLD, lambda *_: self.revive())

    def start(self, program: Program) -> None:
        """Start it; programs are stopped in the reverse order of their starts."""
        program.start(self.environment)
        self.programs.append(program)

    def revive(self) -> None:
        """Restart what died. Raises CrewError for what dies again and again."""
        if self.reviving:  # a signal came while we were at it
            return
        self.reviving = True
        try:
            for program in filter(Program.is_dead, self.programs):
                self.restart(program)
        finally:
            self.reviving = False

    def restart(self, program: Program) -> None:
        quick = time.monotonic() - program.started < QUICK
        program.quick_deaths = program.quick_deaths + 1 if quick else 1
        if program.quick_deaths >= QUICK_DEATHS:
            raise CrewError(f"{program.name} s'arrête sans cesse. La raison est dans {program.log}.")
        self.report(f"{program.name} s'est arrêté, il est relancé (voir {program.log}).")
        program.start(self.environment)

    def stop(self) -> None:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        while self.programs:
            program = self.programs.pop()
            if not program.stop(STOP_PATIENCE):
                self.report(f"{program.name} ne s'arrêtait pas, il a été tué.")
