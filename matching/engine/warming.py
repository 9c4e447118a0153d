"""Compiles the inner loops ahead of the first question, which then need not wait a quarter of a minute for it."""

import numpy as np

from matching.engine.allocation import allocate
from matching.engine.arrays import NO_DAY, Offers, People, Ragged, Wishes
from matching.engine.index import OfferIndex
from matching.engine.parameters import Parameters
from matching.engine.ranking import Ranker
from matching.engine.seekers import Seekers

TODAY = 20_000
ROME = Ragged(np.array([0, 1, 2]), np.array([61_601, 61_602]))


def warm_up() -> None:
    """Two people and two offers of no account, through every compiled loop."""
    parameters = Parameters(today=TODAY)
    people, offers = _people(), _offers()
    index = OfferIndex.build(offers, parameters)
    ranker = Ranker(Seekers.sort(people, _wishes(), parameters), index, parameters)
    lists = ranker.lists(parameters.k, parameters.per_employer)
    ranker.lists(parameters.k, parameters.per_employer, prices=np.ones(len(index), np.int64))
    ranker.describe(lists.owners(), lists.offer.astype(np.int64))
    ranker.people_for(offers, 0, parameters.k)
    allocate(ranker, people, offers, parameters)


def _people() -> People:
    here = np.array([48.8, 48.9])
    nobody = Ragged(np.zeros(3, np.int64), np.zeros(0, np.int64))
    return People(
        id=np.array([1, 2]), lat=here, lon=here - 46, radius_km=np.array([30, 30]), is_minor=np.array([True, False]),
        available_from=np.full(2, NO_DAY), excluded_employers=nobody,
    )  # fmt: skip


def _wishes() -> Wishes:
    here = np.array([48.8, np.nan])
    return Wishes(
        id=np.array([1, 2]), person_index=np.array([0, 1]), rank=np.array([1, 0]), level=np.array([3, 0]),
        site_lat=here, site_lon=here - 46, rome=ROME,
    )  # fmt: skip


def _offers() -> Offers:
    here, always = np.array([48.85, 48.85]), np.full(2, NO_DAY)
    return Offers(
        id=np.array([1, 2]), lat=here, lon=here - 46, employer=np.array([1, 1]), rome=ROME, levels=np.array([4, 0]),
        start_from=always, start_to=always, positions=np.ones(2), remote=np.array([False, True]),
        minors_allowed=np.ones(2, np.bool_), published=always, expires=always,
    )  # fmt: skip
