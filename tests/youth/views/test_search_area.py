"""Changing where and how far a young person looks."""

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from cells.errors import RefusedError
from cells.models import AuditEntry
from tests.cells.factories import CommuneFactory, CommunePostcodeFactory
from tests.support.html import text_of
from tests.youth.factories import YoungPersonFactory
from youth.journey import journey_of
from youth.services.search_area import change_search_area

pytestmark = pytest.mark.django_db


@pytest.fixture
def lea(cell):
    CommunePostcodeFactory(commune=CommuneFactory(), postcode="76000")
    return YoungPersonFactory(cell=cell, in_rouen=True, latitude=49.45, longitude=1.1, address="3 rue Eau-de-Robec")


@pytest.fixture
def dieppe(db):
    dieppe = CommuneFactory(insee_code="76217", name="Dieppe", search_name="dieppe", latitude=49.92, longitude=1.08)
    return CommunePostcodeFactory(commune=dieppe, postcode="76200").commune


def send(client, person, **facts):
    asked = {"radius_km": person.radius_km, "place": "Rouen (76000)", "birth_date": ""} | facts
    response = client.post(reverse("youth:search-area", args=[person.uuid]), asked)
    person.refresh_from_db()
    return response


def test_a_wider_radius_keeps_the_home_where_it_is(alice, lea, signed_in):
    assert send(signed_in(alice), lea, radius_km=50).status_code == 302
    assert (lea.radius_km, lea.latitude, lea.address) == (50, 49.45, "3 rue Eau-de-Robec")


def test_another_commune_moves_the_home_to_its_centre(alice, lea, dieppe, signed_in):
    send(signed_in(alice), lea, place="dieppe")
    assert (lea.commune, lea.latitude, lea.postcode, lea.address) == (dieppe, 49.92, "76200", "")


def test_the_trace_names_what_changed_and_no_value(alice, lea, signed_in):
    send(signed_in(alice), lea, radius_km=50, birth_date="2009-05-17")
    assert AuditEntry.objects.get(action="person.search_changed").facts == {"changed": ["birth_date", "radius_km"]}
    assert "Recherche modifiée" in [event.title for event in journey_of(lea)]


def test_sending_the_form_as_it_is_changes_and_notes_nothing(alice, lea, signed_in):
    before = lea.updated_at
    send(signed_in(alice), lea)
    assert lea.updated_at == before
    assert not AuditEntry.objects.filter(action="person.search_changed").exists()


@pytest.mark.parametrize(("asked", "shown"), [("50", 50), ("", 30), ("0", 30), ("9999", 30), ("²", 30)])
def test_a_radius_proposed_by_a_page_is_only_proposed(alice, lea, signed_in, asked, shown):
    response = signed_in(alice).get(reverse("youth:search-area", args=[lea.uuid]), {"rayon": asked})
    assert response.context["form"]["radius_km"].value() == shown
    lea.refresh_from_db()
    assert lea.radius_km == 30


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"radius_km": 0}, "supérieure ou égale à 1"),
        ({"place": "Xyzzy"}, "Aucune commune ne porte ce nom"),
        ({"birth_date": (timezone.localdate() + timedelta(days=2)).isoformat()}, "elle est à venir"),
    ],
)
def test_what_makes_no_sense_is_refused_and_said(alice, lea, signed_in, facts, words):
    response = send(signed_in(alice), lea, **facts)
    assert response.status_code == 422
    assert words in text_of(response)


def test_homonyms_are_chosen_from_a_list(alice, lea, signed_in):
    for insee, postcode in (("93066", "93200"), ("97411", "97400")):
        CommunePostcodeFactory(
            commune=CommuneFactory(insee_code=insee, name="Saint-Denis", search_name="saint denis"), postcode=postcode
        )
    response = send(signed_in(alice), lea, place="saint denis")
    assert '<option value="Saint-Denis (93200)"' in response.content.decode()


def test_only_a_counsellor_of_the_cell_changes_it(lea, charlie_viewer):
    with pytest.raises(RefusedError, match="Seul un conseiller"):
        change_search_area(lea, by=charlie_viewer, radius_km=50, commune=None, birth_date=date(2009, 1, 1))
