"""A campaign from launch to the last 250, against the same messages pushed by plain smtplib, and a plain Django loop.

python -m bench.campaign --size XS|S|M. A scratch database is made and dropped; the sink and the two sending workers are
processes of their own. `ceiling`: the messages already written, by plain smtplib, over as many connections into the
same sink. `django_loop`: for each person read, render, send, over one connection, without a ledger.
"""

import argparse
import json
import os
import smtplib
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
django.setup()

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import connection
from django.template.loader import get_template

from bench.campaign_data import OFFERS, fill
from cells.mailing.message import assemble
from cells.models import OutgoingMail
from cells.scoping import NOBODY
from config.sink import count_messages
from matching import mails
from matching.models import Campaign, MatchRun, Recipient
from matching.services import campaigns
from matching.services.sending import compose_for, worded

SIZES = {"XS": 1_000, "S": 5_000, "M": 25_000}
SENDERS = 2
LOOP = 2_000  # mails of the Django loop at most: what it costs does not depend on how many
TICKS = os.sysconf("SC_CLK_TCK")


class Sink(NamedTuple):
    mailbox: Path
    port: int
    pid: int


@contextmanager
def scratch_database() -> Iterator[None]:
    name = connection.settings_dict["NAME"]
    connection.settings_dict["TEST"]["NAME"] = "bench_campaign"  # never the tests' own database
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = on")  # every commit reaches the disk, as in production
    try:
        yield
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


@contextmanager
def sink() -> Iterator[Sink]:
    """A local SMTP sink in a process of its own, and the settings that lead to it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "config.sink", "--port", str(port), "--mailbox", folder]
        process = subprocess.Popen(command)
        try:
            wait_for(port)
            yield Sink(Path(folder), port, process.pid)
        finally:
            process.terminate()
            process.wait()


def wait_for(port: int) -> None:
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except ConnectionRefusedError:
            time.sleep(0.05)


def timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """The answer, wall seconds, and this process's CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    answer = work()
    return answer, time.perf_counter() - wall, time.process_time() - cpu


def cpu_of(pid: int) -> float:
    """CPU seconds a process has spent so far, with its children that have ended (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS


def database_cpu() -> float:
    """CPU seconds of the whole database server, when it is the embedded one: the postmaster and its children."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_read_file('postmaster.pid')")
        postmaster = int(cursor.fetchone()[0].split()[0])
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
    return sum(cpu_of(int(pid)) for pid in [postmaster, *children])


def launch(run: MatchRun) -> Campaign:
    campaign = campaigns.create_campaign(run=run, name="Banc", offers_per_mail=OFFERS, by=NOBODY)
    campaigns.PARALLEL_SENDERS = 0  # the senders below are the workers
    return campaigns.launch_campaign(campaign, by=NOBODY)


@contextmanager
def senders(campaign: Campaign, port: int) -> Iterator[list[subprocess.Popen[str]]]:
    """The workers, loaded, each waiting for a line to begin."""
    arguments = [str(campaign.pk), connection.settings_dict["NAME"], str(port)]
    command = [sys.executable, "-m", "bench.campaign_sender", *arguments]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    workers = [subprocess.Popen(command, **pipes) for _ in range(SENDERS)]
    for worker in workers:
        assert worker.stdout.readline() == "ready\n"
    try:
        yield workers
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()


def send(workers: list[subprocess.Popen[str]]) -> list[dict[str, Any]]:
    """What each worker says of itself once all is sent."""
    for worker in workers:
        worker.stdin.write("\n")
        worker.stdin.flush()
    return [json.loads(worker.stdout.readline()) for worker in workers]


def push(messages: list[tuple[str, bytes]]) -> None:
    with smtplib.SMTP(settings.EMAIL_HOST, settings.EMAIL_PORT, local_hostname="localhost") as line:
        for address, message in messages:
            line.sendmail("banc@exemple.fr", [address], message)


def push_all(messages: list[tuple[str, bytes]], connections: int) -> None:
    with ThreadPoolExecutor(connections) as threads:
        list(threads.map(push, [messages[start::connections] for start in range(connections)]))


def render_plainly(template: str, name: str, values: dict[str, Any]) -> str:
    return get_template(template).render({name: values})


