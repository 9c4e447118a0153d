"""How good the run is at least: a bound on the total score of any other, recomputed from the run's prices.

Let p ≥ 0 be prices, C what a first offer is worth, and x any allocation within the limits that serves N people.
Each person gains Σ (score − p) over what x shows them, + C if that is anything: at most their best response to the
prices. An offer is shown within its budget. Adding up: score(x) + C·N ≤ Σ best responses + Σ p·budget. It holds
whatever the prices and C, so a wrong price can only spoil the bound, never make it say too much.
"""

from typing import Any

import numpy as np

from matching.certificate.rows import Ints
from matching.certificate.rules import Rules
from matching.certificate.study import PRICE_SCALE

FIRST_SLOT_SCORES = 10  # the engine's C, in highest scores


def highest_score(rules: Rules) -> int:
    return (
        max(rules.rank_first, rules.rank_none)
        + max(rules.rome_exact, rules.rome_domain)
        + max(rules.level_exact, rules.level_open, rules.level_near)
        + max(rules.distance, rules.distance_remote)
        + max(rules.date_fits, rules.date_unknown)
        + rules.fresh
        + rules.variety
    )


def first_slot(rules: Rules, bound: dict[str, Any]) -> int:
    """In thousandths of a point, as prices are."""
    return int(bound.get("first_slot", FIRST_SLOT_SCORES * highest_score(rules) * PRICE_SCALE))


def dual_bound(worth: Ints, spent: int, served: int, first_slot: int) -> int:
    """In points. `worth`: best responses without C, of whoever has candidates; `spent`: Σ price × budget."""
    responses = int(np.maximum(worth + first_slot, 0).sum())
    return (responses + spent - first_slot * served) // PRICE_SCALE
