"""The checks that read the run as a whole: offers, totals, coverage, optimality."""

import numpy as np

from matching.certificate.coverage import loose_offers, reachable
from matching.certificate.optimality import dual_bound, first_slot
from matching.certificate.people import Span, read_crowd
from matching.certificate.reading import Reading, known_before
from matching.certificate.rows import Bools, Ints
from matching.certificate.study import Proposals, no_findings, study

NO_ROWS = np.zeros(0, dtype=np.int64)
TINY = 1e-9


def check_totals(reading: Reading) -> dict[str, int | float]:
    """The figures of the run."""
    person, offer = np.concatenate(reading.ledger.person), np.concatenate(reading.ledger.offer)
    covered, known = len(np.unique(person)), offer >= 0
    person, offer = person[known], offer[known]
    _check_presence(reading)
    _check_budgets(reading, np.bincount(offer, minlength=len(reading.wanted)))
    _check_counts(reading, covered)
    if reading.anything_changed:
        for name in ("coverage", "bound"):
            reading.checks[name].changed = reading.ledger.changed_people + int(reading.changed_offers.sum())
    else:
        _check_coverage(reading, person, offer)
        _check_bound(reading, covered)
    return figures(reading, covered)


def figures(reading: Reading, covered: int) -> dict[str, int | float]:
    bound, ledger = reading.subject.bound, reading.ledger
    suited = sum(map(len, ledger.worth_low))
    return {
        "people": ledger.people,
        "offers": int(reading.catalogue.stored.named.sum()),
        "matches": sum(map(len, ledger.person)),
        "covered": covered,
        "suited": suited,
        "pairs": ledger.pairs,
        "score": ledger.score,
        "upper": bound.get("upper", 0),
        "changed_people": ledger.changed_people,
        "changed_offers": int(reading.changed_offers.sum()),
    }


def _check_presence(reading: Reading) -> None:
    """An offer that nobody can be proposed may be left out: the run reads those within reach only."""
    here, check, before = reading.catalogue, reading.checks["offers"], reading.before
    check.judge(here.stored.named & ~here.taking_part, reading.changed_offers, offer=here.id)
    check.judge(reading.wanted & here.sure & ~here.stored.named, reading.changed_offers, offer=here.id)
    strangers = here.stored.strangers
    gone = np.zeros(len(strangers), dtype=np.bool_) if before is None else known_before(before.offers, strangers)
    check.judge(np.ones(len(strangers), dtype=np.bool_), gone, offer=strangers)


def _check_budgets(reading: Reading, shown: Ints) -> None:
    here, stored = reading.catalogue, reading.catalogue.stored
    wrong = stored.named & (stored.budget != here.budget)
    reading.checks["budget"].judge(wrong, reading.changed_offers, offer=here.id)
    reading.checks["exposure"].add((shown != stored.exposure) | (shown > stored.budget), offer=here.id)
    reading.checks["prices"].add(stored.price < 0, offer=here.id)


def _check_counts(reading: Reading, covered: int) -> None:
    counts, check = reading.subject.counts, reading.checks["counts"]
    check.fail_if(counts["match_count"] != reading.digest.proposal_count)
    check.fail_if(counts["people_count"] != reading.digest.people_count)
    check.fail_if(counts["offer_count"] != len(reading.shown["id"]))
    check.fail_if(counts["people_with_offer"] != covered)


def _check_coverage(reading: Reading, person: Ints, offer: Ints) -> None:
    uncovered = np.concatenate(reading.ledger.uncovered)
    loose = loose_offers(person, offer, reading.catalogue.stored.budget)
    met = reachable(uncovered, person, offer, loose, lambda ids: suiting(reading, ids))
    way_out = met & loose
    reading.checks["coverage"].add(way_out, offer=reading.catalogue.id)


def suiting(reading: Reading, ids: Ints) -> Bools:
    """The offers that suit at least one of these people."""
    crowd = read_crowd(reading.subject.cell_id, Span(0, 0, ids), reading.trainings, reading.rules)
    count = len(crowd.people.id)
    nothing = Proposals(np.zeros(count + 1, dtype=np.int64), NO_ROWS, NO_ROWS, NO_ROWS, NO_ROWS, NO_ROWS, NO_ROWS)
    findings = no_findings(0, count, len(reading.wanted))
    study(crowd.people, crowd.hopes, nothing, reading.world, findings)
    return findings.wanted


def _check_bound(reading: Reading, covered: int) -> None:
    """Served people are the most there can be when the coverage check holds: that is `coverable`."""
    said, check, stored = reading.subject.bound, reading.checks["bound"], reading.catalogue.stored
    spent = int((stored.price * stored.budget).sum())
    slot = first_slot(reading.rules, said)
    low, high = (
        dual_bound(np.concatenate(worth), spent, covered, slot)
        for worth in (reading.ledger.worth_low, reading.ledger.worth_high)
    )
    check.fail_if(said.get("covered") != covered or said.get("coverable") != covered)
    check.fail_if(said.get("score") != reading.ledger.score)
    check.fail_if(not low <= said.get("upper", -1) <= high)
    check.fail_if(abs(said.get("ratio", _ratio(said)) - _ratio(said)) > TINY)


def _ratio(said: dict[str, float]) -> float:
    upper = said.get("upper", 0)
    return said.get("score", 0) / upper if upper else 1.0
