"""What the verification of a run holds while it reads."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

import numpy as np

from matching.certificate.checks import Check, all_checks
from matching.certificate.digest import Digest, Subject, read_shown
from matching.certificate.offers import Catalogue, read_catalogue
from matching.certificate.people import Trainings, read_trainings
from matching.certificate.rows import Bools, Columns, Ints, places
from matching.certificate.rules import Rules
from matching.certificate.study import World, new_world
from matching.certificate.traces import Traces, trace_offers


class Before(NamedTuple):
    """The traces of the verification that made the certificate: what people and offers looked like at the time."""

    people: Traces
    offers: Traces


@dataclass(eq=False)
class Ledger:
    """What is kept once people have been read. By proposal: person id, offer (rank of id, -1 unknown). By person of
    the run with candidates: the worth. And the ids of who has candidates and got nothing.
    """

    person: list[Ints] = field(default_factory=list)
    offer: list[Ints] = field(default_factory=list)
    worth_low: list[Ints] = field(default_factory=list)
    worth_high: list[Ints] = field(default_factory=list)
    uncovered: list[Ints] = field(default_factory=list)
    traces: list[Traces] = field(default_factory=list)
    people: int = 0
    pairs: int = 0
    score: int = 0
    changed_people: int = 0

    def add_proposals(self, rows: Columns, offer: Ints) -> None:
        self.person.append(rows["person"])
        self.offer.append(offer.astype(np.int32))
        self.score += int(rows["score"].sum())


@dataclass(eq=False)
class Reading:
    """`before`: None when the run has just been made, in the transaction that reads it. `wanted`: by offer, whether it
    suits somebody; `changed_offers`: by offer, not what it was when the run was certified.
    """

    subject: Subject
    rules: Rules
    before: Before | None
    shown: Columns
    catalogue: Catalogue
    trainings: Trainings
    world: World
    offer_traces: Traces
    changed_offers: Bools
    wanted: Bools
    digest: Digest
    checks: dict[str, Check] = field(default_factory=all_checks)
    ledger: Ledger = field(default_factory=Ledger)

    @property
    def world_changed(self) -> bool:
        """What depends on every offer at once can no longer be judged."""
        return bool(self.changed_offers.any())

    @property
    def anything_changed(self) -> bool:
        return self.world_changed or self.ledger.changed_people > 0


def begin(subject: Subject, rules: Rules, since: datetime, until: datetime, before: Before | None) -> Reading:
    """`since` … `until`: when the run read its rows."""
    shown = read_shown(subject.id)
    catalogue = read_catalogue(shown, subject.parameters, rules, since, until, only_named=before is not None)
    traces = trace_offers(catalogue)
    changed = np.zeros(len(traces.id), dtype=np.bool_)
    if before is not None:
        changed = before.offers.changed(traces.id, traces.trace) & catalogue.stored.named
    return Reading(
        subject=subject,
        rules=rules,
        before=before,
        shown=shown,
        catalogue=catalogue,
        trainings=read_trainings(),
        world=new_world(catalogue.offers, catalogue.aisles, rules, catalogue.stored.price),
        offer_traces=traces,
        changed_offers=changed,
        wanted=np.zeros(len(traces.id), dtype=np.bool_),
        digest=Digest(subject),
    )


def known_before(traces: Traces, ids: Ints) -> Bools:
    known: Bools = places(traces.id, ids) >= 0
    return known
