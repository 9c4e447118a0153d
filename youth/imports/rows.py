"""From a row of the file to a record. What names the person or the wish refuses the row when it is wrong; a bad
detail (phone, mail, postcode…) is left aside, noted, and the row is kept.
"""

import re
from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar

from cells.imports.errors import RowRefused
from cells.imports.fields import clean_text, parse_date, parse_email, parse_ine, parse_phone, parse_rank, parse_uai
from cells.imports.reading import Refuse, Row, Table
from cells.services.places import clean_postcode
from cells.text import normalise
from youth.imports.layouts import Layout
from youth.imports.records import GuardianRecord, PersonRecord, WishRecord

T = TypeVar("T")

OLDEST_BIRTH_YEAR, YOUNGEST_AGE = 1940, 10
FIRST_SCHOOL_YEAR, LAST_SCHOOL_YEAR = 2015, 2100
ADDRESS_LENGTH = 300

# Where French postcodes are used, as files write it.
FRENCH = frozenset(
    {
        "", "france", "france metropolitaine", "fr", "fra", "100", "99100", "guadeloupe", "martinique", "guyane",
        "guyane francaise", "reunion", "la reunion", "mayotte", "saint martin", "saint barthelemy",
        "saint pierre et miquelon", "nouvelle caledonie", "polynesie francaise", "wallis et futuna",
    }
)  # fmt: skip
PERSON_COLUMNS = (
    "ine", "last_name", "first_name", "second_name", "third_name", "birth_date", "email", "address_1", "address_2",
    "address_3", "address_4", "postcode", "city", "country", "phone_home", "phone_work", "phone_mobile",
    "guardian_phone_1", "guardian_phone_2", "guardian_email_1", "guardian_email_2", "origin_training",
    "origin_school_uai", "origin_school",
)  # fmt: skip
_MEF = re.compile(r"[0-9A-Z]{10}")
_CFD = re.compile(r"[0-9A-Z]{8}")
_RNCP = re.compile(r"(?:RNCP)?0*([0-9]{3,5})")
_YEAR = re.compile(r"(20\d\d)(?:\s*[-/]\s*(?:20)?\d\d)?", re.ASCII)


class RowReader:
    """Reads the rows of one table, in order."""

    def __init__(self, layout: Layout, table: Table, *, school_year: int, today: date, note: Refuse) -> None:
        """`school_year` stands where the file says none. `note` hears of the values left aside."""
        self.layout = layout
        self.title = table.title
        self.school_year = school_year
        self.latest_birth = date(today.year - YOUNGEST_AGE, 12, 31)
        self._note = note
        self._columns = [column for column in PERSON_COLUMNS if column in layout.columns]
        self._last: tuple[tuple[str, ...], PersonRecord] | None = None

    def read(self, row: Row) -> WishRecord:
        """Raises RowRefused."""
        cells = _Cells(row, self.title, self._note)
        for column in self.layout.required_values:
            cells.demand(column)
        return self._wish(cells, self._person_once(cells))

    def _person_once(self, cells: "_Cells") -> PersonRecord:
        raw = tuple([cells.values[column] for column in self._columns])
        if self._last is None or self._last[0] != raw:
            self._last = raw, self._person(cells)
        return self._last[1]

    def _person(self, cells: "_Cells") -> PersonRecord:
        last_name, first_name = cells.name("last_name"), cells.name("first_name")
        in_france = normalise(cells.text("country")) in FRENCH
        return PersonRecord(
            ine=cells.must("ine", parse_ine),
            last_name=last_name,
            first_name=first_name,
            other_first_names=" ".join(
                filter(None, (cells.kept_text("second_name", 99), cells.kept_text("third_name", 99)))
            ),
            search_name=normalise(f"{last_name} {first_name}"),
            birth_date=cells.must("birth_date", self._birth_date),
            email=cells.kept("email", parse_email),
            phone=cells.first_phone("phone_mobile", "phone_home", "phone_work"),
            address=cells.address(),
            postcode=cells.kept("postcode", _french_postcode if in_france else _foreign_postcode),
            city=cells.kept_text("city", 100),
            in_france=in_france,
            origin_school=cells.kept_text("origin_school", 200),
            origin_school_uai=cells.kept("origin_school_uai", parse_uai),
            origin_training=cells.kept_text("origin_training", 200),
            guardians=cells.guardians(),
        )

    def _birth_date(self, value: str) -> date | None:
        return parse_date(value, earliest=date(OLDEST_BIRTH_YEAR, 1, 1), latest=self.latest_birth)

    def _wish(self, cells: "_Cells", person: PersonRecord) -> WishRecord:
        academy = cells.code("academy", 50)
        offer_code = cells.code("offer_code", 60)
        keys = {
            "cle_me": cells.kept_text("cle_me", 80),
            "mef": cells.kept("mef", _mef),
            "cfd": cells.kept("cfd", _cfd),
            "rncp": cells.kept("rncp", _rncp),
            "offer_code": offer_code,
            "uai": cells.kept("site_uai", parse_uai),
            "trainer_uai": cells.kept("trainer_uai", parse_uai),
        }
        label = cells.kept_text("label", 300)
        return WishRecord(
            line=cells.line,
            person=person,
            academy=academy,
            school_year=cells.must("school_year", _school_year) or self.school_year,
            external_key=f"{academy}/{offer_code}" if academy else _key_without_academy(keys, label),
            rank=cells.must("rank", parse_rank),
            label=label or offer_code,
            keys={name: key for name, key in keys.items() if key},
            site_name=cells.kept_text("site_name", 200),
            site_city=cells.kept_text("site_city", 100),
        )


