"""`make run`: everything on this machine, from an empty folder to a served site."""

import contextlib
import io
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections

from config.embedded import ensure_running, locks
from config.launcher import programs
from config.launcher.crew import Crew, CrewError, Report
from config.launcher.ports import HOST, first_free, wait_until_open
from config.launcher.result import count_everything, last_line, summary

WEB_PATIENCE = 60  # seconds


class AlreadyRunningError(Exception):
    """Another launcher works in this checkout."""


@dataclass(frozen=True)
class Job:
    """What is done with the running house; both functions do nothing when their work is already done.

    They return figures of the last line (people_with_offer, mails_sent); `run` may add "seconds" for its two halves.
    """

    prepare: Callable[[Report], dict[str, Any]]
    run: Callable[[Report], dict[str, Any]]
    accounts: Sequence[tuple[str, str, str]]  # role, e-mail, password


@dataclass
class Launch:
    """One run of the launcher. `started` is the wall clock's time at which `make` began."""

    job: Job
    report: Report
    var: Path
    wished_port: int
    started: float
    seconds: dict[str, float] = field(default_factory=dict)
    figures: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.crew = Crew(self.report)
        self.port = self.wished_port

    def prepare(self, *, serving: bool) -> None:
        """Bring up servers, schema, data and programs, then do the main job once."""
        self.set_up()
        with self.step("Données de démonstration", "import"):
            self.figures |= self.job.prepare(self.report)
        self.start_programs(serving=serving)
        begin = time.monotonic()
        self.figures |= self.job.run(self.report)
        whole = round(time.monotonic() - begin, 2)
        self.seconds |= {"matching": whole, "campaign": whole} | self.figures.pop("seconds", {})
        self.figures = count_everything(self.var) | self.figures

    def set_up(self) -> None:
        with self.step("PostgreSQL et Valkey"):
            if settings.USES_EMBEDDED_SERVICES:
                ensure_running()
            connection.ensure_connection()
        with self.step("Schéma de la base"):
            call_command("migrate", verbosity=0, interactive=False)
        with self.step("Données de référence"):
            call_command("load_reference", verbosity=0, stdout=io.StringIO())
        with self.step("Moteur de rapprochement"):
            call_command("compile_engine")
        self.seconds["setup"] = round(time.time() - self.started, 2)

    def start_programs(self, *, serving: bool) -> None:
        self.crew.watch()
        with self.step("Programmes"):
            if "EMAIL_URL" not in os.environ:
                self.start_sink()
            if serving:
                self.choose_web_port()
            self.crew.start(programs.worker(self.var))
            self.crew.start(programs.beat(self.var))
            if serving:
                self.start_web()

    def start_sink(self) -> None:
        """This process read its settings before the port was known: it gets them as the others do."""
        port = first_free(settings.EMAIL_PORT)
        self.crew.environment |= {"EMAIL_URL": f"smtp://{HOST}:{port}", "MAIL_QUIET_HOURS": "0"}
        settings.EMAIL_HOST, settings.EMAIL_PORT = HOST, port
        self.crew.start(programs.sink(self.var, port))
        self.wait_for("La messagerie locale", port)

    def choose_web_port(self) -> None:
        self.port = first_free(self.wished_port)
        if self.port != self.wished_port:
            self.report(f"Le port {self.wished_port} est pris : le site sera sur le port {self.port}.")
        if "SITE_URL" not in os.environ:
            settings.SITE_URL = self.crew.environment["SITE_URL"] = f"http://{HOST}:{self.port}"

    def start_web(self) -> None:
        self.crew.start(programs.web(self.var, self.port))
        self.wait_for("Le site", self.port)

    def wait_for(self, name: str, port: int) -> None:
        if not wait_until_open(port, patience=WEB_PATIENCE):
            raise CrewError(f"{name} ne répond pas. La raison est dans {self.var / 'log'}.")

    @contextlib.contextmanager
    def step(self, name: str, key: str = "") -> Iterator[None]:
        self.report(f"{name}…")
        begin = time.monotonic()
        yield
        spent = round(time.monotonic() - begin, 2)
        if key:
            self.seconds[key] = spent
        self.report(f"{name} : fait en {spent:.1f} s")


def launch(job: Job, write: Callable[[str], None], *, once: bool, port: int, started: float) -> None:
    """Run everything; `write` prints a line. Raises AlreadyRunningError, CrewError, EmbeddedError."""
    var = Path(settings.VAR_DIR)
    for folder in (var / "run", var / "log"):
        folder.mkdir(parents=True, exist_ok=True)
    lock = locks.take(var / "run" / "launcher.lock")
    if lock is None:
        raise AlreadyRunningError
    begin = time.monotonic()
    run = Launch(job, lambda line: write(f"[{time.monotonic() - begin:6.1f} s] {line}"), var, port, started)
    signal.signal(signal.SIGTERM, interrupt)
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # nohup
        signal.signal(signal.SIGHUP, interrupt)
    try:
        run.prepare(serving=not once)
        write(summary(run.figures, job.accounts, var, site=None if once else settings.SITE_URL))
        if not once:
            with contextlib.suppress(KeyboardInterrupt):
                serve()
    finally:
        stop(run)
    if once:
        write(last_line(run.figures, run.seconds))


def serve() -> None:
    """Until interrupted; the crew watches over the programs."""
    while True:
        signal.pause()


def stop(run: Launch) -> None:
    """Stop the programs in order; a second interruption must not leave them behind."""
    for signum in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(signum, signal.SIG_IGN)
    run.report("Arrêt…")
    run.crew.stop()
    connections.close_all()
    run.report("Tout est arrêté.")


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt
