from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cells import tasks
from cells.models import ApiKey, AuditEntry
from tests.cells.factories import DepartmentFactory, OccupationFactory
from tests.support.partners import bearer, people_reader
from tests.support.queries import only_reading
from tests.youth.factories import GuardianFactory, WishFactory, YoungPersonFactory
from youth.models import Wish, YoungPerson

UNKNOWN = "00000000-0000-4000-8000-000000000000"

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("published")]
PEOPLE = "/api/v1/young-people"


def uuids(response):
    assert response.status_code == 200, response.json()
    return {row["uuid"] for row in response.json()["results"]}


@pytest.fixture
def read(client, published, django_capture_on_commit_callbacks):
    """`read(address, headers)`: the traces that this call leaves, as (action, facts)."""

    def call(address, headers=None):
        with django_capture_on_commit_callbacks(execute=True):
            client.get(address, headers=headers or {})
        return [(args[0], kwargs) for name, args, kwargs in published if name == "cells.tasks.record_reading"]

    return call


def test_a_partner_sees_the_people_of_its_cell_only(client, cell, other_cell):
    mine = YoungPersonFactory(cell=cell)
    theirs = YoungPersonFactory(cell=other_cell)
    headers = people_reader(cell)
    assert uuids(client.get(PEOPLE, headers=headers)) == {str(mine.uuid)}
    assert client.get(f"{PEOPLE}/{mine.uuid}", headers=headers).status_code == 200
    assert client.get(f"{PEOPLE}/{theirs.uuid}", headers=headers).status_code == 404


def test_a_partner_sees_its_departments_only(client, cell):
    here = YoungPersonFactory(cell=cell, in_rouen=True)
    elsewhere = YoungPersonFactory(cell=cell)
    headers = people_reader(cell, departments=[DepartmentFactory(code="76")])
    assert uuids(client.get(PEOPLE, headers=headers)) == {str(here.uuid)}
    assert client.get(f"{PEOPLE}/{elsewhere.uuid}", headers=headers).status_code == 404


def test_what_is_outside_cannot_be_told_from_what_does_not_exist(client, cell, other_cell):
    headers = people_reader(cell)
    outside = client.get(f"{PEOPLE}/{YoungPersonFactory(cell=other_cell).uuid}", headers=headers).json()
    unknown = client.get(f"{PEOPLE}/{uuid4()}", headers=headers).json()
    del outside["request_id"], unknown["request_id"]
    assert outside == unknown


@pytest.mark.parametrize("path", ["", f"/{UNKNOWN}"])
def test_no_key_is_401_and_a_key_without_the_right_403(client, cell, path):
    assert client.get(PEOPLE + path).status_code == 401
    assert client.get(PEOPLE + path, headers=bearer(cell)).status_code == 403
    assert client.get(PEOPLE + path, headers=bearer(cell, ApiKey.Scope.OFFERS_WRITE)).status_code == 403


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nobody_writes_here(client, cell, method):
    YoungPersonFactory(cell=cell)
    assert getattr(client, method)(PEOPLE, headers=people_reader(cell)).status_code == 405
    assert getattr(client, method)(PEOPLE).status_code == 401
    assert YoungPerson.objects.count() == 1


def test_a_person_is_told_without_contact_guardian_or_identifier(client, cell):
    person = YoungPersonFactory(
        cell=cell, in_rouen=True, ine="123456789AB", birth_date="2009-05-17", phone="0612345678", address="3 rue Secret"
    )
    guardian = GuardianFactory(young_person=person, name="Madame Secret", phone="0699999999")
    wish = WishFactory(young_person=person, rank=2, training__level__level=3, training__occupations=["G1602", "D1102"])
    response = client.get(f"{PEOPLE}/{person.uuid}", headers=people_reader(cell))
    body = response.json()
    assert set(body) == {
        "uuid", "first_name", "last_name", "postcode", "city", "situation", "wishes", "updated_at",
    }  # fmt: skip
    assert body["wishes"] == [
        {
            "uuid": str(wish.uuid),
            "rank": 2,
            "source": "affelnet",
            "label": wish.label,
            "training": {"label": wish.training.label, "level": 3},
            "rome_codes": ["D1102", "G1602"],
        }
    ]
    for secret in (person.ine, person.email, person.phone, "2009", "Secr", guardian.email, guardian.phone):
        assert secret not in response.content.decode()


