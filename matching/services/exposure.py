"""Launches take turns, so that no two spend one offer's budget; and how evenly a campaign shows its offers."""

from dataclasses import dataclass

import numpy as np
from django.db import connection

from employers.models import Offer
from matching.services.campaign_offers import Shares
from matching.services.congestion import gini

# Two launches that read the budgets at once would both spend them: launches of all cells take turns.
TAKE_TURN = "SELECT pg_advisory_xact_lock(7683, 2)"


def wait_for_turn() -> None:
    """Until the end of the transaction, no other campaign is launched, in any cell."""
    with connection.cursor() as cursor:
        cursor.execute(TAKE_TURN)


@dataclass(frozen=True, slots=True)
class Spread:
    """Of the offers a campaign could show. `gini`: 0 when all are shown equally, 1 when one takes everything."""

    offers: int
    never_shown: int
    showings: int
    gini: float
    full: int
    busiest_title: str
    busiest_shown: int
    busiest_budget: int


def measure_spread(shares: Shares) -> Spread:
    """`full`: offers shown as often as their budget allows."""
    exposure, budget = shares.exposure, shares.budget
    if not len(exposure):
        return Spread(0, 0, 0, 0.0, 0, "", 0, 0)
    top = int(exposure.argmax())
    title = Offer.objects.filter(pk=int(shares.offers[top])).values_list("title", flat=True).first()
    return Spread(
        offers=len(exposure),
        never_shown=int((exposure == 0).sum()),
        showings=int(exposure.sum()),
        gini=round(gini(exposure), 3),
        full=int(np.count_nonzero(exposure >= budget)),
        busiest_title=title or "",
        busiest_shown=int(exposure[top]),
        busiest_budget=int(budget[top]),
    )
