"""The verification of a run from its rows alone: everybody is read some thousands at a time, then forgotten."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from matching.certificate.checks import Check
from matching.certificate.digest import Digest, Subject, digest_of, spans
from matching.certificate.persons import check_span
from matching.certificate.reading import Before, begin
from matching.certificate.rules import UnknownRulesError, rules_of
from matching.certificate.totals import check_totals
from matching.certificate.traces import join

__all__ = ["Before", "Digest", "Outcome", "Subject", "digest_of", "verify"]

VERIFIER_VERSION = 1


@dataclass(frozen=True, eq=False)
class Outcome:
    """`facts`: the figures of the run. `traces`: None when the rules are unknown and nothing was read."""

    checks: tuple[Check, ...]
    facts: dict[str, Any]
    digest: str
    traces: Before | None

    @property
    def holds(self) -> bool:
        return all(check.holds for check in self.checks)

    @property
    def changed(self) -> int:
        """People and offers that are no longer what they were: what depends on them could not be judged."""
        return int(self.facts.get("changed_people", 0) + self.facts.get("changed_offers", 0))

    @property
    def complaints(self) -> list[str]:
        return [check.complaint for check in self.checks if not check.holds]


def verify(subject: Subject, since: datetime, until: datetime, before: Before | None = None) -> Outcome:
    """`since` … `until`: the run read its rows in between. `before`: the traces kept when the run was certified.

    Costs a reading of everything the run read; call it in the transaction of the run, or in one of its own.
    """
    try:
        rules = rules_of(subject.parameters)
    except UnknownRulesError:
        return Outcome((Check("rules", faults=1),), {}, digest_of(subject), None)
    reading = begin(subject, rules, since, until, before)
    for span in spans(subject.id):
        check_span(reading, span)
    facts = check_totals(reading)
    named = reading.catalogue.stored.named
    offers = reading.offer_traces
    traces = Before(join(reading.ledger.traces), type(offers)(offers.id[named], offers.trace[named]))
    return Outcome(tuple(reading.checks.values()), facts, reading.digest.finish(reading.shown), traces)
