"""How a run spreads people over offers, beside what everyone's own best offers would have done. Arrays only."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from matching.engine.arrays import Bools, Ints

REPORT_VERSION = 1
LORENZ_STEPS = 20
FEWEST_IN_GROUP = 5
DIGITS = 6

Labels = npt.NDArray[np.str_]


class Pairs(NamedTuple):
    """One row per proposal: rows of the people and offers of the run, and its score."""

    person: Ints
    offer: Ints
    score: Ints

    def of(self, people: Bools) -> "Pairs":
        kept = people[self.person]
        return Pairs(self.person[kept], self.offer[kept], self.score[kept])


def measure_congestion(
    *,
    people_ids: Ints,
    offer_ids: Ints,
    allocated: Pairs,
    top: Pairs,
    budget: Ints,
    positions: Ints,
    groups: Mapping[str, Labels],
) -> dict[str, Any]:
    """The report of a run, ready for JSON.

    `top` holds the proposals each person would have if nobody else were there: the best k, no budget. `groups` gives
    each person a label per axis, empty when unknown (see matching.groups); fewer than five people make no group.
    """
    everyone = np.ones(len(people_ids), dtype=np.bool_)
    exposure = _exposure(allocated, len(offer_ids))
    return {
        "version": REPORT_VERSION,
        "people": len(people_ids),
        "offers": len(offer_ids),
        "positions": int(positions.sum()),
        "saturated": int((exposure >= budget).sum()),
        "overall": _compare(allocated, top, everyone, offer_ids, np.arange(len(offer_ids))),
        "lorenz": {
            "allocated": lorenz(exposure),
            "top": lorenz(_exposure(top, len(offer_ids))),
        },
        "groups": {axis: _by_label(labels, allocated, top, offer_ids) for axis, labels in groups.items()},
    }


def _by_label(labels: Labels, allocated: Pairs, top: Pairs, offer_ids: Ints) -> list[dict[str, Any]]:
    """One line per label, in order. Its offers are those one of its people has in one of the two plans."""
    lines = []
    for label in np.unique(labels[labels != ""]):
        people = labels == label
        if people.sum() < FEWEST_IN_GROUP:
            continue
        mine, best = allocated.of(people), top.of(people)
        offers = np.union1d(mine.offer, best.offer)
        lines.append({"label": str(label), **_compare(mine, best, people, offer_ids, offers)})
    return lines


def _compare(allocated: Pairs, top: Pairs, people: Bools, offer_ids: Ints, offers: Ints) -> dict[str, Any]:
    """`cost`: the share of the score that sharing takes from the people, 0 when nothing was at stake."""
    count = int(people.sum())
    mine, best = int(allocated.score.sum()), int(top.score.sum())
    return {
        "people": count,
        "allocated": _figures(allocated, count, offer_ids, offers),
        "top": _figures(top, count, offer_ids, offers),
        "cost": _share(best - mine, best),
    }


def _figures(pairs: Pairs, people: int, offer_ids: Ints, offers: Ints) -> dict[str, Any]:
    exposure = _exposure(pairs, len(offer_ids))[offers]
    covered = len(np.unique(pairs.person))
    busiest = int(exposure.argmax()) if exposure.any() else -1
    return {
        "covered": covered,
        "coverage": _share(covered, people),
        "proposals": len(pairs.person),
        "score": int(pairs.score.sum()),
        "gini": gini(exposure),
        "busiest": int(exposure[busiest]) if busiest >= 0 else 0,
        "busiest_offer": int(offer_ids[offers[busiest]]) if busiest >= 0 else None,
        "never": int((exposure == 0).sum()),
        "never_share": _share(int((exposure == 0).sum()), len(exposure)),
    }


def _exposure(pairs: Pairs, offers: int) -> Ints:
    return np.bincount(pairs.offer, minlength=offers)


def _share(part: int, whole: int) -> float:
    return round(part / whole, DIGITS) if whole else 0.0


def gini(exposure: Ints) -> float:
    """0 when every offer is shown as often, towards 1 when one offer has everything; 0 when nothing is shown."""
    total = int(exposure.sum())
    if total == 0:
        return 0.0
    count = len(exposure)
    ranks = np.arange(1, count + 1)
    return round(float(2 * (ranks * np.sort(exposure)).sum() / (count * total) - (count + 1) / count), DIGITS)


def lorenz(exposure: Ints) -> list[float]:
    """The share of all showings that the least shown 0 %, 5 % … 100 % of the offers have."""
    total = int(exposure.sum())
    if total == 0:
        return [0.0] * (LORENZ_STEPS + 1)
    risen = np.concatenate([[0], np.cumsum(np.sort(exposure))])
    places = np.linspace(0, len(exposure), LORENZ_STEPS + 1)
    points: list[float] = np.interp(places, np.arange(len(risen)), risen / total).round(DIGITS).tolist()
    return points
