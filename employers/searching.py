"""Finding offers, for the API and for the public pages: one set of criteria, one query."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.search import SearchQuery
from django.db.models import IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Cast, Round

from cells.models import Activity, Occupation, Training
from cells.models.territory import distance_km
from cells.text import normalise
from employers.models import Offer, OfferOccupation
from employers.models.offers import SEARCH_CONFIG

NEWEST_FIRST = ("-published_at", "-id")
NEAREST_FIRST = ("metres", "id")
# Words that say nothing about the occupation.
EMPTY_WORDS = frozenset(
    "a apprenti apprentie apprentis alternance alternant alternante apprentissage au aux avec bac bep bp bts but cap "
    "contrat d dans de des du emploi en et h f l la le les metier metiers offre offres ou par pour un une".split()
)
SIMILAR_KM = 60


class Point(NamedTuple):
    latitude: float
    longitude: float
    km: float


@dataclass(frozen=True)
class OfferCriteria:
    """Empty values ask for nothing. `departments` are INSEE codes, `excluded_sources` partner labels."""

    near: Point | None = None
    words: str = ""
    occupations: list[str] = field(default_factory=list)
    level: int | None = None
    opco: str = ""
    departments: list[str] = field(default_factory=list)
    excluded_sources: list[str] = field(default_factory=list)
    updated_since: datetime | None = None

    @property
    def order(self) -> tuple[str, ...]:
        return NEAREST_FIRST if self.near else NEWEST_FIRST

    def widened(self, **changes: object) -> "OfferCriteria":
        return replace(self, **changes)  # type: ignore[arg-type]


def find_offers(criteria: OfferCriteria) -> QuerySet[Offer]:
    """Public offers in their stable order; with `near`, each has `metres`, its distance in whole metres."""
    offers = Offer.objects.public().select_related("employer", "target_level", "commune")
    if criteria.near:
        latitude, longitude, km = criteria.near
        offers = offers.near(latitude, longitude, km).annotate(metres=metres_from(latitude, longitude))
    if criteria.occupations:
        offers = offers.for_occupations(criteria.occupations)
    if criteria.level:
        offers = offers.for_level(criteria.level)
    if criteria.excluded_sources:
        offers = offers.exclude(partner_label__in=criteria.excluded_sources)
    return offers.filter(wanted(criteria)).order_by(*criteria.order)


def metres_from(latitude: float, longitude: float) -> Cast:
    """An integer, so that a page can start exactly after the last row of the one before."""
    return Cast(Round(distance_km(latitude, longitude) * 1000), IntegerField())


def wanted(criteria: OfferCriteria) -> Q:
    condition = Q()
    if criteria.departments:
        condition &= Q(commune__department__in=criteria.departments)
    if criteria.opco:
        condition &= Q(employer__opco=criteria.opco)
    if criteria.updated_since:
        since = criteria.updated_since
        condition &= Q(updated_at__gte=since) | Q(employer__updated_at__gte=since)
    if criteria.words:
        condition &= about(criteria.words)
    return condition


def about(words: str) -> Q:
    """Offers whose text says it, or whose occupation is called so (« patissier » finds « Pâtissier / Pâtissière »)."""
    found = Q(search_vector=SearchQuery(words, config=SEARCH_CONFIG, search_type="websearch"))
    codes = occupations_called(words)
    if codes:
        found |= Q(pk__in=OfferOccupation.objects.filter(occupation__in=codes).values("offer"))
    return found


def occupations_called(words: str) -> list[str]:
    """ROME codes named in the words, or whose label has all of them, whatever the accents, gender or number."""
    asked = [word for word in normalise(words).split() if word not in EMPTY_WORDS]
    if not asked:
        return []
    rows = Occupation.objects.values_list("code", "label")
    return [code for code, label in rows if code.lower() in asked or has_all(normalise(label).split(), asked)]


def has_all(label: list[str], asked: list[str]) -> bool:
    return all(any(is_kin(word, wanted_word) for word in label) for wanted_word in asked)


def is_kin(word: str, asked: str) -> bool:
    """« cuisine » is kin to « cuisinier », « vente » to « vendeuse » is not: only endings differ."""
    if len(asked) < 4:
        return word == asked
    root = asked.rstrip("sx")[: max(4, len(asked) - 2)]
    return word.startswith(root) and len(word) <= len(asked) + 3


def occupations_of_certification(rncp: str) -> list[str]:
    """ROME codes that the certification leads to; empty when it is unknown."""
    codes = Training.objects.filter(rncp=rncp).values_list("occupations", flat=True).order_by("occupations").distinct()
    return [code for code in codes if code]


def as_jobs(offers: QuerySet[Offer]) -> QuerySet[Offer]:
    """Adds what the national tree tells beside the offer's own fields: `activity_label` (NAF) and `rome_codes`."""
    naf = Activity.objects.filter(code=OuterRef("employer__naf_code"), version="rev2")
    rome = OfferOccupation.objects.filter(offer=OuterRef("pk")).order_by("occupation_id")
    return offers.annotate(
        activity_label=Subquery(naf.values("label")[:1]), rome_codes=ArraySubquery(rome.values("occupation_id"))
    )


def find_any_offer(uuid: UUID) -> Offer | None:
    """Whatever its state: a page that is over says so instead of saying that it never was."""
    offers = Offer.objects.select_related("employer", "target_level", "commune").prefetch_related("occupations")
    return offers.filter(uuid=uuid).first()


def similar_offers(offer: Offer, count: int = 6) -> QuerySet[Offer]:
    """Open offers for the same occupations, near it when it has a place."""
    criteria = OfferCriteria(occupations=[occupation.code for occupation in offer.occupations.all()] or [""])
    if offer.latitude is not None and offer.longitude is not None:
        criteria = criteria.widened(near=Point(offer.latitude, offer.longitude, SIMILAR_KM))
    return find_offers(criteria).exclude(pk=offer.pk)[:count]


def is_public(offer: Offer) -> bool:
    return Offer.objects.public().filter(pk=offer.pk).exists()


def listed_offers() -> QuerySet[Offer]:
    """What search engines may know, in an order that does not move: (uuid, updated_at)."""
    return Offer.objects.public().order_by("pk")
