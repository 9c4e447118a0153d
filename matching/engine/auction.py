"""Who holds what, by auction: people bid for offers, prices rise until nobody wants to bid again.

An offer with budget b holds the b highest bids; its price is the lowest of them when it is full, 0 before. A person
with a free slot bids for the row that leaves them most (score − price): up to the point where their second best row
would suit them as well, plus ε. Whoever is outbid bids again. A slot is left empty rather than filled at a loss, but
the first slot of a person is worth `first_slot` more than the others: nobody stays without an offer for the sake
of somebody's tenth. A person's employer cap decides which rows may be bid for, given those already held.

When it ends, every person holds, within ε per slot, what suits them best at the prices, and an offer that is not
full costs 0 (prices start at 0 and never fall). Such an outcome is within ε × pairs of the best total
(D. Bertsekas, "Auction algorithms for network flow problems", 1992), and its prices bound that best: `bound`.
One thread, one order (by id): the same rows give the same bids. Time: bids × length of a list.
"""

from typing import NamedTuple

import numpy as np

from matching.engine.arrays import Bools, Ints
from matching.engine.compiled import counting_nothing
from matching.engine.lists import Lists, firsts
from matching.engine.market import Market
from matching.engine.parameters import PRICE_SCALE

NOBODY = -1


class Sale(NamedTuple):
    """`taken`: which rows of the lists are held; `price` by offer."""

    taken: Bools
    price: Ints


class Rows(NamedTuple):
    """Person p may bid for rows first[p] … first[p + 1] - 1; `employer` is by offer."""

    first: Ints
    offer: Ints
    score: Ints
    employer: Ints


class Terms(NamedTuple):
    k: int
    per_employer: int
    first_slot: int
    epsilon: int


class Bids(NamedTuple):
    """Offer o keeps kept[o] bids from first[o] on, as a heap: the lowest comes first."""

    first: Ints
    capacity: Ints
    kept: Ints
    price: Ints
    amount: Ints
    row: Ints
    person: Ints


class Hands(NamedTuple):
    """What people hold: `taken` by row, how many `held` by person. `employers` has room for one hand."""

    taken: Bools
    held: Ints
    employers: Ints


class Queue(NamedTuple):
    """People who have to bid, first come first served, each at most once. `ends` is (next one, how many)."""

    people: Ints
    waiting: Bools
    ends: Ints


def auction(market: Market, lists: Lists, epsilon: int) -> Sale:
    """`epsilon` in price units: smaller is nearer to the best total, and slower."""
    bids = _no_bids(market, lists)
    hands = Hands(
        np.zeros(len(lists), dtype=np.bool_),
        np.zeros(lists.people, dtype=np.int64),
        np.empty(market.k, dtype=market.employer.dtype),
    )
    everybody = np.arange(lists.people)
    queue = Queue(everybody, np.ones(lists.people, dtype=np.bool_), np.array([0, lists.people]))
    rows = Rows(lists.first, lists.offer, lists.score, market.employer)
    run(rows, Terms(market.k, market.per_employer, market.first_slot, epsilon), bids, hands, queue)
    return Sale(hands.taken, bids.price)


def _no_bids(market: Market, lists: Lists) -> Bids:
    # One slot more than there are people interested says "never full" as well as any larger budget.
    capacity = np.minimum(market.budget, np.bincount(lists.offer, minlength=market.offers) + 1)
    first = firsts(capacity)
    return Bids(
        first, capacity, np.zeros(market.offers, dtype=np.int64), market.priced(np.zeros_like(capacity)),
        np.empty(first[-1], dtype=np.int64), np.empty(first[-1], dtype=np.int64), np.empty(first[-1], dtype=np.int32),
    )  # fmt: skip


@counting_nothing
def run(rows: Rows, terms: Terms, bids: Bids, hands: Hands, queue: Queue) -> None:
    """Bid until nobody wants to: fills `bids` and `hands`."""
    while queue.ends[1] > 0:
        person = next_in(queue)
        while hands.held[person] < terms.k:
            row, margin = choose(rows, terms, bids, hands, person)
            if row < 0:
                break
            amount = bids.price[rows.offer[row]] + margin + terms.epsilon
            outbid = place(bids, hands, rows.offer[row], amount, row, person)
            if outbid != NOBODY:
                join(queue, outbid)


