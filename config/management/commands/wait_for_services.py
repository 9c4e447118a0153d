"""Waits for the database and the broker, for containers that start all at once."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, connection
from kombu.exceptions import OperationalError as BrokerError

from config.celery import app


class Command(BaseCommand):
    help = "Attend que la base de données et la file de tâches répondent."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--timeout", type=float, default=60, help="secondes (60 par défaut)")

    def handle(self, *args: Any, timeout: float, **options: Any) -> None:
        deadline = time.monotonic() + timeout
        self.wait(self.reach_database, "La base de données", deadline)
        self.wait(self.reach_broker, "La file de tâches", deadline)
        self.stdout.write("La base de données et la file de tâches répondent.")

    def wait(self, reach: Any, name: str, deadline: float) -> None:
        while (error := reach()) is not None:
            if time.monotonic() > deadline:
                raise CommandError(f"{name} ne répond pas : {error}")
            time.sleep(0.5)

    def reach_database(self) -> Exception | None:
        try:
            connection.ensure_connection()
        except OperationalError as error:
            return error
        return None

    def reach_broker(self) -> Exception | None:
        try:
            with app.connection_for_write() as broker:
                broker.ensure_connection(max_retries=1, timeout=2)
        except (BrokerError, OSError) as error:
            return error
        return None
