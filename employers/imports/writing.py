"""Offers into the database, a chunk at a time, by sets: nothing is read back row by row.

A chunk goes as JSON into two temporary tables shaped like ours; SQL then compares, updates and inserts. What did
not change is not written. Two more temporary tables remember the keys of the whole file, so memory stays flat.
"""

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple, Self

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from cells.imports.errors import FileRefused
from employers.imports.records import EmployerRecord, Reading

EMPLOYER_KEYS = ("siret", "source_key")
EMPLOYER_TEXTS = (
    "name",
    "legal_name",
    "brand",
    "description",
    "website",
    "size",
    "naf_code",
    "opco",
    "address",
    "postcode",
)
EMPLOYER_OTHERS = ("idcc", "commune_id", "latitude", "longitude")
EMPLOYER_COLUMNS = (*EMPLOYER_KEYS, *EMPLOYER_TEXTS, *EMPLOYER_OTHERS)
OFFER_KEYS = ("partner_label", "partner_job_id")
OFFER_VALUES = (
    "employer_id", "status", "title", "description", "desired_skills", "to_be_acquired_skills", "access_conditions",
    "target_level_id", "contract_types", "starts_on", "duration_months", "remote", "positions", "accepts_minors",
    "is_delegated", "apply_url", "apply_email", "apply_phone", "recipient_id", "address", "commune_id", "latitude",
    "longitude", "published_at", "expires_at",
)  # fmt: skip
OFFER_COLUMNS = (*OFFER_KEYS, *OFFER_VALUES)
TABLES = ("incoming_employer", "incoming_offer", "seen_employer", "seen_offer")


def listed(columns: Iterable[str], prefix: str = "") -> str:
    return ", ".join(prefix + column for column in columns)


def merged(column: str) -> str:
    """What the file does not say about an employer, we keep."""
    said = f"NULLIF(i.{column}, '')" if column in EMPLOYER_TEXTS else f"i.{column}"
    return f"COALESCE({said}, e.{column})"


EMPLOYER_VALUES = (*EMPLOYER_TEXTS, *EMPLOYER_OTHERS)
SAME_EMPLOYER = {
    "siret": "e.siret = i.siret AND e.siret <> '' AND i.siret <> ''",
    "source_key": "e.source_key = i.source_key AND e.siret = '' AND i.siret = ''",
}
SAME_OFFER = "o.partner_label = i.partner_label AND o.partner_job_id = i.partner_job_id"

CREATE = f"""
    CREATE TEMPORARY TABLE incoming_employer AS
        SELECT {listed(EMPLOYER_COLUMNS)} FROM employers_employer WITH NO DATA;
    CREATE TEMPORARY TABLE incoming_offer AS
        SELECT {listed(OFFER_COLUMNS)}, 0 AS line, ''::varchar AS employer_siret, ''::varchar AS employer_source_key,
               '{{}}'::varchar[] AS rome_codes, false AS undated, false AS undated_expiry
        FROM employers_offer WITH NO DATA;
    CREATE TEMPORARY TABLE seen_employer (siret varchar, source_key varchar, PRIMARY KEY (siret, source_key));
    CREATE TEMPORARY TABLE seen_offer
        (partner_label varchar, partner_job_id varchar, kept boolean, PRIMARY KEY (partner_label, partner_job_id));
"""
DROP = f"DROP TABLE IF EXISTS {listed(TABLES)}"
# Chunks of two imports at once would lock the same employers in different orders: they take turns instead.
TAKE_TURN = "SELECT pg_advisory_xact_lock(7683, 1)"
EMPTY = "TRUNCATE incoming_employer, incoming_offer"
FILL = "INSERT INTO {table} SELECT * FROM json_populate_recordset(NULL::{table}, %s)"

# A key already kept from this file does not come out of `fresh`: that is its second row.
REFUSE_REPEATED = """
    WITH fresh AS (
        INSERT INTO seen_offer SELECT partner_label, partner_job_id, true FROM incoming_offer
        ON CONFLICT (partner_label, partner_job_id) DO UPDATE SET kept = true WHERE NOT seen_offer.kept
        RETURNING partner_label, partner_job_id
    )
    DELETE FROM incoming_offer i WHERE (partner_label, partner_job_id) NOT IN (SELECT * FROM fresh)
    RETURNING line, partner_job_id
"""
REMEMBER_REFUSED = """
    INSERT INTO seen_offer SELECT key ->> 0, key ->> 1, false FROM json_array_elements(%s) AS keys (key)
    ON CONFLICT DO NOTHING
"""

