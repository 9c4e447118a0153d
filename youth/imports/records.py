"""What one row says, cleaned and checked, before anyone looks at the database."""

from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class GuardianRecord:
    rank: int
    email: str
    phone: str


@dataclass(slots=True, eq=False)
class PersonRecord:
    """The rows of one pupil that follow each other share one record."""

    ine: str
    last_name: str
    first_name: str
    other_first_names: str
    search_name: str
    birth_date: date | None
    email: str
    phone: str
    address: str
    postcode: str
    city: str
    in_france: bool
    origin_school: str
    origin_school_uai: str
    origin_training: str
    guardians: list[GuardianRecord]


@dataclass(slots=True)
class WishRecord:
    """`academy` is "" where the source has none."""

    line: int
    person: PersonRecord
    academy: str
    school_year: int
    external_key: str
    rank: int
    label: str
    keys: dict[str, str] = field(default_factory=dict)
    site_name: str = ""
    site_city: str = ""
