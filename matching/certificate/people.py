"""The people of a run and what they wish, some thousands at a time."""

from datetime import date
from typing import Any, NamedTuple

import numpy as np

from matching.certificate.rows import ROME, Bools, Columns, Floats, Ints, firsts, owned, places, read
from matching.certificate.rules import Rules, calendar_number, day_of, oldest_school_year

MAJORITY = 180_000  # eighteen years, in the numbers of calendar_number
MOST_RANK = 32_767

PEOPLE = """
    SELECT p.id, coalesce(p.latitude, 'NaN')::float8, coalesce(p.longitude, 'NaN')::float8, p.radius_km * 1000::bigint,
        coalesce(to_char(p.birth_date, 'YYYYMMDD')::bigint, 0)
    FROM youth_youngperson p
    WHERE {span} AND p.cell_id = %s AND p.situation = 'seeking' AND NOT EXISTS (
        SELECT FROM employers_contract c WHERE c.young_person_id = p.id AND c.state IN ('signed', 'running'))
    ORDER BY p.id
"""
WISHES = f"""
    SELECT w.id, w.young_person_id, (CASE w.source WHEN 'parcoursup' THEN 0 ELSE w.rank END)::bigint,
        (w.source = 'affelnet')::int::bigint, coalesce(w.level_id, 0)::bigint, coalesce(w.training_id, 0)::bigint,
        coalesce({ROME.format("w.occupation_id")}, 0),
        coalesce(w.site_latitude, 'NaN')::float8, coalesce(w.site_longitude, 'NaN')::float8
    FROM youth_wish w WHERE {{span}} AND w.closed_at IS NULL AND w.school_year >= %s
"""
BARRED = """
    SELECT c.young_person_id, c.employer_id FROM employers_contract c WHERE {span} AND c.state = 'broken'
    UNION ALL
    SELECT c.young_person_id, -c.offer_id FROM matching_offerrefusal c WHERE {span}
"""
TRAININGS = """
    SELECT t.id, coalesce(t.level_id, 0)::bigint,
        coalesce(c.latitude, 'NaN')::float8, coalesce(c.longitude, 'NaN')::float8
    FROM cells_training t LEFT JOIN cells_trainingcentre c ON c.id = t.centre_id ORDER BY t.id
"""
TAUGHT = f"SELECT training_id, {ROME.format('occupation_id')} FROM cells_training_occupations"


class People(NamedTuple):
    """By rank of id; places in radians, NaN when unknown. `barred`: employers whose contract was
    broken and, as negative numbers, refused offers; person p's from first_barred[p] on."""

    id: Ints
    lat: Floats
    lon: Floats
    radius_m: Ints
    minor: Bools
    first_hope: Ints
    first_barred: Ints
    barred: Ints


class Hopes(NamedTuple):
    """One row per (wish, domain), by person, domain, then wish id, with the codes the wish names in the domain."""

    wish: Ints
    domain: Ints
    rank: Ints
    level: Ints
    lat: Floats
    lon: Floats
    first_code: Ints
    code: Ints


class Trainings(NamedTuple):
    id: Ints
    level: Ints
    lat: Floats
    lon: Floats
    first_code: Ints
    code: Ints


class Crowd(NamedTuple):
    """People read together. `wishing`, `naming`, `placed`: a wish, a wish with a trade, a known home or site."""

    people: People
    hopes: Hopes
    wish_ids: Ints
    wishing: Bools
    naming: Bools
    placed: Bools
    rows: Columns


class Span(NamedTuple):
    """Which people: all those between two ids, or those of a list."""

    first: int
    last: int
    ids: Ints | None = None

    def of(self, column: str) -> tuple[str, list[Any]]:
        if self.ids is not None:
            return f"{column} = ANY(%s)", [self.ids.tolist()]
        return f"{column} BETWEEN %s AND %s", [self.first, self.last]


def read_trainings() -> Trainings:
    rows = read(TRAININGS, [], id="i", level="i", lat="f", lon="f")
    taught = owned(rows["id"], read(TAUGHT, [], owner="i", value="i"))
    return Trainings(rows["id"], rows["level"], rows["lat"], rows["lon"], *taught)


