"""What a refusal means: the operator's dated rules, by enhanced code (RFC 3463), else by reply code."""

import re
from collections.abc import Mapping
from datetime import date
from typing import NamedTuple, Self

from django.utils import timezone

from cells.mailing.smtp import Reply
from cells.models import RefusalRule

Action = RefusalRule.Action

ENHANCED = re.compile(r"\b([245]\.\d{1,3}\.\d{1,3})\b")
LONGEST_CODE = 12


class RefusalRules(NamedTuple):
    """By code or beginning of a code, the action in force."""

    actions: Mapping[str, str]

    @classmethod
    def on(cls, day: date | None = None) -> Self:
        """One query. The latest row valid that day wins."""
        rows = RefusalRule.objects.filter(valid_from__lte=day or timezone.localdate()).order_by("valid_from")
        return cls(dict(rows.values_list("code", "action")))

    def action(self, code: str) -> str:
        """« 5.1.1 », then « 5.1 », then « 5 »; « 550 », then « 5 ». Without a row, a permanent refusal is final."""
        parts = code.split(".")
        candidates = [".".join(parts[:length]) for length in range(len(parts), 0, -1)] + [code[:1]]
        unknown = Action.REFUSE if code.startswith("5") else Action.RETRY
        return next((self.actions[one] for one in candidates if one in self.actions), unknown)

    def of_reply(self, reply: Reply) -> str:
        if reply.temporary:
            return Action.RETRY
        return self.action(code_of(reply))


def code_of(reply: Reply) -> str:
    """The enhanced code when the server gives one of the same class as its reply."""
    found = ENHANCED.search(reply.text)
    if found and found[1][0] == str(reply.code)[0]:
        return found[1]
    return str(reply.code)