def test_a_typed_occupation_is_the_one_of_the_wish(client, cell):
    wish = WishFactory(young_person__cell=cell, training=None, occupation=OccupationFactory(code="D1102"))
    (told,) = client.get(f"{PEOPLE}/{wish.young_person.uuid}", headers=people_reader(cell)).json()["wishes"]
    assert told["training"] is None
    assert told["rome_codes"] == ["D1102"]


def test_closed_wishes_are_not_told(client, cell):
    wish = WishFactory(young_person__cell=cell, closed_at=timezone.now(), closed_reason="Disparu du fichier")
    assert client.get(f"{PEOPLE}/{wish.young_person.uuid}", headers=people_reader(cell)).json()["wishes"] == []


def test_a_changed_wish_makes_a_changed_person(client, cell):
    quiet, changed, wished = (YoungPersonFactory(cell=cell) for _ in range(3))
    wish = WishFactory(young_person=wished)
    WishFactory(young_person=quiet)
    long_ago = timezone.now() - timedelta(days=30)
    YoungPerson.objects.exclude(pk=changed.pk).update(updated_at=long_ago)
    Wish.objects.exclude(pk=wish.pk).update(updated_at=long_ago)
    since = (timezone.now() - timedelta(days=1)).isoformat()
    response = client.get(PEOPLE, {"updated_since": since}, headers=people_reader(cell))
    assert uuids(response) == {str(changed.uuid), str(wished.uuid)}


def test_a_situation_is_asked_for(client, cell):
    YoungPersonFactory(cell=cell)
    signed = YoungPersonFactory(cell=cell, situation=YoungPerson.Situation.IN_CONTRACT)
    headers = people_reader(cell)
    assert uuids(client.get(PEOPLE, {"situation": "in_contract"}, headers=headers)) == {str(signed.uuid)}
    assert client.get(PEOPLE, {"situation": "perdu"}, headers=headers).status_code == 400


def test_pages_cover_everybody_once(client, cell):
    people = YoungPersonFactory.create_batch(5, cell=cell)
    headers, cursor, seen = people_reader(cell), "", []
    while cursor is not None:
        body = client.get(PEOPLE, {"limit": 2, "cursor": cursor, "total": "1"}, headers=headers).json()
        seen += [row["uuid"] for row in body["results"]]
        cursor = body["next_cursor"]
        assert body["total"] == 5
    assert sorted(seen) == sorted(str(person.uuid) for person in people)


def test_a_list_is_traced_with_everyone_on_the_page(read, cell):
    people = YoungPersonFactory.create_batch(2, cell=cell)
    ((action, facts),) = read(PEOPLE, people_reader(cell))
    assert action == "person.listed"
    assert set(facts["target_uuids"]) == {str(person.uuid) for person in people}
    assert facts["viewer"]["api_key_id"] == ApiKey.objects.get().pk
    assert facts["viewer"]["cell_id"] == cell.pk


def test_a_file_that_was_read_ends_in_the_audit(read, cell):
    person = YoungPersonFactory(cell=cell)
    ((action, facts),) = read(f"{PEOPLE}/{person.uuid}", people_reader(cell))
    tasks.record_reading(action, **facts)
    entry = AuditEntry.objects.get(action="person.read")
    assert entry.target_uuid == person.uuid
    assert entry.api_key == ApiKey.objects.get()
    assert entry.cell == cell


def test_what_was_refused_is_not_traced_as_read(read, cell, other_cell):
    assert read(f"{PEOPLE}/{YoungPersonFactory(cell=other_cell).uuid}", people_reader(cell)) == []
    assert read(PEOPLE) == []


def test_reading_writes_nothing_and_costs_the_same_for_two_and_for_twenty(client, cell):
    headers = people_reader(cell)

    def cost():
        with CaptureQueriesContext(connection) as queries, only_reading():
            assert client.get(PEOPLE, headers=headers).status_code == 200
        return len(queries)

    for person in YoungPersonFactory.create_batch(2, cell=cell):
        WishFactory.create_batch(2, young_person=person)
    for_two = cost()
    for person in YoungPersonFactory.create_batch(18, cell=cell):
        WishFactory.create_batch(2, young_person=person)
    assert cost() == for_two <= 5
