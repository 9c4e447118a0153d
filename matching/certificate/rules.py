"""The rules of a run, read from what it froze, and what follows from the date alone. See matching/README.md."""

from datetime import date, timedelta
from typing import Any, NamedTuple

KNOWN_RULES = 2  # the version of the rules this verifier was written for
EPOCH = date(1970, 1, 1)
LAST_MONTH_OF_SCHOOL = 7


class UnknownRulesError(Exception):
    """The run followed rules of another version: nothing can be said about it."""


class Rules(NamedTuple):
    """Whole numbers only, as compiled code reads them. Radii in metres, the rest in points, days or offers."""

    today: int
    k: int
    per_employer: int
    site_radius_m: int
    start_slack_days: int
    rank_first: int
    rank_step: int
    rank_none: int
    rome_exact: int
    rome_domain: int
    level_exact: int
    level_open: int
    level_near: int
    distance: int
    distance_reach_m: int
    distance_remote: int
    date_fits: int
    date_unknown: int
    date_days: int
    fresh: int
    fresh_days: int
    variety: int


def rules_of(parameters: dict[str, Any]) -> Rules:
    """Raises UnknownRulesError when the run was not asked of the engine whose rules are known here."""
    engine = parameters.get("engine", {})
    if engine.get("engine_version") != KNOWN_RULES:
        raise UnknownRulesError
    known = {**engine, **engine["weights"], "start_slack_days": parameters["start_slack_days"]}
    known["site_radius_m"] = round(engine["site_radius_km"] * 1000)
    return Rules(**{name: int(known[name]) for name in Rules._fields})


def day_of(rules: Rules) -> date:
    return EPOCH + timedelta(days=rules.today)


def oldest_school_year(rules: Rules) -> int:
    """A wish for the September of year Y counts until 31 July of Y + 1."""
    day = day_of(rules)
    return day.year - (day.month <= LAST_MONTH_OF_SCHOOL)


def calendar_number(day: date) -> int:
    """20260831: numbers that compare as dates do, and to which eighteen years can be added."""
    return day.year * 10_000 + day.month * 100 + day.day