def django_loop(campaign: Campaign) -> None:
    mails.fill_stencil = render_plainly
    backend = get_connection("django.core.mail.backends.smtp.EmailBackend", port=settings.EMAIL_PORT)
    with backend:
        recipients = Recipient.objects.filter(campaign=campaign, mail__isnull=False).order_by("pk")[:LOOP]
        for recipient in recipients.select_related("young_person", "mail").iterator():
            proposals = list(worded(recipient.offers.filter(spare=False)))
            content = compose_for(campaign, recipient, recipient.mail, proposals)
            own = {name: value for name, value in content.headers.items() if name not in ("From", "MIME-Version")}
            mail = EmailMultiAlternatives(
                content.subject, content.text, content.headers["From"], [recipient.mail.to_address],
                connection=backend, headers=own,
            )  # fmt: skip
            mail.attach_alternative(content.html, "text/html")
            mail.send()


def measure(people_count: int) -> dict[str, Any]:
    run = fill(people_count)
    campaign, launch_seconds, _ = timed(lambda: launch(run))
    with sink() as place, senders(campaign, place.port) as workers:
        before = database_cpu(), cpu_of(place.pid)
        said, ours, _ = timed(lambda: send(workers))
        spent = database_cpu() - before[0], cpu_of(place.pid) - before[1]
        delivered = count_messages(place.mailbox)
    sent = OutgoingMail.objects.filter(state="sent")
    messages = [(mail.to_address, assemble(mail)) for mail in sent.iterator()]
    connections = SENDERS * settings.MAIL_CONNECTIONS
    with sink() as place:
        _, ceiling, ceiling_cpu = timed(lambda: push_all(messages, connections))
        ceiling_sink_cpu = cpu_of(place.pid)
    with sink():
        _, loop, loop_cpu = timed(lambda: django_loop(campaign))
    looped = min(LOOP, people_count)
    ours_cpu = sum(worker["cpu"] for worker in said)
    return {
        "recipients": people_count,
        "sent": len(messages),
        "in_sink": delivered,
        "connections": connections,
        "bytes_per_mail": sum(len(message) for _, message in messages) // len(messages),
        "launch_seconds": round(launch_seconds, 2),
        "ours_per_second": round(people_count / ours),
        "ceiling_per_second": round(people_count / ceiling),
        "django_loop_per_second": round(looped / loop),
        "ratio_to_ceiling": round(ceiling / ours, 2),
        "ratio_to_django_loop": round(loop / looped / (ours / people_count), 2),
        "cpu_ms_per_mail": round(1000 * ours_cpu / people_count, 2),
        **by_step(said, people_count),
        "database_cpu_ms_per_mail": round(1000 * spent[0] / people_count, 2),
        "sink_cpu_ms_per_mail": round(1000 * spent[1] / people_count, 2),
        "ceiling_cpu_ms_per_mail": round(1000 * ceiling_cpu / people_count, 2),
        "ceiling_sink_cpu_ms_per_mail": round(1000 * ceiling_sink_cpu / people_count, 2),
        "django_loop_cpu_ms_per_mail": round(1000 * loop_cpu / looped, 2),
        "cpu_ratio_to_django_loop": round(ours_cpu / people_count / (loop_cpu / looped), 2),
        "launch_share_of_sending": round(launch_seconds / ours, 2),
        "sender_peak_rss_mb": max(worker["rss_kb"] for worker in said) // 1024,
    }


def by_step(said: list[dict[str, Any]], people_count: int) -> dict[str, float]:
    steps: Counter[str] = Counter()
    for worker in said:
        steps.update(worker["steps"])
    return {f"cpu_ms_{name}": round(1000 * seconds / people_count, 3) for name, seconds in sorted(steps.items())}


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="bench.campaign", description=__doc__)
    parser.add_argument("--size", choices=SIZES, default="XS")
    options = parser.parse_args(arguments)
    with scratch_database():
        figures = measure(SIZES[options.size])
    for name, value in figures.items():
        sys.stdout.write(f"{name:32} {value:>10}\n")
    sys.stdout.write(json.dumps({"bench": "campaign", "size": options.size, **figures}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
