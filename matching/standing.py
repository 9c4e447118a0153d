"""Where an offer stands among all those that suit a person, as the engine orders them, nobody else being there."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from django.db.models import Q, QuerySet

from employers.models import Offer, OfferOccupation
from matching.engine import Parameters, People, Ragged, Wishes, decode_rome, rank
from matching.engine.arrays import Ints, domain_of
from matching.inputs import reach, read_offers, remaining_budget
from matching.run_settings import RunSettings


class Standing(NamedTuple):
    """`rank` counts from 1 among the candidates. `last_rank`, `last_score`: the last offer of the person's list.

    `same_employer`: how many better offers of its employer leave this one out of the list, 0 when they do not.
    """

    rank: int
    score: int
    is_listed: bool
    last_rank: int
    last_score: int
    same_employer: int


def standing_of(people: People, wishes: Wishes, offer: Offer, settings: RunSettings) -> Standing:
    """Raises ValueError when the offer is not a candidate. The person is the only row of `people`."""
    asked = Offer.objects.public().filter(pk=offer.pk)
    offers = read_offers(suiting(people, wishes, settings) | asked, settings)
    budget = remaining_budget(Offer.objects.filter(pk__in=offers.id.tolist()), offers, settings)
    offers = offers.take(np.flatnonzero(budget > 0))
    everything = replace(settings.engine, k=max(len(offers), 1), per_employer=max(len(offers), 1))
    ranked = rank(people, wishes, offers, everything)
    ids, score = offers.id[ranked.offer_index], ranked.score
    found = np.flatnonzero(ids == offer.pk)
    if len(found) == 0:
        raise ValueError("the offer does not suit the person")
    return _standing(int(found[0]), score, offers.employer[ranked.offer_index], settings.engine)


def _standing(place: int, score: Ints, employer: Ints, parameters: Parameters) -> Standing:
    before = [int((employer[:row] == employer[row]).sum()) for row in range(len(employer))]
    listed = [row for row, others in enumerate(before) if others < parameters.per_employer][: parameters.k]
    barred = before[place] if before[place] >= parameters.per_employer else 0
    return Standing(place + 1, int(score[place]), place in listed, len(listed), int(score[listed[-1]]), barred)


def suiting(people: People, wishes: Wishes, settings: RunSettings) -> QuerySet[Offer]:
    """Public offers of the domains wished and near the places looked in."""
    return Offer.objects.public().filter(reach(people, wishes, settings.engine), offers_of_domains(wishes.rome))


def offers_of_domains(rome: Ragged) -> Q:
    return Q(pk__in=OfferOccupation.objects.filter(in_domains(rome, "occupation__code")).values("offer"))


def in_domains(rome: Ragged, code: str) -> Q:
    """Rows whose ROME code, at the end of the path `code`, is of a domain of these trades; none when there are none."""
    named = np.unique(domain_of(rome.values)) * 100
    found = Q(**{code: ""})  # of no row, yet SQL that can be sent
    for domain in named.tolist():
        found |= Q(**{f"{code}__startswith": decode_rome(domain)[:3]})
    return found
