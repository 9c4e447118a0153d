"""From the national export's tree of one offer to a record: what is required, what is refused, what is only dropped.

What makes an offer wrong or unsafe refuses it; a bad detail (phone, site, NAF…) is dropped and reported.
"""

import re
from collections.abc import Callable, Container
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from cells.imports.errors import RowRefused
from cells.imports.fields import parse_email, parse_phone
from cells.services.places import PlaceIndex
from cells.text import normalise
from employers.imports.checks import (
    PARIS,
    coordinates,
    default_expiry,
    moment,
    postcode_in,
    siret_of,
    web_address,
)
from employers.imports.records import EmployerRecord, OfferRecord, Reading
from employers.imports.tree import Branch, cut
from employers.models import Offer

# Plain copies: an enumeration's own `values` is rebuilt at every reading.
BOTH_CONTRACTS: list[str] = list(Offer.ContractType.values)
STATUSES: list[str] = list(Offer.Status.values)
REMOTE: list[str] = list(Offer.Remote.values)
ACTIVE = Offer.Status.ACTIVE.value
LONGEST_TEXT = 30_000
NAF = re.compile(r"^(\d\d)\.?(\d\d[A-Z])$")


@dataclass(frozen=True)
class Workplace:
    address: str
    postcode: str
    commune_id: str | None
    latitude: float | None
    longitude: float | None


class OfferRules:
    """What the reading of every offer of one file needs to know. `now` stands for a missing creation date."""

    def __init__(
        self, *, rome_codes: Container[str], levels: Container[int], places: PlaceIndex, now: datetime
    ) -> None:
        self.rome_codes = rome_codes
        self.levels = levels
        self.places = places
        self.now = now

    def read(self, line: int, values: dict[str, Any]) -> Reading:
        """Raise RowRefused, with the JSON path at fault, when the offer cannot be kept."""
        dropped: list[RowRefused] = []
        tree = Branch(values)
        workplace = tree.branch("workplace")
        place = self.place_of(workplace.branch("location"))
        employer = employer_of(workplace, place, dropped)
        return Reading(line, self.offer_of(tree, place, dropped), employer, dropped)

    def offer_of(self, tree: Branch, place: Workplace, dropped: list[RowRefused]) -> OfferRecord:
        offer = tree.branch("offer")
        label, job_id = identity_of(tree)
        return OfferRecord(
            partner_label=label,
            partner_job_id=job_id,
            status=choice(offer, "status", STATUSES) or ACTIVE,
            title=title_of(offer),
            description=offer.text("description", LONGEST_TEXT),
            desired_skills=offer.texts("desired_skills", 1_000),
            to_be_acquired_skills=offer.texts("to_be_acquired_skills", 1_000),
            access_conditions=offer.texts("access_conditions", 1_000),
            target_level_id=self.level_of(offer.branch("target_diploma")),
            positions=offer.integer("opening_count", 1, 1_000) or 1,
            accepts_minors=offer.boolean("accepts_minors", True),
            is_delegated=tree.boolean("is_delegated", False),
            address=place.address,
            commune_id=place.commune_id,
            latitude=place.latitude,
            longitude=place.longitude,
            rome_codes=self.occupations_of(offer, dropped),
            **contract_of(tree.branch("contract")),
            **application_of(tree.branch("apply"), dropped),
            **self.dates_of(offer.branch("publication")),
        )

    def occupations_of(self, offer: Branch, dropped: list[RowRefused]) -> list[str]:
        path = offer.path_of("rome_codes")
        codes = {code.upper() for code in offer.texts("rome_codes", 100)}
        known = sorted(code for code in codes if code in self.rome_codes)
        if not known:
            raise offer.refusal("rome_codes", "aucun code ROME connu : l’offre ne peut être proposée à personne")
        for code in sorted(codes.difference(known)):
            dropped.append(RowRefused(path, code, "code ROME inconnu, ignoré ; l’offre est gardée"))
        return known

    def level_of(self, diploma: Branch) -> int | None:
        level = diploma.integer("european", 3, 8)
        if level is not None and level not in self.levels:
            raise diploma.refusal("european", "niveau absent des données de référence : rechargez-les")
        return level

    def dates_of(self, publication: Branch) -> dict[str, Any]:
        created = checked(publication, "creation", 40, moment)
        expiry = checked(publication, "expiration", 40, moment)
        published = created or self.now
        expires = expiry or default_expiry(published)
        if expires < published:
            raise publication.refusal("expiration", "l’offre expire avant d’être publiée")
        return {
            "published_at": published.astimezone(UTC),
            "expires_at": expires.astimezone(UTC),
            "undated": created is None,
            "undated_expiry": expiry is None,
        }

    def place_of(self, location: Branch) -> Workplace:
        """Coordinates as given, else those of the commune; an offer without either is near nobody."""
        address = location.text("address", 300)
        point: tuple[float | None, float | None] | None = point_of(location)
        postcode, town = postcode_in(address)
        commune = self.places.resolve(postcode, town) if postcode else None
        if point is None and commune is not None:
            point = commune.latitude, commune.longitude
        latitude, longitude = point or (None, None)
        return Workplace(address, postcode, commune.insee if commune else None, latitude, longitude)


