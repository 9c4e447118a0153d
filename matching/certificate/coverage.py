"""Whether more people could have been served: a search for an augmenting path over the whole graph of candidates.

Each person holds at least one offer or none; an offer may be shown so many times. By Berge's theorem the number of
people served is the largest possible exactly when no path leads from somebody without an offer, through offers and
the people who hold them, to an offer that can take one more. An offer can when its budget is not used up, or when
somebody who holds it holds another as well. So only people with a single offer are ever walked through, and each
offer is opened once.
"""

from collections.abc import Callable

import numpy as np

from matching.certificate.rows import Bools, Ints

WAVE_PEOPLE = 20_000

# The offers that suit at least one of these people (ids), as a truth by offer.
Wanted = Callable[[Ints], Bools]


def loose_offers(person: Ints, offer: Ints, budget: Ints) -> Bools:
    """Offers that can take one more without leaving anybody with nothing. One row of `person`, `offer` per proposal."""
    shown = np.bincount(offer, minlength=len(budget))
    held = np.zeros(0, dtype=np.int64) if len(person) == 0 else np.bincount(person)[person]
    shared = np.bincount(offer[held > 1], minlength=len(budget)) > 0
    loose: Bools = (shown < budget) | shared
    return loose


def reachable(uncovered: Ints, person_id: Ints, offer: Ints, loose: Bools, wanted: Wanted) -> Bools:
    """The offers met on the way from the people (ids) without one, up to the first that can take one more."""
    met = np.zeros(len(loose), dtype=np.bool_)
    frontier = uncovered
    while len(frontier):
        before = met.copy()
        for start in range(0, len(frontier), WAVE_PEOPLE):
            met |= wanted(frontier[start : start + WAVE_PEOPLE])
            if (met & loose).any():
                return met
        new = met & ~before
        frontier = np.unique(person_id[new[offer]])
    return met
