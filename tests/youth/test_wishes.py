"""Which wishes still count."""

from datetime import date

import pytest

from tests.youth.factories import WishFactory
from youth.models import Wish

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("source", Wish.Source.values)
@pytest.mark.parametrize(
    ("today", "years"),
    [
        (date(2026, 7, 31), {2025, 2026, 2027}),
        (date(2026, 8, 1), {2026, 2027}),
        (date(2026, 11, 22), {2026, 2027}),
        (date(2027, 7, 31), {2026, 2027}),
        (date(2027, 8, 1), {2027}),
    ],
)
def test_a_wish_for_september_counts_until_the_end_of_july(today, years, source):
    for year in (2019, 2025, 2026, 2027):
        WishFactory(source=source, school_year=year)
    assert set(Wish.objects.current(today).values_list("school_year", flat=True)) == years


def test_a_closed_wish_counts_no_more():
    wish = WishFactory()
    Wish.objects.update(closed_at=wish.created_at, closed_reason="Retiré du fichier")
    assert not Wish.objects.current(date(2026, 11, 22)).exists()