# The first offer of a file that names an employer describes it; else two spellings would take turns for ever.
FIRST_WORD_ON_EMPLOYERS = """
    WITH fresh AS (
        INSERT INTO seen_employer SELECT siret, source_key FROM incoming_employer ON CONFLICT DO NOTHING
        RETURNING siret, source_key
    )
    DELETE FROM incoming_employer WHERE (siret, source_key) NOT IN (SELECT * FROM fresh)
"""
UPDATE_EMPLOYERS = f"""
    UPDATE employers_employer e
    SET ({listed(EMPLOYER_VALUES)}, updated_at) = ROW({", ".join(map(merged, EMPLOYER_VALUES))}, %s)
    FROM incoming_employer i
    WHERE {{same}}
      AND ({listed(EMPLOYER_VALUES, "e.")}) IS DISTINCT FROM ({", ".join(map(merged, EMPLOYER_VALUES))})
"""
INSERT_EMPLOYERS = f"""
    INSERT INTO employers_employer (uuid, {listed(EMPLOYER_COLUMNS)}, objects_to_contact, created_at, updated_at)
    SELECT gen_random_uuid(), siret, source_key, COALESCE(NULLIF(name, ''), 'Établissement ' || siret),
           {listed(EMPLOYER_VALUES[1:])}, false, %s, %s
    FROM incoming_employer i
    WHERE NOT EXISTS (SELECT FROM employers_employer e WHERE {SAME_EMPLOYER["siret"]})
      AND NOT EXISTS (SELECT FROM employers_employer e WHERE {SAME_EMPLOYER["source_key"]})
    ORDER BY siret, source_key
    ON CONFLICT DO NOTHING
"""
FIND_EMPLOYERS = """
    UPDATE incoming_offer o SET employer_id = e.id FROM employers_employer e, (SELECT DISTINCT employer_siret AS siret,
        employer_source_key AS source_key FROM incoming_offer) i
    WHERE o.employer_siret = i.siret AND o.employer_source_key = i.source_key AND {same}
"""

# Without a creation date the import's own day stands in: keep the one of the first time.
KEEP_FIRST_DATES = f"""
    UPDATE incoming_offer i
    SET published_at = o.published_at,
        expires_at = CASE WHEN i.undated_expiry THEN o.expires_at ELSE GREATEST(i.expires_at, o.published_at) END
    FROM employers_offer o WHERE i.undated AND {SAME_OFFER}
"""
DROP_UNCHANGED = f"""
    DELETE FROM incoming_offer i USING employers_offer o
    WHERE {SAME_OFFER}
      AND ({listed(OFFER_VALUES, "o.")}) IS NOT DISTINCT FROM ({listed(OFFER_VALUES, "i.")})
      AND i.rome_codes = ARRAY(
          SELECT occupation_id FROM employers_offeroccupation WHERE offer_id = o.id ORDER BY occupation_id COLLATE "C"
      )
"""
# PostgreSQL leaves xmax at 0 on a row that ON CONFLICT inserted rather than updated.
WRITE_OFFERS = f"""
    WITH written AS (
        INSERT INTO employers_offer (uuid, {listed(OFFER_COLUMNS)}, batch_id, created_at, updated_at)
        SELECT gen_random_uuid(), {listed(OFFER_COLUMNS)}, %s, %s, %s FROM incoming_offer ORDER BY {listed(OFFER_KEYS)}
        ON CONFLICT ({listed(OFFER_KEYS)}) DO UPDATE
        SET ({listed(OFFER_VALUES)}, batch_id, updated_at)
          = ROW({listed(OFFER_VALUES, "excluded.")}, excluded.batch_id, excluded.updated_at)
        RETURNING xmax = 0 AS is_new
    )
    SELECT count(*) FILTER (WHERE is_new), count(*) FILTER (WHERE NOT is_new) FROM written
"""
DROP_OCCUPATIONS = f"""
    DELETE FROM employers_offeroccupation oo USING incoming_offer i, employers_offer o
    WHERE {SAME_OFFER} AND oo.offer_id = o.id AND oo.occupation_id <> ALL (i.rome_codes)
"""
ADD_OCCUPATIONS = f"""
    INSERT INTO employers_offeroccupation (offer_id, occupation_id)
    SELECT o.id, unnest(i.rome_codes) FROM incoming_offer i JOIN employers_offer o ON {SAME_OFFER}
    ON CONFLICT DO NOTHING
"""
CANCEL_VANISHED = """
    UPDATE employers_offer o SET status = 'Cancelled', updated_at = %s
    WHERE o.status = 'Active' AND o.partner_label IN (SELECT partner_label FROM seen_offer WHERE kept)
      AND NOT EXISTS (SELECT FROM seen_offer s
                      WHERE s.partner_label = o.partner_label AND s.partner_job_id = o.partner_job_id)
"""


