"""The same top 10 computed inside PostgreSQL, tuned: the baseline of the matching bench.

What a good database engineer would do: offers exploded by trade domain, closed ones left out; GiST on (domain, place);
codes and levels as bit masks; whatever depends on one table alone computed while loading; one index scan per
(person, domain); the best ways, the best of each domain and the employer cap with one packed key. Chords of
Cartesian coordinates give the great-circle metres, cheaper here than ST_Distance and on the engine's own sphere.
No employer is excluded in this data: the query saves that filter.
"""

import io
import math
import os
import statistics
import time
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from psycopg2.extensions import connection as Connection

from bench.data import Country, only
from matching.engine import EARTH_RADIUS_M, NO_DAY, Ragged, domain_of

Top = dict[int, list[tuple[int, int]]]
"""Person id → (offer id, score), best first."""


@dataclass(frozen=True)
class Dialect:
    """How places and boxes are written, and which operator finds the places in a box."""

    name: str
    extensions: tuple[str, ...]
    kind: str
    place: str
    box: str
    inside: str


POSTGIS = Dialect(
    "PostGIS", ("btree_gist", "postgis"), "geometry", "ST_MakePoint(lon, lat)",
    "ST_MakeEnvelope(lon - width, lat - height, lon + width, lat + height)", "&&",
)  # fmt: skip
CUBE = Dialect(
    "cube", ("btree_gist", "cube"), "cube", "cube(ARRAY[x, y, z])", "cube_enlarge(cube(ARRAY[x, y, z]), reach, 3)", "<@"
)

TABLES = """
CREATE TABLE offers (domain int, offer bigint, employer bigint, mask bigint, levels int, near int, fresh int,
    undated bool, start_from int, start_to int, minors bool, remote bool, lat float8, lon float8,
    x float8, y float8, z float8);
CREATE TABLE people (person bigint, domain int, radius int, reach float8, height float8, width float8, ready int,
    minor bool, lat float8, lon float8, x float8, y float8, z float8);
CREATE TABLE hopes (person bigint, domain int, points int, level int, mask bigint, reach float8, height float8,
    width float8, lat float8, lon float8, x float8, y float8, z float8);
"""

PREPARED = """
CREATE TABLE offer AS SELECT *, CASE WHEN lat IS NOT NULL AND lon IS NOT NULL THEN {place} END AS place
    FROM offers ORDER BY domain, lat, lon;
CREATE INDEX offer_place ON offer USING gist (domain, place);
CREATE TABLE far_offer AS SELECT * FROM offer WHERE remote;
CREATE INDEX far_offer_domain ON far_offer (domain);
CREATE TABLE person AS SELECT *, CASE WHEN x IS NOT NULL THEN {box} END AS box FROM people;
CREATE INDEX person_person ON person (person);
CREATE TABLE wish AS SELECT *, CASE WHEN x IS NOT NULL THEN {box} END AS box FROM hopes
    JOIN (SELECT DISTINCT person, ready, minor FROM people) owner USING (person);
CREATE INDEX wish_person ON wish (person, domain);
CREATE TABLE everyone AS SELECT DISTINCT person FROM people;
ANALYZE;
"""

NOWHERE = (1 << 26) - 1  # sorts after every distance
QUERY = """
SELECT p.person, top.offer, top.key >> 27 FROM everyone p CROSS JOIN LATERAL (
  WITH home AS MATERIALIZED (
    SELECT d.domain, d.radius, o.offer, o.employer, o.mask, o.levels, o.near, o.remote, o.fresh, o.undated,
        o.start_from, {metres_d} AS metres
    FROM person d JOIN offer o ON o.domain = d.domain AND o.place {inside} d.box
    WHERE d.person = p.person AND (o.minors OR NOT d.minor) AND o.start_to >= d.ready AND {chord_d} <= d.reach
  ), site AS MATERIALIZED (
    SELECT w.domain, w.ready, w.points, w.level, w.mask AS wanted, o.offer, o.employer, o.mask, o.levels, o.near,
        o.remote, o.fresh, o.undated, o.start_from, {metres_w} AS metres
    FROM wish w JOIN offer o ON o.domain = w.domain AND o.place {inside} w.box
    WHERE w.person = p.person AND (o.minors OR NOT w.minor) AND o.start_to >= w.ready AND {chord_w} <= w.reach
  ), way AS (
    SELECT h.domain, h.offer, h.employer, {wish} AS wished, {rest} AS rest, h.metres, h.remote
    FROM home h JOIN wish w ON w.person = p.person AND w.domain = h.domain WHERE h.metres <= h.radius
    UNION ALL
    SELECT domain, offer, employer, {site_wish}, {rest}, metres, remote FROM site WHERE metres <= {site_radius}
    UNION ALL
    SELECT w.domain, h.offer, h.employer, {wish}, {rest}, {nowhere}, true
    FROM wish w JOIN far_offer h ON h.domain = w.domain
    WHERE w.person = p.person AND (h.minors OR NOT w.minor) AND h.start_to >= w.ready
  ), met AS (
    SELECT domain, offer, employer, max((wished + rest + greatest(({reach} - least(metres, {reach})) * {distance}
        / {reach}, CASE WHEN remote THEN {remote} ELSE 0 END))::bigint << 27 | {nowhere} - metres) AS key
    FROM way WHERE wished IS NOT NULL GROUP BY domain, offer, employer
  ), pair AS (
    SELECT offer, employer, max(key) + CASE WHEN bool_or(first) THEN {variety}::bigint << 27 ELSE 0 END AS key
    FROM (SELECT *, row_number() OVER (PARTITION BY domain ORDER BY key DESC, offer) = 1 AS first FROM met) one
    GROUP BY offer, employer
  )
  SELECT offer, key FROM
    (SELECT *, row_number() OVER (PARTITION BY employer ORDER BY key DESC, offer) AS nth FROM pair) capped
  WHERE nth <= {per_employer} ORDER BY key DESC, offer LIMIT {k}
) top ORDER BY p.person, top.key DESC, top.offer
"""


