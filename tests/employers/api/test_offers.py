from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cells.models import Activity
from employers.models import Employer, Offer
from tests.cells.factories import (
    CellFactory,
    CommuneFactory,
    DepartmentFactory,
    DiplomaLevelFactory,
    OccupationFactory,
    TrainingFactory,
)
from tests.employers.factories import EmployerFactory, OfferFactory
from tests.support.partners import bearer
from tests.support.queries import only_reading

pytestmark = pytest.mark.django_db
OFFERS = "/api/v1/offers"
NATIONAL = "/api/job/v1/search"
ROUEN = {"latitude": "49.4431", "longitude": "1.0993"}
PARIS = {"latitude": 48.8566, "longitude": 2.3522}

NATIONAL_TREE = {
    "identifier": {"partner_job_id", "id", "partner_label"},
    "workplace": {
        "name", "description", "website", "siret", "brand", "legal_name", "size", "location", "domain",
    },
    "apply": {"url", "phone", "recipient_id"},
    "contract": {"start", "duration", "type", "remote"},
    "offer": {
        "title", "description", "rome_codes", "target_diploma", "desired_skills", "to_be_acquired_skills",
        "access_conditions", "publication", "opening_count", "status",
    },
}  # fmt: skip


def found(client, address=OFFERS, **query):
    response = client.get(address, query)
    assert response.status_code == 200, response.json()
    return [job["identifier"]["partner_job_id"] for job in response.json()["jobs"]]


def names(*offers):
    return [offer.partner_job_id for offer in offers]


@pytest.mark.parametrize("address", [OFFERS, NATIONAL])
def test_a_job_has_the_national_tree_and_nothing_else(client, address):
    OfferFactory()
    (job,) = client.get(address).json()["jobs"]
    assert set(job) == {*NATIONAL_TREE, "is_delegated"}
    assert {branch: set(job[branch]) for branch in NATIONAL_TREE} == NATIONAL_TREE
    assert set(job["workplace"]["location"]) == {"address", "geopoint"}
    assert set(job["workplace"]["domain"]) == {"idcc", "opco", "naf"}
    assert set(job["offer"]["publication"]) == {"creation", "expiration"}


def test_every_value_of_a_full_offer_is_told(client):
    Activity.objects.create(code="5610A", label="Restauration traditionnelle")
    employer = EmployerFactory(
        name="Le Gros-Horloge", brand="GH", legal_name="GH SARL", size="10-19", naf_code="5610A", idcc=1979,
        opco="AKTO", website="https://exemple.fr", description="Une table",
    )  # fmt: skip
    offer = OfferFactory(
        employer=employer, starts_on="2027-09-01", duration_months=24, remote="onsite", positions=2, is_delegated=True,
        target_level=DiplomaLevelFactory(level=3), desired_skills=["Rigueur"], to_be_acquired_skills=["Cuisson"],
        access_conditions=["Permis B"], apply_phone="0232000000", recipient_id="partners_1",
        occupations=["G1602", "D1102"],
    )  # fmt: skip
    job = client.get(f"{OFFERS}/{offer.uuid}").json()
    assert job["identifier"]["id"] == str(offer.uuid)
    assert job["workplace"]["siret"] == employer.siret
    assert job["workplace"]["location"]["geopoint"] == {"type": "Point", "coordinates": [1.0993, 49.4431]}
    assert job["workplace"]["domain"] == {
        "idcc": 1979,
        "opco": "AKTO",
        "naf": {"code": "5610A", "label": "Restauration traditionnelle"},
    }
    assert job["apply"] == {"url": offer.apply_url, "phone": "0232000000", "recipient_id": "partners_1"}
    assert job["contract"] == {
        "start": "2027-09-01T00:00:00+02:00",
        "duration": 24,
        "type": ["Apprentissage"],
        "remote": "onsite",
    }
    assert job["offer"]["rome_codes"] == ["D1102", "G1602"]
    assert job["offer"]["target_diploma"] == {"european": "3", "label": "CAP"}
    assert job["offer"]["opening_count"] == 2
    assert job["is_delegated"] is True


