"""What the launcher says at the end."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from config.sink import count_messages
from employers.models import Offer
from matching.models import Match
from youth.models import Wish, YoungPerson

COUNTED = ("people", "wishes", "offers", "matches", "people_with_offer", "mails_sent", "mails_in_sink")
TIMED = ("setup", "import", "matching", "campaign")


def count_everything(var: Path) -> dict[str, int]:
    """Count what the database and the mailbox hold."""
    return {
        "people": YoungPerson.objects.count(),
        "wishes": Wish.objects.count(),
        "offers": Offer.objects.count(),
        "matches": Match.objects.count(),
        "mails_in_sink": count_messages(var / "mailbox"),
    }


def last_line(figures: dict[str, Any], seconds: dict[str, float]) -> str:
    """The machine's line: counts, then seconds."""
    counts = {name: figures.get(name, 0) for name in COUNTED}
    return json.dumps(counts | {"seconds": {name: round(seconds.get(name, 0), 2) for name in TIMED}})


def summary(figures: dict[str, Any], accounts: Iterable[tuple[str, str, str]], var: Path, *, site: str | None) -> str:
    """The person's page: what happened, where to look, who can sign in."""
    lines = [
        "",
        f"  {figures['people']} jeunes, {figures['wishes']} vœux, {figures['offers']} offres",
        f"  {figures['matches']} propositions, {figures['people_with_offer']} jeunes avec au moins une offre",
        f"  {figures['mails_sent']} courriels envoyés : {var / 'mailbox' / 'new'}",
        f"  Journaux des programmes : {var / 'log'}",
    ]
    if site is not None:
        lines += ["", *_pages(site), "", "  Comptes de démonstration :", *map(_account, accounts)]
        lines += ["", "  Ctrl-C arrête tout ; « make run » reprend avec les mêmes données."]
    return "\n".join([*lines, ""])


def _pages(site: str) -> list[str]:
    pages = (("Espace des conseillers", "/"), ("Offres, sans compte", "/offres/"), ("API", "/api/v1/docs"))
    return [f"  {name:<24} {site}{path}" for name, path in pages]


def _account(account: tuple[str, str, str]) -> str:
    role, email, password = account
    return f"    {role:<32} {email:<40} {password}"
