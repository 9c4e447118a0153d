"""The report of a run: how offers were spread, beside what everyone's own best offers would have done."""

from typing import Any

import numpy as np

from matching.engine import Allocation, Ranker
from matching.groups import read_groups
from matching.inputs import RunInputs, date_of
from matching.run_settings import RunSettings, threads
from matching.services.congestion import Pairs, measure_congestion


def report_on(inputs: RunInputs, ranker: Ranker, allocation: Allocation, settings: RunSettings) -> dict[str, Any]:
    return measure_congestion(
        people_ids=inputs.people.id,
        offer_ids=inputs.offers.id,
        allocated=Pairs(allocation.person_index, allocation.offer_index, allocation.score),
        top=own_best(ranker, settings),
        budget=allocation.budget,
        positions=inputs.offers.positions,
        groups=read_groups(inputs.people.id, date_of(settings)),
    )


def own_best(ranker: Ranker, settings: RunSettings) -> Pairs:
    """What each person would be shown if nobody else were there."""
    lists = ranker.lists(settings.engine.k, settings.engine.per_employer, threads=threads())
    person, offer = ranker.seekers.people_rows[lists.owners()], ranker.index.rows[lists.offer]
    return Pairs(person, offer, lists.score.astype(np.int64))