def chord(one: str) -> str:
    """Squared, as float products: `power` costs a function call."""
    return "+".join(f"(o.{axis}-{one}.{axis})*(o.{axis}-{one}.{axis})" for axis in "xyz")


def metres(one: str) -> str:
    return f"round({2 * EARTH_RADIUS_M} * asin(least(1, sqrt({chord(one)}) / {2 * EARTH_RADIUS_M})))::int"


def query(country: Country, dialect: Dialect) -> str:
    parameters, weights = country.parameters, country.parameters.weights

    def wish(asked: str, offered: str, wanted: str) -> str:
        """Null where the level refuses."""
        return (
            f"{asked}points + CASE WHEN {asked}{wanted} & {offered}mask <> 0 THEN {weights.rome_exact} "
            f"ELSE {weights.rome_domain} END + CASE WHEN {asked}level = 0 OR {offered}levels = 0 "
            f"THEN {weights.level_open} WHEN {asked}level & {offered}levels <> 0 THEN {weights.level_exact} "
            f"WHEN {asked}level & {offered}near <> 0 THEN {weights.level_near} END"
        )

    rest = (
        f"fresh + CASE WHEN undated THEN {weights.date_unknown} "
        f"ELSE greatest({weights.date_fits} - greatest(start_from - ready, 0) / {weights.date_days}, 0) END"
    )
    return QUERY.format(
        inside=dialect.inside, chord_d=chord("d"), metres_d=metres("d"), chord_w=chord("w"), metres_w=metres("w"),
        wish=wish("w.", "h.", "mask"), site_wish=wish("", "", "wanted"), rest=rest, nowhere=NOWHERE,
        site_radius=round(parameters.site_radius_km * 1000), reach=weights.distance_reach_m, distance=weights.distance,
        remote=weights.distance_remote, variety=weights.variety, per_employer=parameters.per_employer, k=parameters.k,
    )  # fmt: skip


# --- loading ---------------------------------------------------------------------------------------------


def cartesian(lat: np.ndarray, lon: np.ndarray) -> list[np.ndarray]:
    phi, theta = np.radians(lat), np.radians(lon)
    flat = EARTH_RADIUS_M * np.cos(phi)
    return [flat * np.cos(theta), flat * np.sin(theta), EARTH_RADIUS_M * np.sin(phi)]


def boxes(lat: np.ndarray, radius_m: np.ndarray) -> list[np.ndarray]:
    """Longest squared chord, half height and half width in degrees: the circle and a little more."""
    angle = (radius_m + 2) / EARTH_RADIUS_M
    width = np.degrees(np.arcsin(np.sin(angle) / np.cos(np.radians(lat))))
    return [(2 * EARTH_RADIUS_M * np.sin(angle / 2)) ** 2, np.degrees(angle), width]


