"""What a run reads: from database rows to the engine's arrays."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

import numpy as np
from django.db.models import Case, Count, Exists, F, IntegerField, OuterRef, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce, TruncDate
from django.utils import timezone

from cells.models import Cell, OutgoingMail
from employers.models import Contract, Offer, OfferOccupation
from employers.workflow import ContractState
from matching.copying import Arrays, copy_out, day, real, rome, truth, whole
from matching.engine import NO_DAY, Offers, Parameters, People, Ragged, Wishes, default_budget
from matching.engine.arrays import Floats, Ints, Table, encode_rome
from matching.engine.geometry import box_spans, has_place
from matching.engine.seekers import radii_m
from matching.models import OfferRefusal, RecipientOffer
from matching.run_settings import EPOCH, RunSettings
from youth.models import Wish, YoungPerson
from youth.models.people import ADULT_AGE

NO_TRADE = "A0000"  # no code of the nomenclature
MOST_POSITIONS = int(np.iinfo(np.int16).max)
# A mail that left, or may still leave, has used up one showing of each of its offers.
SPENDING_STATES = (
    OutgoingMail.State.QUEUED,
    OutgoingMail.State.LEASED,
    OutgoingMail.State.SENT,
    OutgoingMail.State.UNCERTAIN,
)


@dataclass(frozen=True, eq=False)
class RunInputs:
    """`budget` has one row per offer: how many people it may still be shown to."""

    people: People
    wishes: Wishes
    offers: Offers
    budget: Ints

    def columns(self) -> Arrays:
        """Every array by name, the budget apart."""
        return {name: column for table in (self.people, self.wishes, self.offers) for name, column in _columns(table)}

    def fingerprint(self, settings: RunSettings) -> str:
        """The same for the same rows, settings and engine, whenever and wherever it is computed."""
        digest = sha256(json.dumps(settings.decisive(), sort_keys=True).encode())
        for name, column in (self.columns() | {"budget": self.budget}).items():
            digest.update(f"{name} {column.dtype} {len(column)}".encode())
            digest.update(np.ascontiguousarray(column).data)
        return digest.hexdigest()


def _columns(table: Table) -> Iterator[tuple[str, Ints]]:
    for field in table.names():
        name, column = f"{type(table).__name__}.{field}", getattr(table, field)
        if isinstance(column, Ragged):
            yield from ((f"{name}.offsets", column.offsets), (f"{name}.values", column.values))
        else:
            yield name, column


def read_inputs(cell: Cell, settings: RunSettings) -> RunInputs:
    """Everybody of the cell who is seeking, and every offer that may still be shown to one of them."""
    seeking = seekers(cell)
    people = read_people(seeking, settings)
    wishes = read_wishes(Wish.objects.current(date_of(settings)).filter(young_person__in=seeking), people)
    within_reach = Offer.objects.public().filter(reach(people, wishes, settings.engine))
    offers = read_offers(within_reach, settings)
    budget = remaining_budget(within_reach, offers, settings)
    shown = np.flatnonzero(budget > 0)
    return RunInputs(people, wishes, offers.take(shown), budget[shown])


def date_of(settings: RunSettings) -> date:
    return EPOCH + timedelta(days=settings.engine.today)


def seekers(cell: Cell) -> QuerySet[YoungPerson]:
    current = Contract.objects.current().filter(young_person=OuterRef("pk"))
    return YoungPerson.objects.filter(~Exists(current), cell=cell).seeking()


def read_people(people: QuerySet[YoungPerson], settings: RunSettings) -> People:
    """Sorted by id. Without a birth date, those who have a current Affelnet wish count as minors (pupils of 14 to
    16), the others as adults. An employer whose contract with the person was broken is not proposed again, nor is an
    offer the person refused.
    """
    today = date_of(settings)
    affelnet = Wish.objects.current(today).filter(young_person=OuterRef("pk"), source=Wish.Source.AFFELNET)
    pupil = Exists(affelnet)
    born_after = Q(birth_date__gt=adults_born_by(today))
    rows = copy_out(
        people.order_by("pk"),
        id=whole("pk"),
        lat=real("latitude"),
        lon=real("longitude"),
        radius_km=whole("radius_km"),
        is_minor=truth(born_after | (Q(birth_date=None) & pupil)),
    )
    count = len(rows["id"])
    broken = Contract.objects.filter(young_person__in=people, state=ContractState.BROKEN)
    pairs = copy_out(broken.order_by(), owner=whole("young_person_id"), value=whole("employer_id"))
    refused = OfferRefusal.objects.filter(young_person__in=people).order_by()
    refusals = copy_out(refused, owner=whole("young_person_id"), value=whole("offer_id"))
    return People(
        **rows,
        available_from=np.full(count, NO_DAY),
        excluded_employers=ragged(rows["id"], pairs),
        excluded_offers=ragged(rows["id"], refusals),
    )


def adults_born_by(today: date) -> date:
    """The last birth date of those who are of age on that day."""
    year = today.year - ADULT_AGE
    is_leap_day = (today.month, today.day) == (2, 29)
    return date(year, 2, 28) if is_leap_day else today.replace(year=year)


def read_wishes(wishes: QuerySet[Wish], people: People) -> Wishes:
    """Sorted by id. Ranks of Parcoursup wishes are only an order of arrival: the file gives none."""
    unranked = Case(When(source=Wish.Source.PARCOURSUP, then=Value(0)), default=F("rank"), output_field=IntegerField())
    rows = copy_out(
        wishes.order_by("pk"),
        id=whole("pk"),
        person=whole("young_person_id"),
        rank=whole(unranked),
        level=whole(Coalesce(F("level_id"), F("training__level_id")), null=0),
        site_lat=real("site_latitude"),
        site_lon=real("site_longitude"),
        centre_lat=real("training__centre__latitude"),
        centre_lon=real("training__centre__longitude"),
    )
    person_index, known = positions_in(people.id, rows.pop("person"))
    rows = {name: column[known] for name, column in rows.items()}
    site_lat, site_lon = _site(rows)
    return Wishes(
        id=rows["id"],
        person_index=person_index[known],
        rank=np.minimum(rows["rank"], np.iinfo(np.int16).max),
        level=rows["level"],
        site_lat=site_lat,
        site_lon=site_lon,
        rome=ragged(rows["id"], _wished_trades(wishes)),
    )


def _site(rows: Arrays) -> tuple[Floats, Floats]:
    """Where the wish would be taught: the site the file gives, else the training centre."""
    own = has_place(rows["site_lat"], rows["site_lon"])
    return (
        np.where(own, rows["site_lat"], rows["centre_lat"]),
        np.where(own, rows["site_lon"], rows["centre_lon"]),
    )


def _wished_trades(wishes: QuerySet[Wish]) -> Arrays:
    """The trades of the wish's training, and the one a counsellor typed."""
    rows = copy_out(
        wishes.order_by(),
        owner=whole("pk"),
        typed=rome(Coalesce("occupation_id", Value(NO_TRADE))),
        taught=rome(Coalesce("training__occupations", Value(NO_TRADE))),
    )
    owner, value = np.tile(rows["owner"], 2), np.concatenate([rows["typed"], rows["taught"]])
    named = value != encode_rome(NO_TRADE)
    return {"owner": owner[named], "value": value[named]}


