"""An offer and its employer as the file says them, checked, one field per column of the database."""

from dataclasses import dataclass, field
from datetime import date, datetime

from cells.imports.errors import RowRefused


@dataclass
class EmployerRecord:
    """`siret` or `source_key` is filled, never both. An empty name means that the file gives none."""

    siret: str
    source_key: str
    name: str
    legal_name: str
    brand: str
    description: str
    website: str
    size: str
    naf_code: str
    idcc: int | None
    opco: str
    address: str
    postcode: str
    commune_id: str | None
    latitude: float | None
    longitude: float | None

    @property
    def key(self) -> tuple[str, str]:
        return self.siret, self.source_key


@dataclass
class OfferRecord:
    """`undated`: the file gives no creation date; `undated_expiry`: it gives no expiry, ours is computed."""

    partner_label: str
    partner_job_id: str
    status: str
    title: str
    description: str
    desired_skills: list[str]
    to_be_acquired_skills: list[str]
    access_conditions: list[str]
    target_level_id: int | None
    contract_types: list[str]
    starts_on: date | None
    duration_months: int | None
    remote: str
    positions: int
    accepts_minors: bool
    is_delegated: bool
    apply_url: str
    apply_email: str
    apply_phone: str
    recipient_id: str
    address: str
    commune_id: str | None
    latitude: float | None
    longitude: float | None
    published_at: datetime
    expires_at: datetime
    undated: bool
    undated_expiry: bool
    rome_codes: list[str]


@dataclass
class Reading:
    """One line of the file: what is kept of it, and the details that were dropped on the way."""

    line: int
    offer: OfferRecord
    employer: EmployerRecord
    dropped: list[RowRefused] = field(default_factory=list)

    @property
    def key(self) -> tuple[str, str]:
        return self.offer.partner_label, self.offer.partner_job_id
