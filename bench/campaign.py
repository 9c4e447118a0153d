"""A campaign from launch to the last 250, against the same messages pushed by plain smtplib, and a plain Django loop.

python -m bench.campaign --size XS|S|M. A scratch database is made and dropped; the sink is a process of its own.
"""

import argparse
import json
import os
import resource
import smtplib
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.test")
django.setup()

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import connection
from django.utils import timezone

from cells.mailing.message import assemble
from cells.models import Cell, OutgoingMail, Region
from cells.scoping import NOBODY
from config.sink import count_messages
from employers.models import Employer, Offer
from matching.models import Campaign, Match, MatchRun, Recipient
from matching.run_settings import RunSettings
from matching.services import campaigns
from matching.services.sending import compose_for, deliver_campaign, worded
from matching.workflow import RunState
from youth.models import Wish, YoungPerson
from youth.models.wishes import school_year_in_course

SIZES = {"XS": 500, "S": 5_000, "M": 25_000}
OFFERS = 5
BATCH = 5_000


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
def sink() -> Iterator[Path]:
    """The mailbox of a local SMTP sink in a process of its own, and the settings that lead to it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "config.sink", "--port", str(port), "--mailbox", folder]
        process = subprocess.Popen(command)
        try:
            wait_for(port)
            yield Path(folder)
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


def fill(people_count: int) -> MatchRun:
    region = Region.objects.create(code="00", name="Banc")
    cell = Cell.objects.create(name="Cellule Banc", region=region, reply_to="cellule@exemple.fr", phone="0102030405")
    now = timezone.now()
    parameters = RunSettings.resolve(timezone.localdate(), {}).to_json()
    run = MatchRun.objects.create(cell=cell, state=RunState.DONE, finished_at=now, parameters=parameters)
    employers = Employer.objects.bulk_create(
        Employer(source_key=f"banc-{number}", name=f"L’Épi d’or {number}") for number in range(500)
    )
    offers = Offer.objects.bulk_create(
        Offer(
            employer=employers[number % 500], partner_label="banc", partner_job_id=str(number),
            title=f"Apprenti cuisinier n° {number}", description="Vous apprenez le métier. " * 40,
            contract_types=["Apprentissage"], address=f"{number} rue des Écoles 76000 Rouen",
            published_at=now - timedelta(days=number % 30), starts_on=(now + timedelta(days=60)).date(),
        )
        for number in range(people_count)
    )  # fmt: skip
    people = YoungPerson.objects.bulk_create(
        (
            YoungPerson(
                cell=cell, ine=f"{number:010d}A", last_name="Banc", first_name=f"Élodie{number}",
                email=f"jeune{number}@exemple.fr",
            )
            for number in range(people_count)
        ),
        batch_size=BATCH,
    )  # fmt: skip
    fill_matches(run, people, offers)
    return run


def fill_matches(run: MatchRun, people: list[YoungPerson], offers: list[Offer]) -> None:
    year = school_year_in_course(timezone.localdate())
    wishes = Wish.objects.bulk_create(
        (
            Wish(
                young_person=person, source="affelnet", school_year=year, external_key="1", rank=1, label="CAP Cuisine"
            )
            for person in people
        ),
        batch_size=BATCH,
    )
    Match.objects.bulk_create(
        (
            Match(
                run=run, young_person_id=wish.young_person_id, wish=wish, rank=rank, score=1000 - rank,
                offer=offers[(place * 7 + rank) % len(offers)], distance_m=1000 * rank,
                reasons={"rank": 1, "rome": 1, "level": 0, "date": 0, "via": 0, "age": 3},
            )
            for place, wish in enumerate(wishes)
            for rank in range(1, OFFERS + 1)
        ),
        batch_size=BATCH,
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def timed(work: Callable[[], Any]) -> tuple[Any, float, float]:
    """The answer, wall seconds, and this process's CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    answer = work()
    return answer, time.perf_counter() - wall, time.process_time() - cpu


def launch(run: MatchRun) -> Campaign:
    campaign = campaigns.create_campaign(run=run, name="Banc", offers_per_mail=OFFERS, by=NOBODY)
    campaigns.PARALLEL_SENDERS = 0  # this process is the worker
    return campaigns.launch_campaign(campaign, by=NOBODY)


def push(messages: list[tuple[str, bytes]]) -> None:
    """The ceiling: the messages already written, one connection, nothing recorded."""
    with smtplib.SMTP(settings.EMAIL_HOST, settings.EMAIL_PORT, local_hostname="localhost") as line:
        for address, message in messages:
            line.sendmail("banc@exemple.fr", [address], message)


def django_loop(campaign: Campaign) -> None:
    """What one would write first: for each person read, render, send; one connection, no ledger."""
    backend = get_connection("django.core.mail.backends.smtp.EmailBackend", port=settings.EMAIL_PORT)
    with backend:
        recipients = Recipient.objects.filter(campaign=campaign, mail__isnull=False)
        for recipient in recipients.select_related("young_person", "mail").iterator():
            proposals = list(worded(recipient.offers.all()))
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
    with sink() as mailbox:
        _, ours, ours_cpu = timed(lambda: deliver_campaign(campaign.pk, worker="banc", seconds=3600))
        delivered = count_messages(mailbox)
    sent = OutgoingMail.objects.filter(state="sent")
    messages = [(mail.to_address, assemble(mail)) for mail in sent.iterator()]
    with sink():
        _, ceiling, ceiling_cpu = timed(lambda: push(messages))
    with sink():
        _, loop, loop_cpu = timed(lambda: django_loop(campaign))
    return {
        "recipients": people_count,
        "sent": len(messages),
        "in_sink": delivered,
        "bytes_per_mail": sum(len(message) for _, message in messages) // len(messages),
        "launch_seconds": round(launch_seconds, 2),
        "ours_per_second": round(people_count / ours),
        "ceiling_per_second": round(people_count / ceiling),
        "django_loop_per_second": round(people_count / loop),
        "ratio_to_ceiling": round(ceiling / ours, 2),
        "ratio_to_django_loop": round(loop / ours, 2),
        "cpu_ms_per_mail": round(1000 * ours_cpu / people_count, 2),
        "ceiling_cpu_ms_per_mail": round(1000 * ceiling_cpu / people_count, 2),
        "django_loop_cpu_ms_per_mail": round(1000 * loop_cpu / people_count, 2),
        "cpu_ratio_to_django_loop": round(ours_cpu / loop_cpu, 2),
        "launch_share_of_sending": round(launch_seconds / ours, 2),
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


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
