import pytest

from youth.models import YoungPerson


@pytest.mark.parametrize(
    ("read", "greeted"),
    [("LÉA", "Léa"), ("JEAN-BAPTISTE", "Jean-Baptiste"), ("Maëlys", "Maëlys"), ("d’Arc", "d’Arc"), ("M", "M")],
)
def test_a_letter_greets_nobody_in_capitals(read, greeted):
    assert YoungPerson(first_name=read).given_name == greeted