def test_what_is_not_known_is_null(client):
    OfferFactory(employer__name="X", latitude=None, longitude=None, expires_at=None)
    (job,) = client.get(OFFERS).json()["jobs"]
    assert job["workplace"]["brand"] is None
    assert job["workplace"]["location"]["geopoint"] is None
    assert job["workplace"]["domain"] == {"idcc": None, "opco": None, "naf": None}
    assert job["contract"] == {"start": None, "duration": None, "type": ["Apprentissage"], "remote": None}
    assert job["offer"]["target_diploma"] is None
    assert job["offer"]["publication"]["expiration"] is None


def test_an_offer_without_address_to_apply_leads_to_our_page(client, settings):
    offer = OfferFactory(apply_url="", apply_email="rh@exemple.fr")
    (job,) = client.get(OFFERS).json()["jobs"]
    assert job["apply"]["url"] == f"{settings.SITE_URL}/offres/{offer.uuid}/"


def test_the_national_address_answers_with_the_three_national_keys(client):
    OfferFactory()
    body = client.get(NATIONAL).json()
    assert set(body) == {"jobs", "recruiters", "warnings"}
    assert body["recruiters"] == body["warnings"] == []


def test_the_national_address_says_when_there_is_more(client):
    OfferFactory.create_batch(2, employer=EmployerFactory())
    response = client.get(NATIONAL, {"limit": 1})
    assert [warning["code"] for warning in response.json()["warnings"]] == ["MORE_RESULTS"]
    assert 'rel="next"' in response["Link"]


def test_clients_of_the_national_address_always_get_a_point(client):
    OfferFactory(latitude=None, longitude=None)
    assert found(client, NATIONAL) == []
    assert len(found(client, OFFERS)) == 1


def test_only_open_offers_are_served(client):
    now = timezone.now()
    OfferFactory(status=Offer.Status.FILLED)
    OfferFactory(status=Offer.Status.CANCELLED)
    OfferFactory(published_at=now - timedelta(days=9), expires_at=now - timedelta(days=1))
    OfferFactory(employer__objects_to_contact=True)
    assert found(client) == []


def test_nearest_first_within_the_radius(client):
    far = OfferFactory(latitude=49.6, longitude=1.1)
    near = OfferFactory(latitude=49.45, longitude=1.1)
    OfferFactory(**PARIS)
    assert found(client, **ROUEN) == names(near, far)
    assert found(client, **ROUEN, radius=5) == names(near)
    assert len(found(client, **ROUEN, radius=200)) == 3


def test_newest_first_without_a_place(client):
    now = timezone.now()
    old = OfferFactory(published_at=now - timedelta(days=9))
    new = OfferFactory(published_at=now - timedelta(hours=1))
    assert found(client) == names(new, old)


def test_offers_of_some_occupations(client):
    cook, baker = OfferFactory(occupations=["G1602"]), OfferFactory(occupations=["D1102"])
    assert found(client, romes="G1602") == names(cook)
    assert set(found(client, romes="g1602, D1102")) == set(names(cook, baker))


def test_a_certification_adds_its_occupations(client):
    cook, baker = OfferFactory(occupations=["G1602"]), OfferFactory(occupations=["D1102"])
    OfferFactory(occupations=["M1805"])
    TrainingFactory(rncp="RNCP34436", occupations=["D1102"])
    assert found(client, rncp="RNCP34436") == names(baker)
    assert set(found(client, rncp="RNCP34436", romes="G1602")) == set(names(cook, baker))


def test_a_level_keeps_the_offers_that_say_none(client):
    cap = OfferFactory(target_level=DiplomaLevelFactory(level=3))
    unsaid = OfferFactory()
    OfferFactory(target_level=DiplomaLevelFactory(level=5))
    assert set(found(client, target_diploma_level="3")) == set(names(cap, unsaid))


def test_departments_are_repeated(client):
    here = OfferFactory(commune=CommuneFactory())
    there = OfferFactory(
        commune=CommuneFactory(insee_code="35238", name="Rennes", department=DepartmentFactory(code="35"))
    )
    assert found(client, departements="76") == names(here)
    assert set(found(client, departements=["76", "35"])) == set(names(here, there))


def test_sources_are_set_aside(client):
    kept = OfferFactory(partner_label="A")
    OfferFactory(partner_label="B")
    OfferFactory(partner_label="C")
    assert found(client, partners_to_exclude=["B", "C"]) == names(kept)


def test_an_opco_is_that_of_the_employer(client):
    kept = OfferFactory(employer__opco="OPCO 2i")
    OfferFactory(employer__opco="AFDAS")
    assert found(client, opco="OPCO 2i") == names(kept)