class Written(NamedTuple):
    """What became of a chunk; `repeated` are (line, partner_job_id) of rows whose key the file already gave."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    repeated: tuple[tuple[int, str], ...] = ()


class OfferWriter:
    """A context manager around one file; its temporary tables belong to this connection and end with it."""

    def __init__(self, *, batch_id: int):
        self.batch_id = batch_id

    def __enter__(self) -> Self:
        with connection.cursor() as cursor:
            cursor.execute(DROP)
            cursor.execute(CREATE)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind in (None, FileRefused):  # after anything else the connection may be lost
            with connection.cursor() as cursor:
                cursor.execute(DROP)

    @transaction.atomic
    def write(self, readings: list[Reading]) -> Written:
        """One chunk, one transaction, one moment: readers who ask for what changed since would miss an earlier one."""
        firsts = first_of_each(readings)
        repeated = [(r.line, r.offer.partner_job_id) for r in readings if firsts[r.key] is not r]
        with connection.cursor() as cursor:
            cursor.execute(TAKE_TURN)
            now = timezone.now()
            cursor.execute(EMPTY)
            self.fill(cursor, list(firsts.values()))
            cursor.execute(REFUSE_REPEATED)
            repeated += cursor.fetchall()
            self.write_employers(cursor, now)
            return self.write_offers(cursor, repeated, now)

    def fill(self, cursor: CursorWrapper, readings: list[Reading]) -> None:
        employers: dict[tuple[str, str], EmployerRecord] = {}
        for reading in readings:
            employers.setdefault(reading.employer.key, reading.employer)
        cursor.execute(FILL.format(table="incoming_employer"), [as_json([vars(e) for e in employers.values()])])
        cursor.execute(FILL.format(table="incoming_offer"), [as_json([offer_row(r) for r in readings])])

    def write_employers(self, cursor: CursorWrapper, now: datetime) -> None:
        cursor.execute(FIRST_WORD_ON_EMPLOYERS)
        for same in SAME_EMPLOYER.values():
            cursor.execute(UPDATE_EMPLOYERS.format(same=same), [now])
        cursor.execute(INSERT_EMPLOYERS, [now, now])
        for same in SAME_EMPLOYER.values():
            cursor.execute(FIND_EMPLOYERS.format(same=same))

    def write_offers(self, cursor: CursorWrapper, repeated: list[tuple[int, str]], now: datetime) -> Written:
        cursor.execute(KEEP_FIRST_DATES)
        cursor.execute(DROP_UNCHANGED)
        unchanged = cursor.rowcount
        cursor.execute(WRITE_OFFERS, [self.batch_id, now, now])
        created, updated = cursor.fetchone()
        cursor.execute(DROP_OCCUPATIONS)
        cursor.execute(ADD_OCCUPATIONS)
        return Written(created, updated, unchanged, tuple(repeated))

    def remember_refused(self, keys: list[tuple[str, str]]) -> None:
        """Offers the file holds but we refuse have not vanished."""
        with connection.cursor() as cursor:
            cursor.execute(REMEMBER_REFUSED, [as_json(keys)])

    def cancel_vanished(self) -> int:
        """Cancel the active offers of this file's sources that this file does not hold. Returns how many."""
        with connection.cursor() as cursor:
            cursor.execute(CANCEL_VANISHED, [timezone.now()])
            return cursor.rowcount


def first_of_each(readings: list[Reading]) -> dict[tuple[str, str], Reading]:
    firsts: dict[tuple[str, str], Reading] = {}
    for reading in readings:
        firsts.setdefault(reading.key, reading)
    return firsts


def offer_row(reading: Reading) -> dict[str, Any]:
    siret, source_key = reading.employer.key
    return vars(reading.offer) | {"line": reading.line, "employer_siret": siret, "employer_source_key": source_key}


def as_json(rows: Any) -> str:
    return json.dumps(rows, default=str, ensure_ascii=False)