class _Cells:
    """The values of one row, read through checks that know where they stand."""

    __slots__ = ("line", "note", "title", "values")

    def __init__(self, row: Row, title: Callable[[str], str], note: Refuse) -> None:
        self.line, self.values = row
        self.title = title
        self.note = note

    def demand(self, column: str) -> None:
        if not self.values[column]:
            raise RowRefused(self.title(column), "", "valeur obligatoire absente")

    def text(self, column: str) -> str:
        return self.values.get(column, "")

    def must(self, column: str, read: Callable[[str], T]) -> T:
        value = self.text(column)
        try:
            return read(value)
        except ValueError as error:
            raise RowRefused(self.title(column), value, str(error)) from error

    def kept(self, column: str, read: Callable[[str], str]) -> str:
        """The value, or "" and a note when it is wrong."""
        value = self.values.get(column)
        if not value:
            return ""
        try:
            return read(value)
        except ValueError as error:
            self.note(self.line, self.title(column), value, f"valeur laissée de côté, la ligne est gardée : {error}")
            return ""

    def kept_text(self, column: str, length: int) -> str:
        return self.kept(column, lambda value: clean_text(value, length))

    def code(self, column: str, length: int) -> str:
        return self.must(column, lambda value: clean_text(value, length)).upper()

    def name(self, column: str) -> str:
        return self.must(column, _name)

    def first_phone(self, *columns: str) -> str:
        return next((phone for column in columns if (phone := self.kept(column, parse_phone))), "")

    def address(self) -> str:
        lines = [self.values.get(f"address_{number}", "") for number in (1, 2, 3, 4)]
        try:
            return clean_text(" ".join(filter(None, lines)), ADDRESS_LENGTH)
        except ValueError as error:
            self.note(self.line, self.title("address_1"), lines[0], f"adresse laissée de côté : {error}")
            return ""

    def guardians(self) -> list[GuardianRecord]:
        found = []
        for rank in (1, 2):
            email = self.kept(f"guardian_email_{rank}", parse_email)
            phone = self.kept(f"guardian_phone_{rank}", parse_phone)
            if email or phone:
                found.append(GuardianRecord(rank, email, phone))
        return found


def next_school_year(today: date) -> int:
    """The September to come; during September, this one."""
    return today.year if today.month <= 9 else today.year + 1


def _name(value: str) -> str:
    name = clean_text(value, 100)
    if not normalise(name):
        raise ValueError("aucune lettre de l’alphabet latin : l’identité ne pourrait pas être comparée")
    return name


def _school_year(value: str) -> int:
    if not value:
        return 0
    found = _YEAR.fullmatch(value)
    if not found or not FIRST_SCHOOL_YEAR <= int(found[1]) <= LAST_SCHOOL_YEAR:
        raise ValueError("année de rentrée attendue (ex. 2026)")
    return int(found[1])


def _french_postcode(value: str) -> str:
    postcode = clean_postcode(value)
    if not postcode:
        raise ValueError("code postal mal formé (5 chiffres attendus)")
    return postcode


def _foreign_postcode(value: str) -> str:
    return clean_text(value, 10)


def _shaped(shape: re.Pattern[str], reason: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        code = value.replace(" ", "").upper()
        if not shape.fullmatch(code):
            raise ValueError(reason)
        return code

    return read


def _mef(value: str) -> str:
    """The eleventh character only tells rectorats' variants apart."""
    code = value.replace(" ", "").upper()[:11]
    if not _MEF.fullmatch(code[:10]):
        raise ValueError("code MEF mal formé (10 ou 11 caractères attendus)")
    return code[:10]


_cfd = _shaped(_CFD, "code diplôme (CFD) mal formé (8 caractères attendus)")


def _rncp(value: str) -> str:
    found = _RNCP.fullmatch(value.replace(" ", "").upper())
    if not found:
        raise ValueError("code RNCP mal formé (ex. RNCP38565)")
    return f"RNCP{found[1]}"


def _key_without_academy(keys: dict[str, Any], label: str) -> str:
    """Parcoursup: the training's own code, else its key, else where and what."""
    named = keys["offer_code"] or keys["cle_me"]
    return str(named) if named else f"{keys['uai']}/{normalise(label)}"[:120]
