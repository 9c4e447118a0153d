from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cells.mailing.health import policy
from cells.mailing.refusals import Action
from cells.models import MailPolicy, MailRate, RefusalRule

LIMITS = ("minimum_sample", "refused_percent", "complained_permille", "soft_limit", "soft_days")


class Command(BaseCommand):
    help = "Règle l’envoi : débits (rate), sens des codes de refus (rule), limites avant pause ou abandon (limit)."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="what", required=True)
        rate = actions.add_parser("rate", help="mails par minute vers un domaine ('' : tous) ; 0 : sans limite")
        rate.add_argument("domain")
        rate.add_argument("per_minute", type=int)
        rule = actions.add_parser("rule", help="ce que veut dire un code, à partir d’aujourd’hui ou d’un autre jour")
        rule.add_argument("code")
        rule.add_argument("action", choices=Action.values)
        rule.add_argument("--from", dest="valid_from", required=True, help="AAAA-MM-JJ")
        rule.add_argument("--source", default="exploitant")
        limit = actions.add_parser("limit", help="une limite de MailPolicy")
        limit.add_argument("name", choices=LIMITS)
        limit.add_argument("value", type=float)

    def handle(self, *args: Any, what: str, **options: Any) -> None:
        {"rate": self.set_rate, "rule": self.add_rule, "limit": self.set_limit}[what](options)
        self.stdout.write("C’est noté : les prochains envois en tiennent compte.")

    def set_rate(self, options: dict[str, Any]) -> None:
        """A minute's mails may leave at once only up to a sixth of them."""
        domain, per_minute = options["domain"].lower(), options["per_minute"]
        if per_minute < 1:
            MailRate.objects.filter(domain=domain).delete()
            return
        shape = {"per_minute": per_minute, "burst": max(1, per_minute // 6)}
        MailRate.objects.update_or_create(domain=domain, defaults=shape)

    def add_rule(self, options: dict[str, Any]) -> None:
        known = {"code": options["code"], "valid_from": options["valid_from"]}
        RefusalRule.objects.update_or_create(
            **known, defaults={"action": options["action"], "source": options["source"]}
        )

    def set_limit(self, options: dict[str, Any]) -> None:
        if options["value"] < 0:
            raise CommandError("Une limite ne peut pas être négative.")
        policy()
        MailPolicy.objects.update(**{options["name"]: options["value"]})
