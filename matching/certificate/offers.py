"""The offers of a run: what each is worth to anybody, where it is found, how often it may be shown."""

from datetime import datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
from django.conf import settings

from matching.certificate.rows import ROME, Bools, Columns, Floats, Ints, firsts, owned, places, read
from matching.certificate.rules import Rules, day_of

NOBODY_SAID = -1_000_000  # stands for a date that is not given
MOST_POSITIONS = 32_767
DATE_FITS, DATE_UNKNOWN, DATE_LATER = 0, 1, 2
DOMAINS = 2_701  # a domain is a ROME number without its last two digits

OFFERS = """
    SELECT o.id, o.employer_id, coalesce(o.target_level_id, 0)::bigint,
        coalesce(o.latitude, 'NaN')::float8, coalesce(o.longitude, 'NaN')::float8,
        coalesce(o.starts_on - date '1970-01-01', %s)::bigint, o.positions::bigint,
        (o.remote = 'remote')::int::bigint, o.accepts_minors::int::bigint,
        ((o.published_at AT TIME ZONE %s)::date - date '1970-01-01')::bigint,
        (o.status = 'Active' AND NOT e.objects_to_contact)::int::bigint,
        coalesce(extract(epoch FROM o.expires_at), 'Infinity')::float8
    FROM employers_offer o JOIN employers_employer e ON e.id = o.employer_id ORDER BY o.id
"""
TRADES = f"SELECT offer_id, {ROME.format('occupation_id')} FROM employers_offeroccupation"
SIGNED = """
    SELECT offer_id, count(*) FROM employers_contract
    WHERE offer_id IS NOT NULL AND state IN ('signed', 'running') GROUP BY offer_id
"""
SHOWN = """
    SELECT ro.offer_id, count(*) FROM matching_recipientoffer ro
    JOIN matching_recipient r ON r.id = ro.recipient_id
    JOIN matching_campaign c ON c.id = r.campaign_id
    JOIN cells_outgoingmail m ON m.id = r.mail_id
    WHERE NOT ro.spare AND (c.launched_at AT TIME ZONE %s)::date >= %s AND c.launched_at <= %s
        AND m.state IN ('queued', 'leased', 'sent', 'uncertain')
    GROUP BY ro.offer_id
"""


class Offers(NamedTuple):
    """As compiled code reads them, by rank of id. `level` 0: every level; `worth`: points of date and freshness."""

    id: Ints
    employer: Ints
    level: Ints
    worth: Ints
    date_kind: Ints
    age: Ints
    remote: Bools
    minors: Bools
    first_code: Ints
    code: Ints


class Aisles(NamedTuple):
    """Open offers by domain, from south to north, in radians; those at a distance apart, wherever they are."""

    first: Ints
    offer: Ints
    lat: Floats
    lon: Floats
    cos_lat: Floats
    first_remote: Ints
    remote_offer: Ints


class Stored(NamedTuple):
    """What the run wrote of each offer, 0 for those it does not name; `strangers`: named, and not in the database."""

    named: Bools
    budget: Ints
    exposure: Ints
    price: Ints
    strangers: Ints


class Catalogue(NamedTuple):
    """All offers, by rank of id. `taking_part`: they had to, by the rules; `sure`: however long the run took to read.

    `left`: positions no contract has taken; `budget`: how many people may be shown the offer; `rows`: as read.
    """

    id: Ints
    offers: Offers
    aisles: Aisles
    taking_part: Bools
    sure: Bools
    budget: Ints
    stored: Stored
    rows: Columns


def read_catalogue(
    shown: Columns, parameters: dict[str, Any], rules: Rules, since: datetime, until: datetime, *, only_named: bool
) -> Catalogue:
    """`shown`: what the run wrote of its offers. It read its rows between `since` and `until`: an offer that expires
    meanwhile may be in or out. `only_named`: the others may have come since.
    """
    zone = settings.TIME_ZONE
    rows = read(
        OFFERS, [NOBODY_SAID, zone], id="i", employer="i", level="i", lat="f", lon="f", start="i", positions="i",
        remote="i", minors="i", published="i", public="i", expires="f",
    )  # fmt: skip
    stored = _stored(shown, rows["id"])
    rows["spent"] = _spent(rows["id"], parameters, rules, until)
    rows["left"] = np.clip(rows["positions"] - _counted(rows["id"], SIGNED, []), 0, MOST_POSITIONS)
    budget = _budget(rows, parameters["engine"]["exposure_factor"])
    sure = _may_be_shown(rows, budget, until) & (stored.named | (not only_named))
    taking_part = sure | (_may_be_shown(rows, budget, since) & stored.named)
    offers = _offers(rows, rules, *owned(rows["id"], read(TRADES, [], owner="i", value="i")))
    in_time = rows["start"] + rules.start_slack_days >= rules.today
    aisles = _aisles(rows, offers, taking_part & (in_time | (rows["start"] == NOBODY_SAID)))
    return Catalogue(rows["id"], offers, aisles, taking_part, sure, budget, stored, rows)


