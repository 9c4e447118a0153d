"""What the run wrote of each person, held against what that person could be proposed."""

from typing import NamedTuple

import numpy as np
from numba import njit

from matching.certificate.graph import FAR_AWAY, Options, clear, gather, level_kind, no_options
from matching.certificate.offers import Aisles, Offers
from matching.certificate.people import Hopes, People
from matching.certificate.rows import Bools, Ints
from matching.certificate.rules import Rules

# What may be wrong with one proposal; several may be, so they are bits.
INELIGIBLE, SCORE, DISTANCE, REASONS, RANK, DUPLICATE, PERSON_LIMIT, EMPLOYER_LIMIT = (1 << bit for bit in range(8))
PRICE_SCALE = 1000  # prices are thousandths of a point
NO_ROOM = -(1 << 62)


class Proposals(NamedTuple):
    """By person, then rank. `offer`: rank of id, -1 unknown; `distance` -1 when not given; `reasons` as stored."""

    first: Ints
    rank: Ints
    offer: Ints
    wish: Ints
    score: Ints
    distance: Ints
    reasons: Ints


class Findings(NamedTuple):
    """`faults`, the right `score` (-1 ineligible) and `reasons` by proposal; `candidates` and `worth` (lowest and
    highest, by the roundings in doubt) by person; `wanted` by offer: somebody's candidate.

    `worth`: the best a person can get at the prices of the run, in thousandths of a point; NO_ROOM without candidates.
    """

    faults: Ints
    score: Ints
    reasons: Ints
    candidates: Ints
    worth_low: Ints
    worth_high: Ints
    wanted: Bools


class World(NamedTuple):
    """What does not change from one person to the next. `price` by offer."""

    offers: Offers
    aisles: Aisles
    rules: Rules
    price: Ints
    options: Options
    gains: Ints  # room for the best response: what each option brings


def new_world(offers: Offers, aisles: Aisles, rules: Rules, price: Ints) -> World:
    return World(offers, aisles, rules, price, no_options(len(price)), np.zeros(len(price), dtype=np.int64))


def no_findings(proposals: int, people: int, offers: int) -> Findings:
    faults, score, reasons = np.zeros((3, proposals), dtype=np.int64)
    candidates, low, high = np.zeros((3, people), dtype=np.int64)
    return Findings(faults, score, reasons, candidates, low, high, np.zeros(offers, dtype=np.bool_))


@njit(cache=True, nogil=True)
def study(people: People, hopes: Hopes, proposals: Proposals, world: World, findings: Findings) -> None:
    """A person with a rounding in doubt is read with the other one too; the reading that agrees with the run stands."""
    for person in range(len(people.id)):
        low, high, first_agrees = 0, 0, False
        for turn in range(3):
            doubt, agrees = read_person(person, people, hopes, proposals, world, findings, turn == 1)
            worth = findings.worth_low[person]
            low, high = (worth, worth) if turn == 0 else (min(low, worth), max(high, worth))
            first_agrees |= agrees and turn == 0
            if not doubt or (turn == 1 and not first_agrees):
                break
        findings.worth_low[person], findings.worth_high[person] = low, high


@njit(cache=True, nogil=True)
def read_person(
    person: int, people: People, hopes: Hopes, proposals: Proposals, world: World, findings: Findings, up: bool
) -> tuple[bool, bool]:
    """Whether a rounding is in doubt, and whether nothing is wrong."""
    options = world.options
    size, doubt = gather(person, people, hopes, world.offers, world.aisles, world.rules, options, up)
    first, last = proposals.first[person], proposals.first[person + 1]
    judge_each(first, last, hopes, proposals, world, findings)
    judge_together(first, last, proposals, world, findings)
    findings.candidates[person] = size
    for row in range(size):
        findings.wanted[options.offer[row]] = True
    findings.worth_low[person] = best_response(size, world)
    clear(options, size)
    return doubt, not findings.faults[first:last].any()


