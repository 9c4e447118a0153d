"""French public holidays, overseas and Alsace-Moselle included, for any year.

Sources: Code du travail L3133-1 (all France), L3134-13 (Alsace-Moselle), L3422-2 and décret 83-1003 (end of slavery, by
territory). Good Friday is a holiday in the communes of Alsace-Moselle that have a Protestant church: taken for all.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple


class Day(NamedTuple):
    month: int
    day: int


ALSACE_MOSELLE = frozenset({"57", "67", "68"})
EVERYWHERE = (Day(1, 1), Day(5, 1), Day(5, 8), Day(7, 14), Day(8, 15), Day(11, 1), Day(11, 11), Day(12, 25))
AFTER_EASTER = (1, 39, 50)  # Monday, Ascension, Whit Monday
GOOD_FRIDAY = -2
OF_ALSACE_MOSELLE = (Day(12, 26),)
OVERSEAS: Mapping[str, Day] = {
    "971": Day(5, 27),
    "972": Day(5, 22),
    "973": Day(6, 10),
    "974": Day(12, 20),
    "976": Day(4, 27),
    "977": Day(10, 9),
    "978": Day(5, 28),
}


def is_holiday(day: date, department: str) -> bool:
    """`department` is an INSEE code; an unknown one has the holidays of all France."""
    return day in _holidays(day.year, department)


def is_rest_day(day: date, department: str) -> bool:
    """A Sunday or a public holiday."""
    return day.isoweekday() == 7 or is_holiday(day, department)


@lru_cache(maxsize=1_000)
def _holidays(year: int, department: str) -> frozenset[date]:
    easter = easter_sunday(year)
    fixed, moving = list(EVERYWHERE), list(AFTER_EASTER)
    if department in ALSACE_MOSELLE:
        fixed += OF_ALSACE_MOSELLE
        moving.append(GOOD_FRIDAY)
    if department in OVERSEAS:
        fixed.append(OVERSEAS[department])
    return frozenset(date(year, *one) for one in fixed) | {easter + timedelta(days=shift) for shift in moving}


def easter_sunday(year: int) -> date:
    """Gregorian computus (Meeus, Jones and Butcher)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    f = (b - (b + 8) // 25 + 1) // 3
    h = (19 * a + b - d - f + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = h + m - 7 * ((a + 11 * h + 22 * m) // 451) + 114
    return date(year, n // 31, n % 31 + 1)
