"""A campaign played without writing anything: who would get a mail now, with which offers, and what is missing."""

import json
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from django.core.cache import cache
from django.utils import timezone

from matching.models import Campaign
from matching.plans import Plan
from matching.services.campaign_offers import Shares
from matching.services.completeness import Missing, find_missing
from matching.services.exposure import Spread, measure_spread
from matching.services.recipients import choose_recipients

KEPT_SECONDS = 15 * 60


@dataclass(frozen=True, eq=False)
class Rehearsal:
    """What a launch would have done at `at`. It holds ids, reasons and figures: no address, no name."""

    at: datetime
    reasons: dict[int, str]
    counts: dict[str, int]
    shares: Shares
    spread: Spread
    missing: list[Missing]

    @property
    def blocks(self) -> bool:
        return any(one.blocks for one in self.missing)

    def mailed(self) -> list[int]:
        return [person_id for person_id, reason in self.reasons.items() if not reason]


def rehearse(campaign: Campaign) -> Rehearsal:
    selection = choose_recipients(campaign)
    return Rehearsal(
        at=timezone.now(),
        reasons={choice.person_id: choice.skip_reason for choice in selection.choices},
        counts=selection.counts(),
        shares=selection.shares,
        spread=measure_spread(selection.shares),
        missing=find_missing(campaign, selection),
    )


def recent_rehearsal(campaign: Campaign, *, again: bool = False) -> Rehearsal:
    """The last one of these very settings, for a quarter of an hour; `again` plays it anew."""
    key = _key(campaign)
    found: Rehearsal | None = None if again else cache.get(key)
    if found is None:
        found = rehearse(campaign)
        cache.set(key, found, KEPT_SECONDS)
    return found


def _key(campaign: Campaign) -> str:
    settings = json.dumps(Plan.of(campaign).columns(), sort_keys=True, default=str)
    return f"campaign-rehearsal:{campaign.uuid}:{sha256(settings.encode()).hexdigest()}"