def by_domain(rome: Ragged) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(owner, domain, codes of the domain as bits), one row for each pair."""
    key = rome.owners() << 20 | domain_of(rome.values)
    pairs, where = np.unique(key, return_inverse=True)
    masks = np.zeros(len(pairs), dtype=np.int64)
    np.bitwise_or.at(masks, where, 1 << rome.values % 100)
    return pairs >> 20, pairs & (1 << 20) - 1, masks


def offer_columns(country: Country) -> list[np.ndarray]:
    offers, parameters = country.offers, country.parameters
    offers = offers.take(np.flatnonzero((offers.positions > 0) & (offers.expires >= parameters.today)))
    row, domain, mask = by_domain(offers.rome)
    levels = offers.levels.astype(np.int64)[row]
    age = np.maximum(parameters.today - offers.published[row].astype(np.int64), 0)
    start_from, start_to = offers.start_from[row].astype(np.int64), offers.start_to[row].astype(np.int64)
    lat, lon = offers.lat[row], offers.lon[row]
    return [
        domain, offers.id[row], offers.employer[row], mask, levels, (levels << 1 | levels >> 1) & 0xFF,
        np.maximum(parameters.weights.fresh - age // parameters.weights.fresh_days, 0),
        (start_from == NO_DAY) & (start_to == NO_DAY), start_from, np.where(start_to == NO_DAY, 2**31 - 1, start_to),
        offers.minors_allowed[row], offers.remote[row], lat, lon, *cartesian(lat, lon),
    ]  # fmt: skip


def people_columns(country: Country) -> list[np.ndarray]:
    """One row per (person, wished domain)."""
    people, wishes = country.people, country.wishes
    owner, domain, _ = by_domain(wishes.rome)
    pairs = np.unique(wishes.person_index[owner] << 20 | domain)
    row, domain = pairs >> 20, pairs & (1 << 20) - 1
    radius = np.rint(people.radius_km[row].astype(np.float64) * 1000).astype(np.int64)
    lat, lon = people.lat[row], people.lon[row]
    ready = np.maximum(people.available_from[row], country.parameters.today)
    return [
        people.id[row], domain, radius, *boxes(lat, radius), ready, people.is_minor[row], lat, lon, *cartesian(lat, lon)
    ]  # fmt: skip


def wish_columns(country: Country) -> list[np.ndarray]:
    """One row per (wish, domain)."""
    people, wishes, weights = country.people, country.wishes, country.parameters.weights
    row, domain, mask = by_domain(wishes.rome)
    rank, level = wishes.rank[row].astype(np.int64), wishes.level[row].astype(np.int64)
    ranked = np.maximum(weights.rank_first - weights.rank_step * (rank - 1), 0)
    lat, lon = wishes.site_lat[row], wishes.site_lon[row]
    radius = np.full(len(row), round(country.parameters.site_radius_km * 1000))
    return [
        people.id[wishes.person_index[row]], domain, np.where(rank == 0, weights.rank_none, ranked),
        np.where(level == 0, 0, 1 << np.maximum(level, 1) - 1), mask, *boxes(lat, radius), lat, lon,
        *cartesian(lat, lon),
    ]  # fmt: skip


def copy(connection: Connection, table: str, columns: list[np.ndarray]) -> None:
    lists = [["" if value != value else value for value in column.tolist()] for column in columns]
    text = "".join(",".join(map(str, row)) + "\n" for row in zip(*lists, strict=True))
    with connection.cursor() as cursor:
        cursor.copy_expert(f"COPY {table} FROM STDIN (FORMAT csv)", io.StringIO(text))


def load(connection: Connection, country: Country, dialect: Dialect) -> None:
    with connection.cursor() as cursor:
        for extension in dialect.extensions:
            cursor.execute(f"CREATE EXTENSION {extension}")
        cursor.execute(TABLES)
        copy(connection, "offers", offer_columns(country))
        copy(connection, "people", people_columns(country))
        copy(connection, "hopes", wish_columns(country))
        cursor.execute(PREPARED.format(place=dialect.place, box=dialect.box))
    connection.commit()


class Answered(NamedTuple):
    """Median seconds of the query: loaded, analysed and warm; `cpu_seconds` NaN where the system does not tell."""

    top: Top
    seconds: float
    cpu_seconds: float


def ranked_by_sql(
    connection: Connection, country: Country, people: np.ndarray, has_postgis: bool, times: int
) -> Answered:
    """The tops of these people (sorted rows)."""
    sample, dialect = only(country, people), POSTGIS if has_postgis else CUBE
    load(connection, sample, dialect)
    runs = [answered(connection, query(sample, dialect)) for _ in range(times + 1)][1:]  # the first warms the buffers
    top: Top = {}
    for person, offer, score in runs[0][0]:
        top.setdefault(person, []).append((offer, score))
    return Answered(top, *(statistics.median(column) for column in list(zip(*runs, strict=True))[1:]))


def answered(connection: Connection, text: str) -> tuple[list[tuple[int, int, int]], float, float]:
    """The rows, the seconds by the clock and those of the server's processor."""
    with connection.cursor() as cursor:
        cpu, start = server_cpu(connection), time.perf_counter()
        cursor.execute(text)
        rows = cursor.fetchall()
        return rows, time.perf_counter() - start, server_cpu(connection) - cpu


def server_cpu(connection: Connection) -> float:
    """Seconds the connection's server process has computed so far."""
    stat = Path(f"/proc/{connection.info.backend_pid}/stat")
    if not stat.exists():
        return math.nan
    user, system = stat.read_text().rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")
