"""People who find offers without finding each other's: each lives far from the others, with offers next door."""

from itertools import count

from tests.employers.factories import OfferFactory
from tests.youth.factories import WishFactory, YoungPersonFactory

STEP = 0.9  # degrees: more than any radius of search
_numbers = count()


def next_place() -> dict[str, float]:
    number = next(_numbers)
    return {"latitude": -60 + number % 130 * STEP, "longitude": -170 + number // 130 % 370 * STEP}


def person_with_offers(cell, offers=1, *, near=None, offer_changes=None, wish_changes=None, **changes):
    """`offers`: how many offers only this person can reach. `near`: a person beside whom they live instead."""
    place = {"latitude": near.latitude, "longitude": near.longitude} if near else next_place()
    person = YoungPersonFactory(cell=cell, **place, **changes)
    WishFactory(young_person=person, **(wish_changes or {}))
    for _ in range(offers):
        offer_beside(person, **(offer_changes or {}))
    return person


def offer_beside(person, **changes):
    return OfferFactory(latitude=person.latitude, longitude=person.longitude, **changes)
