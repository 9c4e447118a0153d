"""The checks that read people: their proposals, their situation, whether everybody took part."""

import numpy as np

from matching.certificate import study as bits
from matching.certificate.digest import read_proposals, read_statuses
from matching.certificate.people import Crowd, Span, read_crowd
from matching.certificate.reading import Reading, known_before
from matching.certificate.rows import Bools, Columns, Ints, firsts, places
from matching.certificate.study import Findings, Proposals, no_findings, study
from matching.certificate.traces import trace_people

RANKED, NO_WISHES, NO_TRADES, NO_PLACE, NO_OFFER, CROWDED_OUT = range(6)
VARIETY_BIT = 1 << 9
# Check → what is wrong with a proposal. Some faults are in the run's own rows: nothing that changed explains them.
OWN_FAULTS = {"rank": bits.RANK, "duplicate": bits.DUPLICATE, "person_limit": bits.PERSON_LIMIT}
FAULTS = {
    "eligibility": bits.INELIGIBLE,
    "score": bits.SCORE,
    "distance": bits.DISTANCE,
    "reasons": bits.REASONS,
    "employer_limit": bits.EMPLOYER_LIMIT,
}


def check_span(reading: Reading, span: Span) -> None:
    crowd = read_crowd(reading.subject.cell_id, span, reading.trainings, reading.rules)
    rows, statuses = read_proposals(reading.subject.id, span), read_statuses(reading.subject.id, span)
    reading.digest.add(rows, statuses)
    came_since, changed = _check_presence(reading, crowd, statuses)
    person, offer = places(crowd.people.id, rows["person"]), places(reading.catalogue.id, rows["offer"])
    _check_references(reading, crowd, rows, person, offer)
    reading.ledger.add_proposals(rows, offer)
    here = person >= 0
    rows, person, offer = {name: column[here] for name, column in rows.items()}, person[here], offer[here]
    findings = _study(reading, crowd, rows, person, offer)
    _check_proposals(reading, rows, changed[person] | _changed(reading, offer), findings)
    has_any = np.bincount(person, minlength=len(changed)) > 0
    _check_statuses(reading, crowd, statuses, changed, findings, has_any)
    _note(reading, crowd, findings, has_any, ~came_since)


def _check_presence(reading: Reading, crowd: Crowd, statuses: Columns) -> tuple[Bools, Bools]:
    """Whoever should be there is, and nobody else. Which of the crowd came since the run, which changed since."""
    check, ids = reading.checks["people"], crowd.people.id
    traces = trace_people(crowd)
    reading.ledger.traces.append(traces)
    missing, added = places(statuses["id"], ids) < 0, places(ids, statuses["id"]) < 0
    came_since, changed = np.zeros((2, len(ids)), dtype=np.bool_)
    left_since = np.zeros(len(added), dtype=np.bool_)
    if reading.before is not None:
        before = reading.before.people
        came_since, changed = ~known_before(before, ids), before.changed(ids, traces.trace)
        left_since = added & known_before(before, statuses["id"])
    check.add(missing & ~came_since, person=ids)
    check.judge(added, left_since, person=statuses["id"])
    reading.ledger.changed_people += int((changed & ~came_since).sum() + left_since.sum())
    return came_since, changed


def _changed(reading: Reading, offer: Ints) -> Bools:
    changed: Bools = (offer >= 0) & reading.changed_offers[offer] if len(reading.changed_offers) else offer >= 0
    return changed


def _check_references(reading: Reading, crowd: Crowd, rows: Columns, person: Ints, offer: Ints) -> None:
    """Rows of somebody who left since the run, or whose wish did, cannot be judged."""
    named = np.append(reading.catalogue.stored.named, False)[offer]
    wish = places(crowd.wish_ids, rows["wish"]) >= 0
    changed = np.zeros(len(person), dtype=np.bool_)
    if reading.before is not None:
        changed = (person < 0) & known_before(reading.before.people, rows["person"])
        changed |= (person >= 0) & ~wish
    wrong = (person < 0) | ~wish | ~named
    reading.checks["references"].judge(wrong, changed, person=rows["person"], offer=rows["offer"])


def _study(reading: Reading, crowd: Crowd, rows: Columns, person: Ints, offer: Ints) -> Findings:
    proposals = Proposals(
        firsts(person, len(crowd.people.id)), rows["rank"], offer, rows["wish"], rows["score"], rows["distance"],
        rows["reasons"],
    )  # fmt: skip
    findings = no_findings(len(offer), len(crowd.people.id), len(reading.wanted))
    study(crowd.people, crowd.hopes, proposals, reading.world, findings)
    return findings


def _check_proposals(reading: Reading, rows: Columns, changed: Bools, findings: Findings) -> None:
    ids = {"person": rows["person"], "offer": rows["offer"]}
    for name, bit in OWN_FAULTS.items():
        reading.checks[name].add(findings.faults & bit > 0, **ids)
    excused = changed | _only_variety(reading, rows, findings)
    for name, bit in FAULTS.items():
        reading.checks[name].judge(findings.faults & bit > 0, excused, **ids)


def _only_variety(reading: Reading, rows: Columns, findings: Findings) -> Bools:
    """Once offers have changed, which one is the best of its domain cannot be told any more."""
    if not reading.world_changed:
        return np.zeros(len(findings.score), dtype=np.bool_)
    apart = np.abs(rows["score"] - findings.score)
    only: Bools = (apart == reading.rules.variety) & (rows["reasons"] ^ findings.reasons == VARIETY_BIT)
    return only


def _check_statuses(
    reading: Reading, crowd: Crowd, statuses: Columns, changed: Bools, findings: Findings, has_any: Bools
) -> None:
    suited = findings.candidates > 0
    right = np.select(
        [has_any, suited, ~crowd.wishing, ~crowd.naming, ~crowd.placed],
        [RANKED, CROWDED_OUT, NO_WISHES, NO_TRADES, NO_PLACE],
        NO_OFFER,
    )
    at = places(crowd.people.id, statuses["id"])
    here = at >= 0
    stored, at = statuses["status"][here], at[here]
    changed = changed[at] | reading.world_changed
    reading.checks["status"].judge(stored != right[at], changed, person=statuses["id"][here])


def _note(reading: Reading, crowd: Crowd, findings: Findings, has_any: Bools, counted: Bools) -> None:
    ledger, suited = reading.ledger, counted & (findings.candidates > 0)
    ledger.worth_low.append(findings.worth_low[suited])
    ledger.worth_high.append(findings.worth_high[suited])
    ledger.uncovered.append(crowd.people.id[suited & ~has_any])
    ledger.people += int(counted.sum())
    ledger.pairs += int(findings.candidates[counted].sum())
    np.logical_or(reading.wanted, findings.wanted, out=reading.wanted)
