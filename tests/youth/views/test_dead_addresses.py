"""Whose address no longer works is on the counsellor's page of the day, until it is corrected."""

import pytest
from django.urls import reverse

from cells.mailing.suppressions import suppress_address
from cells.models import Suppression
from tests.cells.factories import OutgoingMailFactory
from tests.youth.factories import GuardianFactory, YoungPersonFactory

pytestmark = pytest.mark.django_db


def refuse(address, cell):
    OutgoingMailFactory(stream__cell=cell, to_address=address, state="failed", closed_at="2026-11-20T10:00:00Z")
    suppress_address(address, Suppression.Reason.DEAD)


@pytest.fixture
def page(signed_in, alice):
    return lambda: signed_in(alice).get(reverse("youth:today")).content.decode()


def test_a_dead_address_is_on_the_page_until_it_is_corrected(page, cell):
    person = YoungPersonFactory(cell=cell, email="morte@exemple.fr")
    refuse(person.email, cell)
    assert "Adresses à corriger" in page()
    person.email = "vivante@exemple.fr"
    person.save()
    assert "Adresses à corriger" not in page()


def test_a_guardian_s_too(page, cell):
    GuardianFactory(young_person=YoungPersonFactory(cell=cell), email="parent@exemple.fr")
    refuse("parent@exemple.fr", cell)
    assert "Adresses à corriger" in page()


def test_another_cell_s_are_not_ours(page, other_cell):
    YoungPersonFactory(cell=other_cell, email="morte@exemple.fr")
    refuse("morte@exemple.fr", other_cell)
    assert "Adresses à corriger" not in page()
