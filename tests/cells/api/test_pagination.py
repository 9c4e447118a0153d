from itertools import chain

import pytest
from django.core import signing

from cells.api.pagination import SALT
from tests.employers.factories import EmployerFactory, OfferFactory

pytestmark = pytest.mark.django_db
OFFERS = "/api/v1/offers"


def ids(body):
    return [job["identifier"]["partner_job_id"] for job in body["jobs"]]


def walk(client, address, **query):
    """Every page, following the Link header as any client would."""
    response = client.get(address, query)
    pages = [ids(response.json())]
    while response.json()["next_cursor"]:
        link = response["Link"]
        response = client.get(link[link.index("<") + 1 : link.index(">")])
        pages.append(ids(response.json()))
    return pages


def test_pages_follow_each_other_without_a_hole_or_a_double(client):
    employer = EmployerFactory()
    offers = OfferFactory.create_batch(7, employer=employer)
    pages = walk(client, OFFERS, limit=3)
    assert [len(page) for page in pages] == [3, 3, 1]
    assert sorted(chain(*pages)) == sorted(offer.partner_job_id for offer in offers)


def test_offers_at_the_very_same_place_are_told_apart_by_their_id(client):
    employer = EmployerFactory()
    offers = OfferFactory.create_batch(5, employer=employer, latitude=49.5, longitude=1.2)
    pages = walk(client, OFFERS, limit=2, latitude=49.44, longitude=1.1)
    assert list(chain(*pages)) == [offer.partner_job_id for offer in offers]


def test_an_offer_that_arrives_meanwhile_does_not_shift_the_next_page(client):
    employer = EmployerFactory()
    OfferFactory.create_batch(4, employer=employer)
    first = client.get(OFFERS, {"limit": 2}).json()
    newcomer = OfferFactory(employer=employer)
    second = client.get(OFFERS, {"limit": 2, "cursor": first["next_cursor"]}).json()
    assert not {*ids(first), newcomer.partner_job_id} & set(ids(second))
    assert len(ids(second)) == 2


def test_the_last_page_has_no_next(client):
    OfferFactory()
    response = client.get(OFFERS)
    assert response.json()["next_cursor"] is None
    assert "Link" not in response


def test_the_total_is_counted_when_asked(client):
    OfferFactory.create_batch(3, employer=EmployerFactory())
    assert "total" not in client.get(OFFERS).json()
    assert client.get(OFFERS, {"total": "true", "limit": 1}).json()["total"] == 3


@pytest.mark.parametrize(
    "cursor",
    ["abc", "é", signing.dumps(["id", 1], salt="other"), signing.dumps(["metres", "id", 1, 2], salt=SALT)],
    ids=["garbage", "accent", "other-salt", "other-order"],
)
def test_a_cursor_of_nobody_or_of_another_order_is_refused(client, cursor):
    response = client.get(OFFERS, {"cursor": cursor})
    assert response.status_code == 400
    assert "Curseur" in response.json()["fields"]["cursor"][0]


@pytest.mark.parametrize("limit", ["0", "501", "x", "-1"])
def test_a_page_has_a_size(client, limit):
    response = client.get(OFFERS, {"limit": limit})
    assert response.status_code == 400
    assert list(response.json()["fields"]) == ["limit"]
