"""Each exclusion is named with its measure, and doing what it says lifts it."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from cells.scoping import NOBODY
from employers.models import Offer
from employers.workflow import ContractState
from matching.engine import Filter
from matching.run_settings import RunSettings
from matching.services.runs import execute_run, request_run
from matching.why_not import SENTENCES, explain_absence
from tests.cells.factories import DiplomaLevelFactory, TrainingFactory
from tests.employers.factories import ContractFactory, OfferFactory
from tests.matching.sent_offers import launched, send
from tests.youth.factories import WishFactory, YoungPersonFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def lea(cell):
    person = YoungPersonFactory(cell=cell, in_rouen=True)
    WishFactory(young_person=person, label="CAP Cuisine")
    return person


def reasons(person, offer, **wanted):
    settings = RunSettings.resolve(timezone.localdate(), wanted)
    found = explain_absence(person, offer, settings=settings)
    return {code: sentence.replace("\N{NO-BREAK SPACE}", " ") for code, sentence in found}


def test_every_filter_of_the_engine_has_a_sentence():
    assert set(SENTENCES) | {Filter.EXPIRED} == set(Filter)


def test_a_far_offer_says_the_radius_it_takes(lea):
    offer = OfferFactory(latitude=49.8, longitude=1.0939)
    assert reasons(lea, offer) == {
        "too_far": "L’offre est trop loin de 10 km : le rayon de recherche est de 30 km, "
        "il faudrait 40 km autour du domicile."
    }
    lea.radius_km = 40
    lea.save()
    assert set(reasons(lea, offer)) == {"no_run"}


def test_without_a_home_the_distance_is_from_the_training(cell):
    person = YoungPersonFactory(cell=cell)
    WishFactory(young_person=person, site_latitude=49.44, site_longitude=1.09)
    offer = OfferFactory(latitude=49.8, longitude=1.0939)
    assert reasons(person, offer) == {"too_far": "L’offre est trop loin de 11 km du lieu de formation."}


def test_a_missing_place_says_whose(cell, lea):
    assert reasons(lea, OfferFactory(latitude=None, longitude=None)) == {
        "place_unknown": "Le lieu de l’offre n’est pas connu."
    }
    placeless = YoungPersonFactory(cell=cell)
    WishFactory(young_person=placeless)
    assert "complétez l’adresse" in reasons(placeless, OfferFactory())["place_unknown"]


def test_the_trade_counts_wishes_that_wait_for_a_human(lea):
    offer = OfferFactory(occupations=["F1703"])
    assert reasons(lea, offer) == {
        "trade": "Aucun vœu ouvert ne vise un métier de cette offre, ni un métier du même domaine."
    }
    WishFactory(young_person=lea, training=None)
    assert reasons(lea, offer)["trade"].endswith("Formations à rattacher à un métier dans les vœux : 1.")


def test_a_person_without_open_wish_says_so(cell, lea):
    lea.wishes.update(closed_at=timezone.now(), closed_reason="retiré")
    assert reasons(lea, OfferFactory()) == {"no_wishes": "Le jeune n’a aucun vœu ouvert."}


@pytest.mark.parametrize(("level", "excess"), [(5, "1 niveau de trop"), (6, "2 niveaux de trop")])
def test_a_level_too_far_says_by_how_much_and_from_which_wish(lea, level, excess):
    offer = OfferFactory(target_level=DiplomaLevelFactory(level=level))
    sentence = reasons(lea, offer)["level"]
    assert excess in sentence and "« CAP Cuisine »" in sentence
    WishFactory(young_person=lea, training=TrainingFactory(level=DiplomaLevelFactory(level=level)))
    assert set(reasons(lea, offer)) == {"no_run"}


def test_an_offer_closed_to_minors_says_when_only_the_birth_date_is_missing(lea):
    offer = OfferFactory(accepts_minors=False)
    assert "date de naissance manque" in reasons(lea, offer)["minor"]
    lea.birth_date = timezone.localdate() - timedelta(days=16 * 365)
    lea.save()
    assert reasons(lea, offer) == {"minor": "L’offre n’est pas ouverte aux mineurs."}
    lea.birth_date = date(2000, 1, 1)
    lea.save()
    assert set(reasons(lea, offer)) == {"no_run"}


def test_a_start_long_past_says_by_how_many_days(lea):
    offer = OfferFactory(starts_on=timezone.localdate() - timedelta(days=92))
    assert "le délai de 90 jours pour la rejoindre est dépassé de 2 jours" in reasons(lea, offer)["start"]
    assert set(reasons(lea, offer, start_slack_days=92)) == {"no_run"}


@pytest.mark.parametrize(("days", "words"), [(0, "aujourd’hui"), (1, "hier"), (3, "il y a 3 jours")])
def test_an_expired_offer_says_since_when(lea, days, words):
    now = timezone.now()
    offer = OfferFactory(published_at=now - timedelta(days=30), expires_at=now - timedelta(days=days))
    assert reasons(lea, offer) == {"expired": f"L’offre a expiré {words}."}


def test_an_offer_that_is_filled_or_whose_employer_objects_says_so(lea):
    offer = OfferFactory(status=Offer.Status.FILLED, employer__objects_to_contact=True)
    assert reasons(lea, offer) == {
        "status": "L’offre n’est plus active : pourvue.",
        "objection": "L’employeur s’oppose à être contacté.",
    }


def test_signed_contracts_close_the_positions(lea):
    offer = OfferFactory()
    ContractFactory(offer=offer)
    assert reasons(lea, offer) == {"no_position": "Tous les postes de l’offre sont pris par des contrats signés."}


def test_a_person_in_contract_is_not_looking_and_a_break_excludes_its_employer_only(lea):
    contract = ContractFactory(young_person=lea)
    assert reasons(lea, OfferFactory()) == {"contract": "Le jeune a un contrat signé ou en cours."}
    contract.state, contract.broken_on = ContractState.BROKEN, timezone.localdate()
    contract.save()
    assert set(reasons(lea, OfferFactory())) == {"no_run"}
    assert set(reasons(lea, OfferFactory(employer=contract.employer))) == {"employer"}


def test_a_person_who_stopped_looking_says_so(lea):
    lea.situation = lea.Situation.NOT_SEEKING
    assert reasons(lea, OfferFactory()) == {
        "situation": "Le jeune n’est pas en recherche (« Ne cherche plus » dans son dossier)."
    }


def test_several_exclusions_are_all_said(lea):
    offer = OfferFactory(latitude=45.0, longitude=1.0, target_level=DiplomaLevelFactory(level=6), accepts_minors=False)
    assert set(reasons(lea, offer)) == {"minor", "level", "too_far"}


def test_a_spent_budget_is_the_last_reason(cell, lea):
    offer = OfferFactory()
    send(launched(cell), offer, times=2)
    assert set(reasons(lea, offer, exposure_factor=2)) == {"budget"}
    assert set(reasons(lea, offer, exposure_factor=3)) == {"outranked"}


def test_after_a_run_the_pair_is_proposed_or_outranked(cell, lea):
    best, other = OfferFactory(), OfferFactory(latitude=49.6)
    run = request_run(cell=cell, by=NOBODY, parameters={"k": 1})
    execute_run(run.pk)
    assert reasons(lea, best) == {}
    assert set(reasons(lea, other)) == {"outranked"}
