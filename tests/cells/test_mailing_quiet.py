"""Waking hours where the person lives, Sundays and the public holidays of each territory."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cells.holidays import easter_sunday, is_holiday, is_rest_day
from cells.mailing.quiet import Window

PARIS, REUNION, GUADELOUPE = ("Europe/Paris", "76"), ("Indian/Reunion", "974"), ("America/Guadeloupe", "971")


def local(place, text):
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(place[0]))


def opening(place, text, window=None):
    return (window or Window()).next_open(local(place, text), zone=place[0], department=place[1])


@pytest.mark.parametrize(
    ("place", "now", "expected"),
    [
        (PARIS, "2026-11-20 08:00", "2026-11-20 08:00"),
        (PARIS, "2026-11-20 19:59", "2026-11-20 19:59"),
        (PARIS, "2026-11-20 07:59", "2026-11-20 08:00"),
        (PARIS, "2026-11-20 20:00", "2026-11-21 08:00"),
        (PARIS, "2026-11-21 20:00", "2026-11-23 08:00"),  # Saturday evening → Monday
        (PARIS, "2026-11-22 12:00", "2026-11-23 08:00"),  # Sunday
        (PARIS, "2026-12-24 20:30", "2026-12-26 08:00"),
        (("Europe/Paris", "67"), "2026-12-24 20:30", "2026-12-28 08:00"),  # Alsace: 26 December, then a Sunday
        (REUNION, "2026-12-18 23:00", "2026-12-19 08:00"),
        (REUNION, "2026-12-19 21:00", "2026-12-21 08:00"),  # the 20th ends slavery, and is a Sunday
        (PARIS, "2027-03-27 21:00", "2027-03-30 08:00"),  # summer time begins on Easter Sunday, then Monday
    ],
)
def test_a_mail_waits_for_the_next_open_minute(place, now, expected):
    assert opening(place, now) == local(place, expected)


def test_the_same_instant_is_day_here_and_night_there():
    noon = local(PARIS, "2026-11-20 12:00")
    assert Window().next_open(noon, zone=GUADELOUPE[0], department="971") == local(GUADELOUPE, "2026-11-20 08:00")


def test_a_campaign_may_write_on_rest_days():
    assert opening(PARIS, "2026-11-22 12:00", Window(on_rest_days=True)) == local(PARIS, "2026-11-22 12:00")


@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2035, 1, 1)),
    st.sampled_from([PARIS, REUNION, GUADELOUPE, ("Europe/Paris", "57")]),
)
def test_the_next_opening_is_open_and_the_nearest(moment, place):
    now = moment.replace(tzinfo=ZoneInfo("UTC"))
    found = Window().next_open(now, zone=place[0], department=place[1])
    there = found.astimezone(ZoneInfo(place[0]))
    assert now <= found <= now + timedelta(days=6)
    assert time(8) <= there.time() < time(20)
    assert not is_rest_day(there.date(), place[1])
    assert Window().next_open(found, zone=place[0], department=place[1]) == found


@pytest.mark.parametrize(
    ("year", "day"),
    [(2024, date(2024, 3, 31)), (2025, date(2025, 4, 20)), (2026, date(2026, 4, 5)), (2038, date(2038, 4, 25))],
)
def test_easter_falls_where_the_calendar_says(year, day):
    assert easter_sunday(year) == day


@pytest.mark.parametrize(
    ("day", "here", "elsewhere"),
    [
        (date(2026, 4, 3), "57", "54"),  # Good Friday
        (date(2026, 12, 26), "68", "75"),
        (date(2026, 5, 27), "971", "972"),
        (date(2026, 5, 22), "972", "971"),
        (date(2026, 6, 10), "973", "13"),
        (date(2026, 4, 27), "976", "974"),
    ],
)
def test_some_holidays_belong_to_some_places(day, here, elsewhere):
    assert is_holiday(day, here)
    assert not is_holiday(day, elsewhere)


@pytest.mark.parametrize("day", ["2026-04-06", "2026-05-14", "2026-05-25", "2026-07-14", "2026-11-11"])
def test_the_others_are_everybody_s(day):
    assert all(is_holiday(date.fromisoformat(day), department) for department in ("75", "67", "974", ""))