@counting_nothing
def choose(rows: Rows, terms: Terms, bids: Bids, hands: Hands, person: int) -> tuple[int, int]:
    """The row that leaves the person most, -1 when none does; and by how much it beats the second or nothing."""
    first, last = rows.first[person], rows.first[person + 1]
    held = note_employers(rows, hands, first, last)
    nothing = 0 if held else -terms.first_slot
    best, second, chosen = nothing, nothing, -1
    for row in range(first, last):
        offer = rows.offer[row]
        left = rows.score[row] * PRICE_SCALE - bids.price[offer]
        if left <= second or hands.taken[row]:
            continue
        if is_capped(hands.employers, held, rows.employer[offer], terms.per_employer):
            continue
        if left > best:
            best, second, chosen = left, best, row
        else:
            second = left
    return chosen, best - second


@counting_nothing
def note_employers(rows: Rows, hands: Hands, first: int, last: int) -> int:
    """Writes the employers of what is held in these rows; how many."""
    held = 0
    for row in range(first, last):
        if hands.taken[row]:
            hands.employers[held] = rows.employer[rows.offer[row]]
            held += 1
    return held


@counting_nothing
def is_capped(employers: Ints, held: int, employer: int, per_employer: int) -> bool:
    met = 0
    for i in range(held):
        met += employers[i] == employer
    return met >= per_employer


@counting_nothing
def place(bids: Bids, hands: Hands, offer: int, amount: int, row: int, person: int) -> int:
    """The person takes the row; who loses theirs, or NOBODY."""
    outbid = NOBODY
    if bids.kept[offer] < bids.capacity[offer]:
        rise(bids, offer, amount, row, person)
        bids.kept[offer] += 1
    else:
        lowest = bids.first[offer]
        outbid = bids.person[lowest]
        hands.taken[bids.row[lowest]] = False
        hands.held[outbid] -= 1
        sink(bids, offer, amount, row, person)
    hands.taken[row] = True
    hands.held[person] += 1
    if bids.kept[offer] == bids.capacity[offer]:
        bids.price[offer] = bids.amount[bids.first[offer]]
    return outbid


@counting_nothing
def rise(bids: Bids, offer: int, amount: int, row: int, person: int) -> None:
    """Add a bid at the bottom of the heap and let it rise above the higher ones."""
    first, place = bids.first[offer], bids.kept[offer]
    while place > 0 and bids.amount[first + (place - 1) // 2] > amount:
        copy(bids, first + (place - 1) // 2, first + place)
        place = (place - 1) // 2
    write(bids, first + place, amount, row, person)


@counting_nothing
def sink(bids: Bids, offer: int, amount: int, row: int, person: int) -> None:
    """Replace the lowest bid, at the top of the heap, and let the new one sink below the lower ones."""
    first, kept, place = bids.first[offer], bids.kept[offer], 0
    while 2 * place + 1 < kept:
        below = 2 * place + 1
        if below + 1 < kept and bids.amount[first + below + 1] < bids.amount[first + below]:
            below += 1
        if bids.amount[first + below] >= amount:
            break
        copy(bids, first + below, first + place)
        place = below
    write(bids, first + place, amount, row, person)


@counting_nothing
def copy(bids: Bids, source: int, target: int) -> None:
    write(bids, target, bids.amount[source], bids.row[source], bids.person[source])


@counting_nothing
def write(bids: Bids, slot: int, amount: int, row: int, person: int) -> None:
    bids.amount[slot], bids.row[slot], bids.person[slot] = amount, row, person


@counting_nothing
def join(queue: Queue, person: int) -> None:
    if not queue.waiting[person]:
        queue.waiting[person] = True
        queue.people[(queue.ends[0] + queue.ends[1]) % len(queue.people)] = person
        queue.ends[1] += 1


@counting_nothing
def next_in(queue: Queue) -> int:
    person = queue.people[queue.ends[0]]
    queue.waiting[person] = False
    queue.ends[0] = (queue.ends[0] + 1) % len(queue.people)
    queue.ends[1] -= 1
    return person
