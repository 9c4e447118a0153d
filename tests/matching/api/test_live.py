"""Proposals of the moment, for partners."""

from uuid import uuid4

import pytest

from cells.models import ApiKey
from tests.cells.factories import DepartmentFactory
from tests.employers.factories import OfferFactory
from tests.matching.sent_offers import launched, send
from tests.support.partners import bearer, people_reader
from tests.support.queries import only_reading
from tests.youth.factories import WishFactory, YoungPersonFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("published")]


def offers_of(person):
    return f"/api/v1/young-people/{person.uuid}/offers"


def people_of(offer):
    return f"/api/v1/offers/{offer.uuid}/young-people"


@pytest.fixture
def lea(cell):
    person = YoungPersonFactory(cell=cell, in_rouen=True, first_name="Léa", email="lea@exemple.fr")
    WishFactory(young_person=person)
    return person


@pytest.fixture
def offer():
    return OfferFactory(title="Commis de cuisine")


def test_a_partner_reads_the_offers_of_a_person_and_why(client, cell, lea, offer):
    headers = people_reader(cell)
    with only_reading():
        response = client.get(offers_of(lea), headers=headers)
    (found,) = response.json()["results"]
    assert found["offer"] == {"id": str(offer.uuid), "title": offer.title, "employer": offer.employer.name}
    assert found["rank"] == 1 and found["wish"] == str(lea.wishes.get().uuid)
    assert any("de son domicile" in reason for reason in found["reasons"])


def test_a_partner_reads_the_people_of_an_offer_without_their_contacts(client, cell, lea, offer):
    headers = people_reader(cell)
    with only_reading():
        response = client.get(people_of(offer), headers=headers)
    (found,) = response.json()["results"]
    assert set(found["young_person"]) == {"uuid", "first_name", "last_name", "postcode", "city"}
    assert found["young_person"]["uuid"] == str(lea.uuid)
    assert response.json()["is_spent"] is False
    assert "lea@exemple.fr" not in response.content.decode()


def test_an_offer_shown_to_enough_people_says_so(client, cell, lea, offer):
    send(launched(cell), offer, times=15)
    answer = client.get(people_of(offer), headers=people_reader(cell)).json()
    assert answer == {"results": [], "is_spent": True}


def test_outside_its_cell_and_departments_a_key_finds_nobody(client, cell, other_cell, lea, offer):
    assert client.get(offers_of(lea), headers=people_reader(other_cell)).status_code == 404
    assert client.get(people_of(offer), headers=people_reader(other_cell)).json()["results"] == []
    calvados = people_reader(cell, departments=[DepartmentFactory(code="14")])
    assert client.get(offers_of(lea), headers=calvados).status_code == 404
    assert client.get(people_of(offer), headers=calvados).json()["results"] == []


@pytest.mark.parametrize("address", [offers_of, people_of])
def test_without_the_right_nothing_is_read(client, cell, lea, offer, address):
    target = lea if address is offers_of else offer
    assert client.get(address(target)).status_code == 401
    assert client.get(address(target), headers=bearer(cell, ApiKey.Scope.OFFERS_WRITE)).status_code == 403


def test_a_closed_or_unknown_offer_is_not_found(client, cell, lea):
    headers = people_reader(cell)
    assert client.get(people_of(OfferFactory(status="Filled")), headers=headers).status_code == 404
    assert client.get(f"/api/v1/offers/{uuid4()}/young-people", headers=headers).status_code == 404


@pytest.mark.parametrize(("limit", "status"), [("1", 200), ("51", 400), ("0", 400), ("x", 400)])
def test_the_number_of_proposals_is_bounded(client, cell, lea, limit, status):
    OfferFactory.create_batch(2)
    response = client.get(f"{offers_of(lea)}?limit={limit}", headers=people_reader(cell))
    assert response.status_code == status
    if status == 200:
        assert len(response.json()["results"]) == 1


def test_each_reading_is_traced(client, cell, lea, offer, published, django_capture_on_commit_callbacks):
    headers = people_reader(cell)
    with django_capture_on_commit_callbacks(execute=True):
        client.get(offers_of(lea), headers=headers)
        client.get(people_of(offer), headers=headers)
    traces = [(args, kwargs) for name, args, kwargs in published if name == "cells.tasks.record_reading"]
    assert [args for args, _ in traces] == [["person.read"], ["person.listed"]]
    assert all(kwargs["target_uuids"] == [str(lea.uuid)] for _, kwargs in traces)