def _stored(shown: Columns, ids: Ints) -> Stored:
    at = places(ids, shown["id"])
    known = at >= 0
    columns = {name: np.zeros(len(ids), dtype=np.int64) for name in ("named", "budget", "exposure", "price")}
    for name, column in columns.items():
        column[at[known]] = 1 if name == "named" else shown[name][known]
    return Stored(columns.pop("named") > 0, **columns, strangers=shown["id"][~known])


def _counted(ids: Ints, query: str, params: list[Any]) -> Ints:
    rows = read(query, params, id="i", number="i")
    at = places(ids, rows["id"])
    numbers = np.zeros(len(ids), dtype=np.int64)
    numbers[at[at >= 0]] = rows["number"][at >= 0]
    return numbers


def _spent(ids: Ints, parameters: dict[str, Any], rules: Rules, until: datetime) -> Ints:
    """How often the campaigns of every cell have shown each offer within the window."""
    first_day = day_of(rules) - timedelta(days=parameters["exposure_window_days"])
    return _counted(ids, SHOWN, [settings.TIME_ZONE, first_day, until])


def _budget(rows: Columns, factor: float) -> Ints:
    shown = np.where(rows["left"] > 0, np.maximum(np.floor(rows["left"] * factor), 1), 0)
    budget: Ints = np.maximum(shown.astype(np.int64) - rows["spent"], 0)
    return budget


def _may_be_shown(rows: Columns, budget: Ints, instant: datetime) -> Bools:
    may: Bools = (rows["public"] > 0) & (rows["expires"] > instant.timestamp()) & (budget > 0)
    return may


def _offers(rows: Columns, rules: Rules, first_code: Ints, code: Ints) -> Offers:
    wait = np.maximum(rows["start"] - rules.today, 0)
    unsaid = rows["start"] == NOBODY_SAID
    date = np.where(unsaid, rules.date_unknown, np.maximum(rules.date_fits - wait // rules.date_days, 0))
    age = np.maximum(rules.today - rows["published"], 0)
    return Offers(
        id=rows["id"],
        employer=rows["employer"],
        level=rows["level"],
        worth=date + np.maximum(rules.fresh - age // rules.fresh_days, 0),
        date_kind=np.where(unsaid, DATE_UNKNOWN, np.where(wait > 0, DATE_LATER, DATE_FITS)),
        age=age,
        remote=rows["remote"] > 0,
        minors=rows["minors"] > 0,
        first_code=first_code,
        code=code,
    )


def _aisles(rows: Columns, offers: Offers, shown: Bools) -> Aisles:
    offer = np.repeat(np.arange(len(shown)), np.diff(offers.first_code))
    domain = offers.code // 100
    new = shown[offer]
    new[1:] &= (np.diff(offer) != 0) | (np.diff(domain) != 0)  # codes are sorted: those of a domain follow one another
    offer, domain = offer[new], domain[new]
    remote = offers.remote[offer]
    placed = ~np.isnan(rows["lat"] + rows["lon"])[offer]
    by_latitude = np.lexsort((rows["lat"][offer], domain))
    by_latitude = by_latitude[placed[by_latitude]]
    at_distance = np.flatnonzero(remote)[np.argsort(domain[remote], kind="stable")]
    lat, lon = np.radians(rows["lat"][offer[by_latitude]]), np.radians(rows["lon"][offer[by_latitude]])
    return Aisles(
        firsts(domain[by_latitude], DOMAINS), offer[by_latitude], lat, lon, np.cos(lat),
        firsts(domain[at_distance], DOMAINS), offer[at_distance],
    )  # fmt: skip
