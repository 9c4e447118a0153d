"""Compiles the matching engine once for all processes of this machine: at installation, not at the first visit."""

from typing import Any

from django.core.management.base import BaseCommand

from matching.engine.warming import warm_up


class Command(BaseCommand):
    help = "Compile le moteur de rapprochement (une fois par version ; ensuite, rien à faire)."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        warm_up()