@njit(cache=True, nogil=True)
def judge_each(first: int, last: int, hopes: Hopes, proposals: Proposals, world: World, findings: Findings) -> None:
    """Each proposal by itself."""
    options, offers = world.options, world.offers
    for i in range(first, last):
        offer = proposals.offer[i]
        row = options.row[offer] if offer >= 0 else -1
        findings.score[i], findings.faults[i] = -1, INELIGIBLE
        if row < 0:
            continue
        hope, distance = options.hope[row], options.distance[row]
        level = level_kind(hopes.level[hope], offers.level[offer])
        because = options.exact[row] | level << 2 | offers.date_kind[offer] << 5 | options.via[row] << 7
        because |= options.best[row] << 9 | min(hopes.rank[hope], 255) << 10 | min(offers.age[offer] + 1, 4095) << 18
        findings.score[i] = options.base[row] + options.best[row] * world.rules.variety
        findings.reasons[i] = because
        faults = 0
        if proposals.score[i] != findings.score[i]:
            faults |= SCORE
        if proposals.distance[i] != (-1 if distance == FAR_AWAY else distance):
            faults |= DISTANCE
        if proposals.wish[i] != hopes.wish[hope] or proposals.reasons[i] != because:
            faults |= REASONS
        findings.faults[i] = faults


@njit(cache=True, nogil=True)
def judge_together(first: int, last: int, proposals: Proposals, world: World, findings: Findings) -> None:
    """Each proposal among those of the same person: its rank, its order, what comes before it."""
    offer, employer = proposals.offer, world.offers.employer
    for i in range(first, last):
        faults, of_employer, rank = 0, 1, i - first + 1
        if proposals.rank[i] != rank or (i > first and place_of(i - 1, proposals) >= place_of(i, proposals)):
            faults |= RANK
        if rank > world.rules.k:
            faults |= PERSON_LIMIT
        for earlier in range(first, i):
            if offer[earlier] >= 0 and offer[i] >= 0:  # the others do not exist: refused as such
                faults |= DUPLICATE * (offer[earlier] == offer[i])
                of_employer += employer[offer[earlier]] == employer[offer[i]]
        if of_employer > world.rules.per_employer:
            faults |= EMPLOYER_LIMIT
        findings.faults[i] |= faults


@njit(cache=True, nogil=True)
def place_of(i: int, proposals: Proposals) -> tuple[int, int, int]:
    """The highest score first, then the nearest (out of reach last), then the lowest offer."""
    distance = proposals.distance[i]
    return -proposals.score[i], FAR_AWAY if distance < 0 else distance, proposals.offer[i]


@njit(cache=True, nogil=True)
def best_response(size: int, world: World) -> int:
    """The most a person can get within their limits when each offer costs its price, at least one taken.

    Taking the dearest first is optimal: the limits (so many of an employer, so many in all) are nested.
    """
    if size == 0:
        return NO_ROOM
    options, gains, count, highest = world.options, world.gains, 0, NO_ROOM
    for row in range(size):
        score = options.base[row] + options.best[row] * world.rules.variety
        gain = score * PRICE_SCALE - world.price[options.offer[row]]
        highest = max(highest, gain)
        gains[row] = gain
        count += gain > 0
    if count <= 1:
        return highest
    return best_of_many(size, world)


@njit(cache=True, nogil=True)
def best_of_many(size: int, world: World) -> int:
    """Adds up the highest gains, each taken out once seen; an employer's others go when its limit is reached."""
    gains, rules = world.gains, world.rules
    taken = np.empty(rules.k, dtype=np.int64)
    total, kept = 0, 0
    while kept < rules.k:
        best = np.argmax(gains[:size])
        if gains[best] <= 0:
            break
        employer = world.offers.employer[world.options.offer[best]]
        taken[kept] = employer
        total, kept = total + gains[best], kept + 1
        gains[best] = NO_ROOM
        if (taken[:kept] == employer).sum() == rules.per_employer:
            drop_employer(employer, size, world)
    return total


@njit(cache=True, nogil=True)
def drop_employer(employer: int, size: int, world: World) -> None:
    for row in range(size):
        if world.offers.employer[world.options.offer[row]] == employer:
            world.gains[row] = NO_ROOM