def read_crowd(cell_id: int, span: Span, trainings: Trainings, rules: Rules) -> Crowd:
    """Whoever of the span is seeking, with the wishes that count on the day of the run."""
    where, which = span.of("p.id")
    rows = read(PEOPLE.format(span=where), [*which, cell_id], id="i", lat="f", lon="f", radius="i", born="i")
    wishes = _read_wishes(span, rows["id"], trainings, rules)
    owner, first_code, code = wishes["owner"], wishes.pop("first_code"), wishes.pop("code")
    hopes, of_person = _hopes(wishes, first_code, code)
    where, which = span.of("c.young_person_id")
    barred = owned(rows["id"], read(BARRED.format(span=where), which * 2, owner="i", value="i"))
    lat, lon = np.radians(rows["lat"]), np.radians(rows["lon"])
    minor = _minors(rows["born"], _any(owner[wishes["affelnet"] > 0], len(rows["id"])), day_of(rules))
    people = People(rows["id"], lat, lon, rows["radius"], minor, firsts(of_person, len(rows["id"])), *barred)
    return Crowd(
        people, hopes, np.sort(wishes["id"]),
        wishing=_any(owner, len(lat)),
        naming=_any(owner[np.diff(first_code) > 0], len(lat)),
        placed=~np.isnan(lat + lon) | _any(owner[~np.isnan(wishes["lat"] + wishes["lon"])], len(lat)),
        rows=rows,
    )  # fmt: skip


def _any(owner: Ints, count: int) -> Bools:
    return np.bincount(owner, minlength=count) > 0


def _minors(born: Ints, pupil: Bools, today: date) -> Bools:
    """Without a birth date, those who came by Affelnet are pupils of 14 to 16, the others adults."""
    minor: Bools = np.where(born == 0, pupil, born + MAJORITY > calendar_number(today))
    return minor


def _read_wishes(span: Span, people: Ints, trainings: Trainings, rules: Rules) -> Columns:
    """By person, then wish id, with what the training says where the wish does not."""
    where, which = span.of("w.young_person_id")
    rows = read(
        WISHES.format(span=where), [*which, oldest_school_year(rules)], id="i", owner="i", rank="i", affelnet="i",
        level="i", training="i", typed="i", lat="f", lon="f",
    )  # fmt: skip
    rows["owner"] = places(people, rows["owner"])
    order = np.lexsort((rows["id"], rows["owner"]))
    order = order[rows["owner"][order] >= 0]
    rows = {name: column[order] for name, column in rows.items()}
    training = places(trainings.id, rows["training"])
    taught = training >= 0
    elsewhere = taught & np.isnan(rows["lat"] + rows["lon"])
    rows["level"] = np.where(taught & (rows["level"] == 0), _pick(trainings.level, training), rows["level"])
    for name, column in (("lat", trainings.lat), ("lon", trainings.lon)):
        rows[name] = np.radians(np.where(elsewhere, _pick(column, training), rows[name]))
    rows["rank"] = np.minimum(rows["rank"], MOST_RANK)
    rows["first_code"], rows["code"] = _trades(rows["typed"], training, trainings)
    return rows


def _pick(column: Any, row: Ints) -> Any:
    return column[row] if len(column) else np.zeros(len(row), dtype=column.dtype)


def _trades(typed: Ints, training: Ints, trainings: Trainings) -> tuple[Ints, Ints]:
    """The trades of each wish: those of its training, and the one a counsellor typed."""
    wish = np.flatnonzero(training >= 0)
    count = np.diff(trainings.first_code)[training[wish]]
    start = np.repeat(trainings.first_code[training[wish]], count)
    step = np.arange(len(start)) - np.repeat(np.cumsum(count) - count, count)
    by_hand = np.flatnonzero(typed)
    pairs = {
        "owner": np.append(np.repeat(wish, count), by_hand),
        "value": np.append(trainings.code[start + step], typed[by_hand]),
    }
    return owned(np.arange(len(typed)), pairs)


def _hopes(wishes: Columns, first_code: Ints, code: Ints) -> tuple[Hopes, Ints]:
    """The hopes, and the person of each."""
    wish = np.repeat(np.arange(len(first_code) - 1), np.diff(first_code))
    domain, person = code // 100, wishes["owner"][wish]
    order = np.lexsort((code, wish, domain, person))
    wish, domain, code = wish[order], domain[order], code[order]
    new = np.ones(len(wish), dtype=np.bool_)
    new[1:] = (np.diff(wish) != 0) | (np.diff(domain) != 0)
    first = np.flatnonzero(new)
    own = wish[first]
    hopes = Hopes(
        wishes["id"][own], domain[first], wishes["rank"][own], wishes["level"][own], wishes["lat"][own],
        wishes["lon"][own], np.append(first, len(wish)), code,
    )  # fmt: skip
    return hopes, wishes["owner"][own]