@pytest.mark.parametrize("words", ["boulanger", "Boulangère", "BOULANGERS", "patissiere", "d1102"])
def test_words_find_the_occupation_whatever_the_accents_gender_or_number(client, words):
    OccupationFactory(code="D1102", label="Boulanger-pâtissier / Boulangère-pâtissière")
    offer = OfferFactory(title="Poste au fournil", occupations=["D1102"])
    OfferFactory(title="Autre", occupations=["M1805"])
    assert found(client, q=words) == names(offer)


def test_words_find_the_text(client):
    offer = OfferFactory(title="Commis", description="Vous préparez les desserts.")
    OfferFactory(description="Autre chose.")
    assert found(client, q="dessert") == names(offer)


def test_what_changed_since(client):
    old, changed, moved = OfferFactory(), OfferFactory(), OfferFactory()
    long_ago = timezone.now() - timedelta(days=30)
    Offer.objects.exclude(pk=changed.pk).update(updated_at=long_ago)
    Employer.objects.exclude(pk=moved.employer_id).update(updated_at=long_ago)
    since = (timezone.now() - timedelta(days=1)).isoformat()
    assert set(found(client, updated_since=since)) == set(names(changed, moved)), old


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ({"latitude": "200", "longitude": "1"}, {"latitude"}),
        ({"latitude": "49", "longitude": "-181"}, {"longitude"}),
        ({"latitude": "nan", "longitude": "1"}, {"latitude"}),
        ({"latitude": "49"}, {"longitude"}),
        ({"longitude": "1"}, {"latitude"}),
        ({"latitude": "abc", "longitude": "1"}, {"latitude"}),
        ({**ROUEN, "radius": "201"}, {"radius"}),
        ({**ROUEN, "radius": "-1"}, {"radius"}),
        ({"romes": "F16"}, {"romes"}),
        ({"romes": "F1601,<script>"}, {"romes"}),
        ({"rncp": "34436"}, {"rncp"}),
        ({"rncp": "RNCP99999"}, {"rncp"}),
        ({"target_diploma_level": "2"}, {"target_diploma_level"}),
        ({"departements": ["76", "760"]}, {"departements"}),
        ({"opco": "Mon OPCO"}, {"opco"}),
        ({"updated_since": "hier"}, {"updated_since"}),
        ({"q": "a\x00b"}, {"q"}),
        ({"latitude": "200", "longitude": "1", "limit": "0"}, {"latitude", "limit"}),
    ],
)
@pytest.mark.parametrize("address", [OFFERS, NATIONAL])
def test_a_wrong_parameter_is_named(client, address, query, fields):
    response = client.get(address, query)
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"
    assert set(response.json()["fields"]) == fields
    assert all(message for messages in response.json()["fields"].values() for message in messages)


def test_the_smallest_radius_is_the_very_place(client):
    OfferFactory(latitude=49.45, longitude=1.1)
    assert found(client, **ROUEN, radius=0) == []


@pytest.mark.parametrize("status", [Offer.Status.FILLED, Offer.Status.CANCELLED])
def test_one_closed_offer_is_not_found(client, status):
    assert client.get(f"{OFFERS}/{OfferFactory(status=status).uuid}").status_code == 404


def test_one_unknown_offer_is_not_found(client):
    assert client.get(f"{OFFERS}/{uuid4()}").status_code == 404
    assert client.get(f"{OFFERS}/pas-un-uuid").status_code == 404


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nobody_writes_here(client, method):
    assert getattr(client, method)(OFFERS).status_code == 401
    response = getattr(client, method)(OFFERS, headers=bearer(CellFactory()))
    assert response.status_code == 403
    assert response.json()["code"] == "forbidden"


def test_a_page_costs_the_same_for_two_offers_and_for_twenty(client, published):
    headers = bearer(CellFactory())
    query = {**ROUEN, "q": "cuisinier", "romes": "G1602,D1102", "total": "true"}

    def cost():
        with CaptureQueriesContext(connection) as queries, only_reading():
            assert client.get(OFFERS, query, headers=headers).status_code == 200
        return len(queries)

    OfferFactory.create_batch(2, occupations=["G1602", "D1102"])
    for_two = cost()
    OfferFactory.create_batch(18, occupations=["G1602", "D1102"])
    assert cost() == for_two <= 4
