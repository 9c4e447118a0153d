from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cells.mailing.boxes import BoxError, read_box
from cells.mailing.reports import take_report
from cells.models import MailReport


class Command(BaseCommand):
    help = "Lit les retours de mails (non-distribution, signalements) d’une boîte. Relire la même ne compte pas double."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("box", help="mbox:/chemin, maildir:/chemin ou imaps://nom:secret@serveur/INBOX")

    def handle(self, *args: Any, box: str, **options: Any) -> None:
        reports: list[MailReport] = []
        try:
            read_box(box, lambda raw: reports.append(take_report(raw)))
        except BoxError as error:
            raise CommandError(str(error)) from None
        aside = sum(bool(report.set_aside) for report in reports)
        self.stdout.write(f"{len(reports)} messages lus, {len(reports) - aside} retours compris, {aside} mis de côté.")
