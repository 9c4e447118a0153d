"""Finding the other half of a pair to ask about: an offer for a person, a person for an offer."""

import re
from uuid import UUID

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from cells.models.territory import distance_km
from employers.models import Offer
from employers.searching import about
from youth.models import YoungPerson
from youth.models.people import YoungPersonQuerySet

FOUND = 20
ANY_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)


def offers_called(words: str, person: YoungPerson) -> QuerySet[Offer]:
    """By identifier (ours, pasted alone or in an address, or that of the source), else by title, trade or employer.

    Offers that are over are found by their identifier only. The nearest to the person come first.
    """
    words = " ".join(words.replace("\x00", "").split())
    offers = Offer.objects.select_related("employer", "commune", "target_level")
    if not words:
        return offers.none()
    if pasted := ANY_UUID.search(words):
        return offers.filter(uuid=UUID(pasted[0]))
    by_source = offers.filter(partner_job_id=words)
    if by_source.exists():
        return by_source.order_by("pk")[:FOUND]
    named = offers.public().filter(about(words) | Q(employer__name__icontains=words))
    return _nearest_first(named, person)[:FOUND]


def _nearest_first(offers: QuerySet[Offer], person: YoungPerson) -> QuerySet[Offer]:
    if person.latitude is None or person.longitude is None:
        return offers.order_by(Lower("title"), "pk")
    distance = distance_km(person.latitude, person.longitude)
    return offers.annotate(distance=distance).order_by("distance", "pk")


def people_called(words: str, people: YoungPersonQuerySet) -> QuerySet[YoungPerson]:
    words = words.replace("\x00", "").strip()
    return people.search(words).select_related("commune")[:FOUND] if words else people.none()


def any_offer(uuid: UUID) -> Offer | None:
    """Offers hold no personal data: counsellors may ask about those that are over, too."""
    return Offer.objects.filter(uuid=uuid).select_related("employer", "commune", "target_level").first()
