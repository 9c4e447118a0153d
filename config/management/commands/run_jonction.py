"""`make run`."""

import os
import signal
import sys
import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from config.demo.accounts import SIGN_INS
from config.demo.job import prepare_data, run_main_job
from config.embedded import EmbeddedError
from config.embedded.processes import hear_parent_die
from config.launcher.crew import CrewError
from config.launcher.run import AlreadyRunningError, Job, launch

STARTED = "JONCTION_STARTED"


class Command(BaseCommand):
    help = "Prépare tout sur cette machine, fait le travail principal une fois, puis sert le site."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="sans servir ; finit par une ligne de JSON")
        parser.add_argument("--port", type=int, default=8000, help="port du site (8000 par défaut)")

    def handle(self, *args: Any, once: bool, port: int, **options: Any) -> None:
        if STARTED in os.environ:
            hear_parent_die(signal.SIGTERM)  # the killed make would leave us behind
        started = float(os.environ.pop(STARTED, time.time()))
        job = Job(prepare_data, run_main_job, SIGN_INS)
        try:
            launch(job, self.write, once=once, port=port, started=started)
        except AlreadyRunningError:
            raise CommandError("« make run » tourne déjà dans ce dossier : arrêtez-le d'abord (Ctrl-C).") from None
        except (CrewError, EmbeddedError, TimeoutError) as error:
            raise CommandError(str(error)) from None
        except KeyboardInterrupt:
            sys.exit(130)

    def write(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()
