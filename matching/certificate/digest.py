"""One number for all that a run left: it changes when any row does."""

import json
from collections.abc import Iterator
from hashlib import sha256
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from matching.certificate.people import Span
from matching.certificate.rows import Columns, read

CROWD_PEOPLE = 25_000
EVERYWHERE = 1 << 62

IDS = "SELECT young_person_id FROM matching_runperson WHERE run_id = %s ORDER BY 1"
PROPOSALS = """
    SELECT young_person_id, rank::bigint, offer_id, wish_id, score::bigint, coalesce(distance_m, -1)::bigint,
        reasons::bigint
    FROM matching_match WHERE run_id = %s AND {span}
"""
PEOPLE = "SELECT young_person_id, status::bigint FROM matching_runperson WHERE run_id = %s AND {span} ORDER BY 1"
OFFERS = "SELECT offer_id, budget::bigint, exposure::bigint, price FROM matching_runoffer WHERE run_id = %s ORDER BY 1"


class Subject(NamedTuple):
    """The run, and what it says of itself."""

    id: int
    cell_id: int
    parameters: dict[str, Any]
    bound: dict[str, Any]
    counts: dict[str, int]


class Digest:
    """Takes the rows of people in the order of their ids, however many at a time."""

    def __init__(self, subject: Subject) -> None:
        said = [subject.parameters, subject.bound, subject.counts]
        self._parts = [sha256(json.dumps(said, sort_keys=True).encode())]
        self._proposals, self._people = sha256(), sha256()
        self.proposal_count, self.people_count = 0, 0

    def add(self, proposals: Columns, people: Columns) -> None:
        self.proposal_count += len(proposals["person"])
        self.people_count += len(people["id"])
        self._proposals.update(_bytes(proposals))
        self._people.update(_bytes(people))

    def finish(self, offers: Columns) -> str:
        parts = [*self._parts, self._proposals, self._people, sha256(_bytes(offers))]
        return sha256(b"".join(part.digest() for part in parts)).hexdigest()


def _bytes(rows: Columns) -> bytes:
    return np.stack(list(rows.values()), axis=1).astype("<i8").tobytes()


def spans(run_id: int) -> Iterator[Span]:
    """Ranges of ids with so many people of the run each; together, every id there may be."""
    ids = read(IDS, [run_id], id="i")["id"]
    starts = [-EVERYWHERE, *ids[CROWD_PEOPLE::CROWD_PEOPLE].tolist(), EVERYWHERE]
    return (Span(first, after - 1) for first, after in pairwise(starts))


def read_proposals(run_id: int, span: Span) -> Columns:
    """By person, then rank."""
    where, which = span.of("young_person_id")
    rows = read(
        PROPOSALS.format(span=where), [run_id, *which], person="i", rank="i", offer="i", wish="i", score="i",
        distance="i", reasons="i",
    )  # fmt: skip
    order = np.lexsort((rows["offer"], rows["rank"], rows["person"]))
    return {name: column[order] for name, column in rows.items()}


def read_statuses(run_id: int, span: Span) -> Columns:
    where, which = span.of("young_person_id")
    return read(PEOPLE.format(span=where), [run_id, *which], id="i", status="i")


def read_shown(run_id: int) -> Columns:
    return read(OFFERS, [run_id], id="i", budget="i", exposure="i", price="i")


def digest_of(subject: Subject) -> str:
    digest = Digest(subject)
    for span in spans(subject.id):
        digest.add(read_proposals(subject.id, span), read_statuses(subject.id, span))
    return digest.finish(read_shown(subject.id))
