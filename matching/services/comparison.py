"""Two runs side by side: who gains, who loses, and what became of the offers."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from cells.scoping import Viewer
from matching.copying import copy_out, whole
from matching.engine.arrays import Ints
from matching.models import MatchRun, RunOffer
from youth.models import YoungPerson


class Side(NamedTuple):
    """Proposals of one run: columns of equal length."""

    person: Ints
    offer: Ints
    score: Ints


@dataclass(frozen=True, eq=False)
class Comparison:
    """One row per person proposed something by either run, by id; offers are ids. A person who was proposed nothing
    has a count and a total of 0.
    """

    before: MatchRun
    after: MatchRun
    people: Ints
    offers_before: Ints
    offers_after: Ints
    total_before: Ints
    total_after: Ints
    offers_gained: Ints  # took part in the second run only
    offers_lost: Ints
    pairs_kept: int
    pairs_gained: int
    pairs_lost: int

    def gaining(self) -> Ints:
        """Rows of people with more offers, or as many and a higher total."""
        return np.flatnonzero(self._change() > 0)

    def losing(self) -> Ints:
        return np.flatnonzero(self._change() < 0)

    def _change(self) -> Ints:
        offers = np.sign(self.offers_after - self.offers_before)
        return np.where(offers == 0, np.sign(self.total_after - self.total_before), offers)

    def to_json(self) -> dict[str, Any]:
        served_before, served_after = self.offers_before > 0, self.offers_after > 0
        return {
            "people": {
                "gaining": len(self.gaining()),
                "losing": len(self.losing()),
                "unchanged": int((self._change() == 0).sum()),
                "newly_served": int((served_after & ~served_before).sum()),
                "no_longer_served": int((served_before & ~served_after).sum()),
            },
            "covered": _delta(served_before.sum(), served_after.sum()),
            "score": _delta(self.total_before.sum(), self.total_after.sum()),
            "proposals": _delta(self.offers_before.sum(), self.offers_after.sum()),
            "pairs": {"kept": self.pairs_kept, "gained": self.pairs_gained, "lost": self.pairs_lost},
            "offers": {"gained": len(self.offers_gained), "lost": len(self.offers_lost)},
        }

    def changes(self, rows: Ints, viewer: Viewer) -> list["Change"]:
        """What changed for the people of these rows the viewer sees; the greatest changes first."""
        seen = YoungPerson.objects.visible_to(viewer).in_bulk(self.people[rows].tolist())
        order = np.lexsort((self.people[rows], -np.abs(self.total_after - self.total_before)[rows]))
        return [self._change_of(row, seen) for row in rows[order].tolist() if int(self.people[row]) in seen]

    def _change_of(self, row: int, seen: dict[int, YoungPerson]) -> "Change":
        counts = (self.offers_before, self.offers_after, self.total_before, self.total_after)
        return Change(seen[int(self.people[row])], *(int(column[row]) for column in counts))


class Change(NamedTuple):
    person: YoungPerson
    offers_before: int
    offers_after: int
    total_before: int
    total_after: int


def compare_runs(before: MatchRun, after: MatchRun) -> Comparison:
    """Raises ValueError when the runs are of two cells."""
    if before.cell_id != after.cell_id:
        raise ValueError("compare_runs: runs of two cells")
    first, second = _side(before), _side(after)
    people = np.union1d(first.person, second.person)
    offers_before, offers_after = _offers_of(before), _offers_of(after)
    kept = len(np.intersect1d(_pairs(first, people), _pairs(second, people)))
    return Comparison(
        before=before,
        after=after,
        people=people,
        offers_before=_sums(first, people, np.ones(len(first.person), dtype=np.int64)),
        offers_after=_sums(second, people, np.ones(len(second.person), dtype=np.int64)),
        total_before=_sums(first, people, first.score),
        total_after=_sums(second, people, second.score),
        offers_gained=np.setdiff1d(offers_after, offers_before),
        offers_lost=np.setdiff1d(offers_before, offers_after),
        pairs_kept=kept,
        pairs_gained=len(second.person) - kept,
        pairs_lost=len(first.person) - kept,
    )


def _side(run: MatchRun) -> Side:
    rows = copy_out(
        run.matches.order_by(), person=whole("young_person_id"), offer=whole("offer_id"), score=whole("score")
    )
    return Side(rows["person"], rows["offer"], rows["score"])


def _offers_of(run: MatchRun) -> Ints:
    return copy_out(RunOffer.objects.filter(run=run).order_by(), offer=whole("offer_id"))["offer"]


def _sums(side: Side, people: Ints, values: Ints) -> Ints:
    place = np.searchsorted(people, side.person)
    return np.bincount(place, weights=values, minlength=len(people)).astype(np.int64)


def _pairs(side: Side, people: Ints) -> Ints:
    """Each pair as one number; ids of offers stay below 2⁴⁰."""
    return (np.searchsorted(people, side.person) << 40) | side.offer


def _delta(before: Any, after: Any) -> dict[str, int]:
    return {"before": int(before), "after": int(after), "change": int(after) - int(before)}
