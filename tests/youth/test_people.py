import pytest

from tests.youth.factories import YoungPersonFactory
from youth.models import YoungPerson


@pytest.mark.parametrize(
    ("read", "greeted"),
    [("LÉA", "Léa"), ("JEAN-BAPTISTE", "Jean-Baptiste"), ("Maëlys", "Maëlys"), ("d’Arc", "d’Arc"), ("M", "M")],
)
def test_a_letter_greets_nobody_in_capitals(read, greeted):
    assert YoungPerson(first_name=read).given_name == greeted


@pytest.mark.django_db
@pytest.mark.parametrize("asked", ["%", "_", "'", "🙂", "…"])
def test_a_search_that_holds_no_letter_finds_nobody_rather_than_everybody(asked):
    YoungPersonFactory()
    assert not YoungPerson.objects.search(asked).exists()
    assert YoungPerson.objects.search("  ").exists()