def identity_of(tree: Branch) -> tuple[str, str]:
    """(partner_label, partner_job_id), the natural key of an offer."""
    identifier = tree.branch("identifier")
    found = []
    for key, limit in (("partner_label", 100), ("partner_job_id", 200)):
        code = identifier.code(key, limit)
        if not code:
            raise identifier.refusal(key, "obligatoire : c’est ce qui reconnaît l’offre d’un fichier à l’autre")
        found.append(code)
    return found[0], found[1]


def title_of(offer: Branch) -> str:
    title = " ".join(offer.text("title", 300).split())
    if len(title) < 3:
        raise offer.refusal("title", "3 caractères au moins sont attendus")
    return title


def employer_of(workplace: Branch, place: Workplace, dropped: list[RowRefused]) -> EmployerRecord:
    domain = workplace.branch("domain")
    siret = checked(workplace, "siret", 30, siret_of) or ""
    name, brand, legal_name = (workplace.text(key, 200) for key in ("name", "brand", "legal_name"))
    known_as = name or brand or legal_name
    if not known_as and not siret:
        raise workplace.refusal("siret", "ni SIRET ni nom : l’employeur est inconnu")
    return EmployerRecord(
        siret=siret,
        source_key="" if siret else source_key(known_as, place),
        name=known_as,
        legal_name=legal_name,
        brand=brand,
        description=workplace.text("description", LONGEST_TEXT),
        website=kept(workplace, "website", 300, web_address, dropped) or "",
        size=workplace.text("size", 20),
        naf_code=kept(domain.branch("naf"), "code", 10, naf_code, dropped) or "",
        idcc=kept_number(domain, "idcc", 9_999, dropped),
        opco=domain.text("opco", 120),
        address=place.address,
        postcode=place.postcode,
        commune_id=place.commune_id,
        latitude=place.latitude,
        longitude=place.longitude,
    )


def source_key(name: str, place: Workplace) -> str:
    """Who an employer without SIRET is: its name and postcode, or roughly where it stands."""
    where = place.postcode
    if not where and place.latitude is not None:
        where = f"{place.latitude:.2f},{place.longitude:.2f}"
    return f"{cut(normalise(name), 150)}|{where}"


def contract_of(contract: Branch) -> dict[str, Any]:
    return {
        "contract_types": contract_types_of(contract),
        "starts_on": start_day(contract),
        "duration_months": contract.integer("duration", 0, 60) or None,
        "remote": choice(contract, "remote", REMOTE),
    }


def contract_types_of(contract: Branch) -> list[str]:
    """In our order, so that a file that shuffles them changes nothing."""
    named = contract.texts("type", 40)
    if not set(named) <= set(BOTH_CONTRACTS):
        raise contract.refusal("type", f"valeurs possibles : {', '.join(BOTH_CONTRACTS)}")
    return [kind for kind in BOTH_CONTRACTS if kind in named or not named]


def start_day(contract: Branch) -> date | None:
    start = checked(contract, "start", 40, moment)
    return start.astimezone(PARIS).date() if start else None


def application_of(application: Branch, dropped: list[RowRefused]) -> dict[str, Any]:
    return {
        "apply_url": checked(application, "url", 1_000, web_address) or "",
        "apply_email": kept(application, "email", 254, parse_email, dropped) or "",
        "apply_phone": kept(application, "phone", 40, parse_phone, dropped) or "",
        "recipient_id": application.code("recipient_id", 100),
    }


def point_of(location: Branch) -> tuple[float, float] | None:
    geopoint = location.branch("geopoint")
    point = geopoint.items("coordinates")
    if not point:
        return None
    try:
        return coordinates(point)
    except ValueError as error:
        raise geopoint.refusal("coordinates", str(error)) from error


def naf_code(text: str) -> str:
    match = NAF.match(text.upper())
    if text and not match:
        raise ValueError("code NAF mal formé (ex. 47.24Z)")
    return match[1] + match[2] if match else ""


def choice(branch: Branch, key: str, allowed: list[str]) -> str:
    value = branch.raw_text(key)
    if value and value not in allowed:
        raise branch.refusal(key, f"valeurs possibles : {', '.join(allowed)}")
    return value


def checked(branch: Branch, key: str, limit: int, check: Callable[[str], Any]) -> Any:
    """The value as `check` reads it, or the refusal of the offer."""
    try:
        return check(branch.code(key, limit))
    except ValueError as error:
        raise branch.refusal(key, str(error)) from error


def kept(branch: Branch, key: str, limit: int, check: Callable[[str], Any], dropped: list[RowRefused]) -> Any:
    """The value as `check` reads it, or nothing: the offer is kept without this detail, which is reported."""
    try:
        return checked(branch, key, limit, check)
    except RowRefused as error:
        dropped.append(without_detail(error))
        return None


def kept_number(branch: Branch, key: str, highest: int, dropped: list[RowRefused]) -> int | None:
    try:
        return branch.integer(key, 0, highest)
    except RowRefused as error:
        dropped.append(without_detail(error))
        return None


def without_detail(error: RowRefused) -> RowRefused:
    return RowRefused(error.column, error.value, f"{error.reason} ; détail ignoré, l’offre est gardée")
