"""Leaving no budget unused where somebody could still be shown the offer."""

import numpy as np

from matching.engine.arrays import Bools, Ints
from matching.engine.compiled import compiled
from matching.engine.market import Market
from matching.engine.shown import FREE, Shown


def fill(market: Market, shown: Shown) -> None:
    """Hands out what is left, from the best score down, to whoever has a free slot.

    Each pass reads the best offers that still have room; whoever saw one of them go to somebody else reads again.
    3 × k of them are enough to hold every one a person may still take: at most k they are shown already, and k of
    employers they are shown enough of.
    """
    people = np.flatnonzero(shown.used < market.k)
    while len(people) and (shown.room > 0).any():
        closed = np.where(shown.room > 0, 0, market.forbidding)
        lists = market.source.lists(
            3 * market.k, market.per_employer, people=people, prices=closed, threads=market.threads
        )
        rows = np.flatnonzero(shown.room[lists.offer] > 0)
        person, offer, score = people[lists.owners()[rows]], lists.offer[rows], lists.score[rows]
        order = np.lexsort((offer, person, -score))
        person, offer, score = person[order], offer[order], score[order]
        given = hand_out((person, offer, score), shown, market.employer, market.per_employer)
        missed = ~given & (shown.room[offer] == 0) & (shown.used[person] < market.k)
        people = np.unique(person[missed])


@compiled
def hand_out(rows: tuple[Ints, Ints, Ints], shown: Shown, employer: Ints, per_employer: int) -> Bools:
    """Gives each row (person, offer, score) in turn if the limits allow; which were given."""
    given = np.zeros(len(rows[0]), np.bool_)
    for i in range(len(rows[0])):
        person, offer, score = rows[0][i], rows[1][i], rows[2][i]
        if shown.room[offer] > 0 and may_take(shown.offer[person], employer, offer, per_employer):
            slot = shown.used[person]
            shown.offer[person, slot], shown.score[person, slot] = offer, score
            shown.used[person] += 1
            shown.room[offer] -= 1
            given[i] = True
    return given


@compiled
def may_take(hand: Ints, employer: Ints, offer: Ints, per_employer: int) -> bool:
    """A slot is free, the offer is not there yet, and its employer not too often."""
    met = 0
    for held in hand:
        if held == FREE:
            return True
        met += employer[held] == employer[offer]
        if held == offer or met == per_employer:
            return False
    return False
