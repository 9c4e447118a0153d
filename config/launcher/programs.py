"""What the launcher runs beside itself."""

import sys
from pathlib import Path

from config.celery import QUEUES
from config.launcher.crew import Program
from config.launcher.ports import HOST


def sink(var: Path, port: int) -> Program:
    return _program(var, "messagerie", "config.sink", "--port", str(port), "--mailbox", str(var / "mailbox"))


def worker(var: Path) -> Program:
    options = ["--concurrency", "2", "--queues", ",".join(QUEUES), "--without-mingle", "--without-gossip"]
    return _program(var, "worker", "celery", "-A", "config", "worker", *options)


def beat(var: Path) -> Program:
    schedule = str(var / "run" / "beat-schedule")
    return _program(var, "beat", "celery", "-A", "config", "beat", "--schedule", schedule, "--pidfile", "")


def web(var: Path, port: int) -> Program:
    shape = ["--worker-class", "gthread", "--workers", "2", "--threads", "4"]
    address = ["--bind", f"{HOST}:{port}", "--no-control-socket"]  # its default place is the home folder
    return _program(var, "web", "gunicorn", "config.wsgi:application", *shape, *address)


def _program(var: Path, name: str, module: str, *arguments: str) -> Program:
    return Program(name, [sys.executable, "-m", module, *arguments], var / "log" / f"{name}.log")
