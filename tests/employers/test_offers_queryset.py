from datetime import timedelta
from math import cos, radians

import pytest
from django.utils import timezone

from cells.models.territory import KM_PER_DEGREE
from employers.models import Offer
from tests.cells.factories import DiplomaLevelFactory
from tests.employers.factories import EmployerFactory, OfferFactory

ROUEN = (49.4405, 1.0939)


def ids(offers) -> set[str]:
    return {offer.partner_job_id for offer in offers}


@pytest.mark.django_db
def test_the_public_sees_active_offers_of_employers_who_accept_it():
    past, future = timezone.now() - timedelta(days=1), timezone.now() + timedelta(days=1)
    OfferFactory(partner_job_id="open", expires_at=future)
    OfferFactory(partner_job_id="endless", expires_at=None)
    OfferFactory(partner_job_id="expired", expires_at=past)
    OfferFactory(partner_job_id="filled", status=Offer.Status.FILLED)
    OfferFactory(partner_job_id="cancelled", status=Offer.Status.CANCELLED)
    OfferFactory(partner_job_id="unwilling", employer=EmployerFactory(objects_to_contact=True))

    assert ids(Offer.objects.public()) == {"open", "endless"}
    assert ids(Offer.objects.active()) == {"open", "endless", "unwilling"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("pains", {"title"}),
        ("BOULANGER rouen", {"text"}),
        ("boulanger -rouen", {"title"}),
        ('"apprenti boulanger"', {"title"}),
        ("plombier or boulanger", {"title", "text", "other"}),
        ("c'est <b> & | ! :* ((", set()),
        ("", set()),
    ],
)
def test_words_are_searched_in_french_whatever_is_typed(words, found):
    OfferFactory(partner_job_id="title", title="Apprenti boulanger", description="Pain")
    OfferFactory(partner_job_id="text", title="Apprentie vendeuse", description="Avec le boulanger de Rouen")
    OfferFactory(partner_job_id="other", title="Plombier", description="Chauffage")

    assert ids(Offer.objects.about(words)) == found


@pytest.mark.django_db
def test_a_word_of_the_title_counts_more_than_one_of_the_text():
    OfferFactory(partner_job_id="text", title="Vendeuse", description="boulanger")
    OfferFactory(partner_job_id="title", title="Boulanger", description="pain")

    found = Offer.objects.about("boulanger").order_by("-relevance")

    assert [offer.partner_job_id for offer in found] == ["title", "text"]


@pytest.mark.django_db
@pytest.mark.parametrize("centre", [ROUEN, (-21.1, 55.5), (14.6, -61.0)])
def test_near_measures_in_every_direction(centre):
    latitude, longitude = centre
    km_east = KM_PER_DEGREE * cos(radians(latitude))
    steps = {"north": (9 / KM_PER_DEGREE, 0), "west": (0, -9 / km_east), "too far": (0, 11 / km_east)}
    for name, (up, right) in steps.items():
        OfferFactory(partner_job_id=name, latitude=latitude + up, longitude=longitude + right)
    OfferFactory(partner_job_id="nowhere", latitude=None, longitude=None)

    near = Offer.objects.near(latitude, longitude, 10)

    assert ids(near) == {"north", "west"}
    assert [round(offer.distance, 1) for offer in near] == [9.0, 9.0]


@pytest.mark.django_db
def test_an_offer_at_the_very_place_is_at_0_km():
    OfferFactory(latitude=ROUEN[0], longitude=ROUEN[1])

    assert Offer.objects.near(*ROUEN, 1).get().distance < 0.001


@pytest.mark.django_db
def test_an_offer_of_two_asked_occupations_comes_once():
    OfferFactory(partner_job_id="both", occupations=["G1602", "D1102"])
    OfferFactory(partner_job_id="one", occupations=["D1102"])
    OfferFactory(partner_job_id="none", occupations=["F1602"])

    found = Offer.objects.for_occupations(["G1602", "D1102"])

    assert sorted(offer.partner_job_id for offer in found) == ["both", "one"]
    assert not Offer.objects.for_occupations([]).exists()


@pytest.mark.django_db
def test_an_offer_that_names_no_level_is_for_every_level():
    OfferFactory(partner_job_id="cap", target_level=DiplomaLevelFactory(level=3))
    OfferFactory(partner_job_id="bac", target_level=DiplomaLevelFactory(level=4))
    OfferFactory(partner_job_id="any")

    assert ids(Offer.objects.for_level(3)) == {"cap", "any"}


@pytest.mark.django_db
def test_the_words_chain():
    DiplomaLevelFactory(level=3)
    OfferFactory(partner_job_id="mine", title="Boulanger", occupations=["D1102"])
    OfferFactory(partner_job_id="far", title="Boulanger", occupations=["D1102"], latitude=43.3, longitude=5.4)

    found = Offer.objects.public().about("boulanger").near(*ROUEN, 30).for_occupations(["D1102"]).for_level(3)

    assert ids(found) == {"mine"}


@pytest.mark.django_db
@pytest.mark.parametrize("typed", ["électricien", "electricien", "ÉLECTRICIENNES", "Electriciens"])
def test_a_search_finds_words_with_and_without_accents(typed):
    offer = OfferFactory(title="Apprenti électricien du bâtiment")
    OfferFactory(title="Apprenti plombier", description="Chantiers neufs.")
    assert list(Offer.objects.public().about(typed)) == [offer]