def reach(people: People, wishes: Wishes, parameters: Parameters) -> Q:
    """A box around every circle people look in, and remote offers."""
    lat, lon = np.append(people.lat, wishes.site_lat), np.append(people.lon, wishes.site_lon)
    site_radius = np.full(len(wishes), round(parameters.site_radius_km * 1000))
    radius = np.append(radii_m(people, parameters), site_radius)
    remote = Q(remote=Offer.Remote.REMOTE)
    placed = has_place(lat, lon)
    if not placed.any():
        return remote
    lat, lon = lat[placed], lon[placed]
    height, width = box_spans(lat, radius[placed])
    box = Q(latitude__range=(float((lat - height).min()), float((lat + height).max())))
    west, east = float((lon - width).min()), float((lon + width).max())
    if west >= -180 and east <= 180:  # else a circle crosses the date line: take the whole band
        box &= Q(longitude__range=(west, east))
    return box | remote


def read_offers(offers: QuerySet[Offer], settings: RunSettings) -> Offers:
    """Sorted by id. Hybrid work still needs the person to come: only fully remote offers are remote."""
    paris = timezone.get_default_timezone()
    rows = copy_out(
        offers.order_by("pk"),
        id=whole("pk"),
        lat=real("latitude"),
        lon=real("longitude"),
        employer=whole("employer_id"),
        level=whole("target_level_id", null=0),
        start_from=day("starts_on"),
        positions=whole("positions"),
        remote=truth(Q(remote=Offer.Remote.REMOTE)),
        minors_allowed=truth(Q(accepts_minors=True)),
        published=day(TruncDate("published_at", tzinfo=paris)),
        expires=day(TruncDate("expires_at", tzinfo=paris)),
    )
    start, level = rows["start_from"], rows.pop("level")
    rows["positions"] = _open_positions(offers, rows)
    trades = OfferOccupation.objects.filter(offer__in=offers.order_by())
    return Offers(
        **rows,
        rome=ragged(rows["id"], copy_out(trades, owner=whole("offer_id"), value=rome("occupation_id"))),
        levels=np.where(level == 0, 0, 1 << np.maximum(level - 1, 0)),
        start_to=np.where(start == NO_DAY, NO_DAY, start + settings.start_slack_days),
    )


