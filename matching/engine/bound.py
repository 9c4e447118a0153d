"""How good an allocation is at least: a bound on the total score of any other, from the prices alone.

Let p ≥ 0 be prices, C the worth of a first slot, and x any allocation within the limits that covers N people.
Each person i gains Σ (score − p) over what x shows them, + C if it shows anything: at most their best response
best(i), the most that any k offers within the employer cap can leave them. What x shows of an offer costs in all at
most p × budget. Adding up: score(x) + C·N ≤ Σ best(i) + Σ p·budget. With N = `coverable`, known exactly:
`upper` = Σ best(i) + Σ p·budget − C·coverable. It holds for every p ≥ 0 and C; the auction's own make it tight.

Anyone can check it from the prices: best(i) is the person's first k by score − price within the employer cap, the
first one even at a loss (or nothing, if it loses more than C), the others only while they leave something.
"""

from dataclasses import dataclass

import numpy as np

from matching.engine.arrays import Ints
from matching.engine.compiled import counting_nothing
from matching.engine.lists import Lists
from matching.engine.market import Market
from matching.engine.parameters import PRICE_SCALE
from matching.engine.shown import Shown


@dataclass(frozen=True, slots=True)
class Bound:
    """`upper`: the total score of no allocation that covers `coverable` people is above. `score` is this one's.

    `coverable`: no allocation within the budgets covers more people. `ratio`: score / upper, 1 when both are 0.
    """

    covered: int
    coverable: int
    score: int
    upper: int
    ratio: float


def bound(market: Market, price: Ints, responses: int, coverable: int, shown: Shown) -> Bound:
    """Of what is shown, from the prices and the best responses to them."""
    whole = responses + int((price * market.budget).sum()) - market.first_slot * coverable
    score, upper = shown.total, whole // PRICE_SCALE
    return Bound(shown.covered, coverable, score, upper, score / upper if upper else 1.0)


def best_responses(market: Market, lists: Lists, price: Ints) -> int:
    """Σ best(i). `lists` holds at least each person's first k within the employer cap, by score less `price`."""
    met = np.zeros(int(market.employer.max(initial=0)) + 1, dtype=np.int64)
    terms = market.k, market.per_employer, market.first_slot
    return int(add_up((lists.first, lists.offer, lists.score), market.employer, price, terms, met))


@counting_nothing
def add_up(lists: tuple[Ints, Ints, Ints], employer: Ints, price: Ints, terms: tuple[int, int, int], met: Ints) -> int:
    """Best responses of everybody, the lists being sorted by score less price.

    `met`, by employer, counts the offers the person has got up from (person + 1) × (k + 1): nothing to clear between
    two people.
    """
    first, offer, score = lists
    k, per_employer, first_slot = terms
    total = 0
    for person in range(len(first) - 1):
        held, none_yet = 0, (person + 1) * (k + 1)
        for row in range(first[person], first[person + 1]):
            left = score[row] * PRICE_SCALE - price[offer[row]]
            left += first_slot if held == 0 else 0
            if held == k or left <= 0:
                break
            whose = employer[offer[row]]
            met[whose] = max(met[whose], none_yet)
            if met[whose] - none_yet < per_employer:
                met[whose] += 1
                held += 1
                total += left
    return total
