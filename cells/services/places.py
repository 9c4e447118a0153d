"""From what an address says (postcode, town) to a commune and its point, for files of a million rows."""

import csv
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple, Self

from cells.models import Commune, CommunePostcode
from cells.text import normalise

FORMER_COMMUNES = Path(__file__).resolve().parents[1] / "reference" / "former_communes.csv"
REMEMBERED = 200_000
SHORTEST_PART = 5  # letters: « lyon » alone would accept « Lyons-la-Forêt »
_DISTRICT = re.compile(r"(paris|lyon|marseille) (?:0?([1-9]|1[0-9]|20)) ?(?:er|eme|ieme|e|em)?(?: arr.*)?")
_CEDEX = re.compile(r" cedex\b.*")
_SHORT = {"st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes", "s": "sur", "ss": "sous"}
_ARTICLES = {"le", "la", "les", "l"}


class Place(NamedTuple):
    """A commune. The point is None for the communes of overseas collectivities."""

    insee: str
    department: str
    latitude: float | None
    longitude: float | None


class NamedPlace(NamedTuple):
    name: str
    postcodes: tuple[str, ...]
    place: Place


def place_key(city: str) -> str:
    """« ST-OUEN S/ SEINE CEDEX 2 » → « saintouensurseine »: equal for all the ways to write one town.

    « Paris 13e Arrondissement » and « PARIS 13 » are « paris13 ».
    """
    name = _CEDEX.sub("", normalise(city))
    district = _DISTRICT.fullmatch(name)
    if district:
        return "".join(district.groups())
    words = name.split()
    if len(words) > 1 and words[-1] in _ARTICLES:
        words = [words[-1], *words[:-1]]
    return "".join(_SHORT.get(word, word) if len(words) > 1 else word for word in words)


class PlaceIndex:
    """All communes in memory (some 40 MB, half a second): build it once per import, then look up for nothing."""

    def __init__(self, communes: Iterable[NamedPlace], former: Iterable[tuple[str, str]] = ()) -> None:
        """`former` pairs the name of a commune that merged with the INSEE code of the one it is now part of."""
        self._by_insee: dict[str, NamedPlace] = {}
        self._by_postcode: dict[str, dict[str, Place]] = defaultdict(dict)
        self._by_department: dict[str, dict[str, Place | None]] = defaultdict(dict)
        self._by_name: dict[str, Place | None] = {}
        self._remembered: dict[tuple[str, str, str], Place | None] = {}
        for commune in communes:
            self._by_insee[commune.place.insee] = commune
            if commune.postcodes:
                self._add(place_key(commune.name), commune)
        self._add_districts()
        self._add_former(former)

    @classmethod
    def load(cls) -> Self:
        postcodes = defaultdict(list)
        for insee, postcode in CommunePostcode.objects.order_by("postcode").values_list("commune_id", "postcode"):
            postcodes[insee].append(postcode)
        rows = Commune.objects.order_by("insee_code").values_list(
            "name", "insee_code", "department_id", "latitude", "longitude"
        )
        return cls(
            (NamedPlace(name, tuple(postcodes[rest[0]]), Place(*rest)) for name, *rest in rows),
            read_former_communes(),
        )

    def by_insee(self, code: str) -> Place | None:
        found = self._by_insee.get(code.strip().upper())
        return found and found.place

    def resolve(self, postcode: str, city: str, department: str = "") -> Place | None:
        """The commune, or None when the address leaves a doubt. `department` helps where the postcode does not."""
        asked = (postcode, city, department)
        try:
            return self._remembered[asked]
        except KeyError:
            pass
        if len(self._remembered) >= REMEMBERED:
            self._remembered.clear()
        found = self._remembered[asked] = self._resolve(clean_postcode(postcode), city, department.strip().upper())
        return found

    def _resolve(self, postcode: str, city: str, department: str) -> Place | None:
        here = self._by_postcode.get(postcode, {})
        key = place_key(city)
        if key in here:
            return here[key]
        departments = departments_of(postcode) or ((department,) if department else ())
        if not key:
            return only(here.values())
        alike = only({place for name, place in here.items() if _is_part(name, key)})
        return alike or self._by_town(key, departments) or self._by_postcode_alone(here, key)

    def _by_town(self, key: str, departments: tuple[str, ...]) -> Place | None:
        if not departments:
            return self._by_name.get(key)
        return only({self._by_department[code].get(key) for code in departments if code in self._by_department})

    def _by_postcode_alone(self, here: dict[str, Place], key: str) -> Place | None:
        """A hamlet's name says nothing, but a postcode of one commune does; a town of elsewhere is a doubt."""
        return None if key in self._by_name else only(set(here.values()))

    def _add(self, key: str, commune: NamedPlace) -> None:
        place = commune.place
        for postcode in commune.postcodes:
            self._by_postcode[postcode].setdefault(key, place)
        towns = self._by_department[place.department]
        towns[key] = None if key in towns and towns[key] != place else place
        self._by_name[key] = None if key in self._by_name and self._by_name[key] != place else place

    def _add_districts(self) -> None:
        """« Paris » under 75013 means the 13th district, which has a point of its own."""
        for commune in list(self._by_insee.values()):
            district = _DISTRICT.fullmatch(normalise(commune.name))
            if district is None:
                continue
            for postcode in commune.postcodes:
                self._by_postcode[postcode][district[1]] = commune.place

    def _add_former(self, former: Iterable[tuple[str, str]]) -> None:
        """A former name never hides a commune of today, and two of the same name are a doubt."""
        added: dict[tuple[str, str], Place | None] = {}
        for name, insee in former:
            commune = self._by_insee.get(insee)
            if commune is None:
                continue
            key = place_key(name)
            for postcode in commune.postcodes:
                self._by_postcode[postcode].setdefault(key, commune.place)
            spot = (commune.place.department, key)
            added[spot] = None if added.get(spot, commune.place) != commune.place else commune.place
        for (department, key), place in added.items():
            self._by_department[department].setdefault(key, place)


def read_former_communes() -> list[tuple[str, str]]:
    with FORMER_COMMUNES.open(encoding="utf-8", newline="") as text:
        return [(row["name"], row["insee"]) for row in csv.DictReader(text, delimiter=";")]


def clean_postcode(postcode: str) -> str:
    """Five digits: spreadsheets eat the first zero (« 1400 »), people add a country (« F-01400 »)."""
    digits = re.sub(r"[^0-9]", "", postcode)
    return digits.zfill(5) if 4 <= len(digits) <= 5 else ""


def departments_of(postcode: str) -> tuple[str, ...]:
    """Where a postcode's office lies; a few communes over the border share it, which the postcode table knows."""
    if not postcode:
        return ()
    if postcode.startswith("20"):
        return ("2A", "2B")
    return (postcode[:3],) if postcode[:2] in {"97", "98"} else (postcode[:2],)


def only(places: Iterable[Place | None]) -> Place | None:
    """The one place among them, or None when there are none or several."""
    found = {place for place in places if place is not None}
    return found.pop() if len(found) == 1 else None


def _is_part(name: str, key: str) -> bool:
    """« saintdenislaplaine » is in « saintdenis », and a name cut short by a form is its beginning."""
    shorter, longer = sorted((name, key), key=len)
    return len(shorter) >= SHORTEST_PART and longer.startswith(shorter)
