"""Why a pair is not a candidate: every filter that refuses it, and by how much."""

from typing import NamedTuple

import numpy as np

from matching.engine.arrays import NO_DAY, Ints, Offers, People, Wishes, domain_of
from matching.engine.codes import Filter
from matching.engine.geometry import arc_m, has_place, points, squared_chord
from matching.engine.parameters import Parameters
from matching.engine.scoring import LEVEL_GAPS
from matching.engine.seekers import radii_m


class Refusal(NamedTuple):
    """`excess` is in the unit of the filter (see Filter); `wish_index` is -1 when no wish is concerned."""

    filter: Filter
    excess: int
    wish_index: int = -1


def why_not(
    people: People, person: int, wishes: Wishes, offers: Offers, offer: int, parameters: Parameters
) -> tuple[Refusal, ...]:
    """Every refusal, in the order the filters are listed; empty when the pair is a candidate.

    An empty answer for a pair that was not proposed means that better offers filled the list. Level and place
    are judged on the wish that comes nearest: fewest refusals, then fewest levels and metres, then lowest id.
    """
    return (
        *_pair_refusals(people, person, offers, offer, parameters),
        *_wish_refusals(people.take(np.array([person])), person, wishes, offers, offer, parameters),
    )


def _pair_refusals(people: People, person: int, offers: Offers, offer: int, parameters: Parameters) -> list[Refusal]:
    ready = max(int(people.available_from[person]), parameters.today)
    expires, start_to = int(offers.expires[offer]), int(offers.start_to[offer])
    refused = {
        Filter.NO_POSITION: offers.positions[offer] <= 0,
        Filter.EXPIRED: expires != NO_DAY and expires < parameters.today,
        Filter.MINOR: people.is_minor[person] and not offers.minors_allowed[offer],
        Filter.EMPLOYER: offers.employer[offer] in people.excluded_employers.row(person),
        Filter.START: start_to != NO_DAY and start_to < ready,
        Filter.OFFER: offers.id[offer] in people.excluded_offers.row(person),
    }
    excess = {Filter.EXPIRED: parameters.today - expires, Filter.START: ready - start_to}
    return [Refusal(name, excess.get(name, 0)) for name, holds in refused.items() if holds]


def _wish_refusals(
    me: People, person: int, wishes: Wishes, offers: Offers, offer: int, parameters: Parameters
) -> list[Refusal]:
    mine = np.flatnonzero(wishes.person_index == person)
    if len(mine) == 0:
        return [Refusal(Filter.NO_WISHES, 0)]
    domains = domain_of(offers.rome.row(offer))
    asked = [row for row in mine.tolist() if np.isin(domain_of(wishes.rome.row(row)), domains).any()]
    if not asked:
        return [Refusal(Filter.TRADE, 0)]
    there = offers.take(np.array([offer]))
    options = [_level_and_place(me, wishes.take(np.array([row])), there, row, parameters) for row in asked]
    nearest = min(
        zip(options, asked, strict=True),
        key=lambda pair: (len(pair[0]), [refusal.excess for refusal in pair[0]], int(wishes.id[pair[1]])),
    )
    return nearest[0]


def _level_and_place(me: People, wish: Wishes, offer: Offers, row: int, parameters: Parameters) -> list[Refusal]:
    refusals = []
    gap = int(LEVEL_GAPS[wish.level[0], offer.levels[0]])
    if gap > 1:
        refusals.append(Refusal(Filter.LEVEL, gap - 1, row))
    beyond = _metres_beyond(me, wish, offer, parameters)
    if beyond is None:
        refusals.append(Refusal(Filter.PLACE_UNKNOWN, 0, row))
    elif beyond > 0:
        refusals.append(Refusal(Filter.TOO_FAR, beyond, row))
    return refusals


def _metres_beyond(me: People, wish: Wishes, offer: Offers, parameters: Parameters) -> int | None:
    """Metres missing to be within reach, 0 when it is, None when a place is missing."""
    if offer.remote[0]:
        return 0
    if not has_place(offer.lat, offer.lon)[0]:
        return None
    site_radius = np.array([round(parameters.site_radius_km * 1000)])
    circles = [(me.lat, me.lon, radii_m(me, parameters)), (wish.site_lat, wish.site_lon, site_radius)]
    known = [circle for circle in circles if has_place(circle[0], circle[1])[0]]
    beyond = [_distance_m(lat, lon, offer) - int(radius[0]) for lat, lon, radius in known]
    return max(0, min(beyond)) if beyond else None


def _distance_m(lat: Ints, lon: Ints, offer: Offers) -> int:
    return int(arc_m(squared_chord(points(lat, lon), points(offer.lat, offer.lon)))[0])