def _open_positions(offers: QuerySet[Offer], rows: Arrays) -> Ints:
    """Positions less the contracts already signed on the offer."""
    signed = Contract.objects.current().filter(offer__in=offers.order_by())
    taken = _counts(signed.order_by(), rows["id"])
    left: Ints = np.clip(rows["positions"] - taken, 0, MOST_POSITIONS)
    return left


def remaining_budget(queryset: QuerySet[Offer], offers: Offers, settings: RunSettings) -> Ints:
    """factor × open positions (at least 1), less what the campaigns of every cell have shown within the window."""
    since = date_of(settings) - timedelta(days=settings.exposure_window_days)
    shown = RecipientOffer.objects.filter(
        offer__in=queryset.order_by(),
        spare=False,
        recipient__campaign__launched_at__date__gte=since,
        recipient__mail__state__in=SPENDING_STATES,
    )
    spent = _counts(shown.order_by(), offers.id)
    left: Ints = np.maximum(default_budget(offers, settings.engine) - spent, 0)
    return left


def _counts(rows: QuerySet[Any], offer_ids: Ints) -> Ints:
    """How many of the rows each offer has."""
    grouped = rows.values("offer").annotate(number=Count("pk"))
    found = copy_out(grouped, offer=whole("offer_id"), number=whole("number"))
    place, known = positions_in(offer_ids, found["offer"])
    counts = np.zeros(len(offer_ids), dtype=np.int64)
    counts[place[known]] = found["number"][known]
    return counts


def positions_in(sorted_ids: Ints, wanted: Ints) -> tuple[Ints, Ints]:
    """The row of each wanted id, and whether it has one: rows may come and go between two reads."""
    place = np.searchsorted(sorted_ids, wanted)
    known = np.zeros(len(wanted), dtype=np.bool_)
    inside = place < len(sorted_ids)
    known[inside] = sorted_ids[place[inside]] == wanted[inside]
    return place, known


def ragged(sorted_ids: Ints, pairs: Arrays) -> Ragged:
    """(owner id, value) pairs as one sorted list without repetition per owner."""
    place, known = positions_in(sorted_ids, pairs["owner"])
    owner, value = place[known], pairs["value"][known]
    order = np.lexsort((value, owner))
    owner, value = owner[order], value[order]
    first = np.ones(len(owner), dtype=np.bool_)
    first[1:] = (np.diff(owner) != 0) | (np.diff(value) != 0)
    owner, value = owner[first], value[first]
    return Ragged(np.searchsorted(owner, np.arange(len(sorted_ids) + 1)), value)
