"""A campaign sent by real workers on real servers, while parts of the house are killed; then the mailbox is counted.

Started by scripts/prove_campaign.py, which gives it a stack of its own: JONCTION_VAR, EMAIL_URL, MAIL_LEASE_SECONDS.
Beat is played by this process, so that nobody waits a minute for what production waits a minute for.
"""

import argparse
import email
import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")
django.setup()

from django.conf import settings
from django.core.management import call_command
from django.db import InterfaceError, OperationalError, connection
from django.db.models.functions import Now

from bench.campaign_data import fill
from cells.models import OutgoingMail
from cells.scoping import NOBODY
from cells.tasks import release_expired_leases
from config.embedded import ensure_running, locations
from config.launcher.ports import wait_until_open
from config.sink import count_messages
from matching.models import Campaign
from matching.services.campaigns import create_campaign, launch_campaign
from matching.tasks import send_campaign_batch, wake_campaigns

WORKERS = 2
SLOWNESS = "0.1"  # seconds a message takes: a kill finds mails in flight
BEAT = 1.0  # seconds
PATIENCE = 900  # seconds for the whole campaign
FINAL = ("sent", "uncertain", "failed", "withdrawn", "bounced")


@dataclass
class House:
    """The programs that may be killed, and the campaign they work on."""

    chance: random.Random
    mailbox: Path
    campaign: Campaign | None = None
    programs: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    begin: float = field(default_factory=time.monotonic)
    in_flight: int = 0

    def start(self, name: str) -> None:
        """A session of its own: the kill takes the whole worker, its children too."""
        log = locations().logs / f"{name}.log"
        with log.open("ab") as output:
            self.programs[name] = subprocess.Popen(
                self.command(name), stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )

    def command(self, name: str) -> list[str]:
        if name == "sink":
            shape = ["--port", str(settings.EMAIL_PORT), "--mailbox", str(self.mailbox), "--delay", SLOWNESS]
            return [sys.executable, "-m", "config.sink", *shape]
        queues = ["--queues", "mail,default", "--concurrency", "1", "--hostname", f"{name}@prove"]
        return [
            sys.executable,
            "-m",
            "celery",
            "-A",
            "config",
            "worker",
            *queues,
            "--without-mingle",
            "--without-gossip",
        ]

    def kill(self) -> None:
        """One of them, by lot, without warning."""
        name = self.chance.choice(["worker-1", "worker-2", "worker-1", "worker-2", "sink", "postgres", "redis"])
        self.say(f"kill -9 {name}" if name != "redis" else "redis FLUSHALL")
        {"postgres": self.kill_postgres, "redis": flush_redis}.get(name, lambda: self.kill_program(name))()
        busy = {"redis": 0, "worker-1": 1, "worker-2": 1}.get(name, WORKERS)
        self.in_flight += busy * settings.MAIL_CONNECTIONS

    def kill_program(self, name: str) -> None:
        os.killpg(self.programs[name].pid, signal.SIGKILL)
        self.programs[name].wait()
        self.start(name)

    def kill_postgres(self) -> None:
        """The keeper starts it again; our own connection is dead too."""
        pid = int((locations().postgres / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        connection.close()

    def stop(self) -> None:
        for program in self.programs.values():
            os.killpg(program.pid, signal.SIGKILL)
            program.wait()

    def say(self, line: str) -> None:
        sys.stdout.write(f"[{time.monotonic() - self.begin:6.1f} s] {line}\n")
        sys.stdout.flush()


def flush_redis() -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(locations().valkey_socket))
        client.sendall(b"FLUSHALL\r\n")
        client.recv(16)


def patiently(act: Callable[[], Any]) -> Any:
    """The servers may be starting again."""
    for _ in range(300):
        try:
            return act()
        except (OperationalError, InterfaceError, OSError):
            connection.close()
            time.sleep(0.2)
    return act()


def beat(campaign: Campaign) -> None:
    """What beat publishes, and no waiting: a mail put off is due again at once."""
    OutgoingMail.objects.filter(state="queued", next_attempt_at__gt=Now()).update(next_attempt_at=Now())
    for task in (release_expired_leases, wake_campaigns):
        task.apply_async(expires=5)
    for _ in range(WORKERS):
        send_campaign_batch.apply_async((campaign.pk,), expires=5)


def is_over(campaign: Campaign) -> bool:
    return not OutgoingMail.objects.filter(stream=campaign.stream_id).exclude(state__in=FINAL).exists()


def prepare(recipients: int) -> Campaign:
    ensure_running()
    call_command("migrate", verbosity=0, interactive=False)
    campaign = create_campaign(run=fill(recipients), name="Preuve", by=NOBODY)
    return launch_campaign(campaign, by=NOBODY)


def send_under_fire(house: House, recipients: int, kills: int) -> None:
    """Kills are spread over the sending: each comes when a further part of the mails has arrived."""
    moments = [int(recipients * (number + house.chance.random()) / (kills + 1)) for number in range(kills)]
    next_beat, deadline = 0.0, time.monotonic() + PATIENCE
    while moments or not patiently(lambda: is_over(house.campaign)):
        if time.monotonic() > deadline:
            house.say("trop long")
            return
        if moments and (count_messages(house.mailbox) >= moments[0] or patiently(lambda: is_over(house.campaign))):
            moments.pop(0)
            house.kill()
        if time.monotonic() > next_beat:
            patiently(lambda: beat(house.campaign))
            next_beat = time.monotonic() + BEAT
        time.sleep(0.02)


def count(house: House, recipients: int, kills: int) -> dict[str, int]:
    """The mailbox against the ledger, mail by mail."""
    files = [path.read_bytes() for name in ("new", "cur") for path in (house.mailbox / name).iterdir()]
    arrived = Counter(email.message_from_bytes(content)["Message-ID"] for content in files)
    rows = patiently(lambda: list(house.campaign.stream.mails.values_list("message_id", "state")))
    states = Counter(state for _, state in rows)
    lost = [message_id for message_id, state in rows if message_id not in arrived and state != "uncertain"]
    strangers = set(arrived) - {message_id for message_id, _ in rows}
    return {
        "kills": kills,
        "recipients": recipients,
        "delivered": len(arrived),
        "doubled": sum(1 for copies in arrived.values() if copies > 1) + len(strangers),
        "lost": len(lost) + recipients - len(rows),
        "uncertain": states["uncertain"],
        "uncertain_allowed": house.in_flight,
        "sent": states["sent"],
        "seconds": round(time.monotonic() - house.begin),
    }


def run(seed: int, recipients: int, kills: int) -> int:
    house = House(random.Random(seed), locations().var / "mailbox")
    house.campaign = prepare(recipients)
    house.say(f"{recipients} destinataires, {kills} coups, graine {seed}")
    try:
        house.start("sink")
        wait_until_open(settings.EMAIL_PORT, patience=30)
        for number in range(1, WORKERS + 1):
            house.start(f"worker-{number}")
        send_under_fire(house, recipients, kills)
    finally:
        house.stop()
    figures = count(house, recipients, kills)
    sys.stdout.write(json.dumps(figures) + "\n")
    proved = figures["doubled"] == figures["lost"] == 0 and figures["uncertain"] <= figures["uncertain_allowed"]
    return 0 if proved else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="bench.chaos", description=__doc__)
    for option, value in (("--seed", 1), ("--recipients", 2_000), ("--kills", 20)):
        parser.add_argument(option, type=int, default=value)
    sys.exit(run(**vars(parser.parse_args())))
