"""Each exclusion is named with its measure, and doing what it says lifts it."""

from datetime import date, timedelta

import pytest
from django.utils import timezone

from employers.models import Offer
from employers.workflow import ContractState
from matching.engine import Filter
from matching.models import OfferRefusal
from matching.run_settings import RunSettings
from matching.standing import standing_of
from matching.why_not import EXCLUSIONS, Act, explain_absence, read_pair
from matching.wording import NBSP
from tests.cells.factories import DiplomaLevelFactory, TrainingFactory
from tests.employers.factories import ContractFactory, OfferFactory
from tests.matching.factories import MatchFactory, MatchRunFactory, RunOfferFactory, RunPersonFactory
from tests.matching.sent_offers import launched, send
from tests.youth.factories import WishFactory, YoungPersonFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def lea(cell):
    person = YoungPersonFactory(cell=cell, in_rouen=True)
    WishFactory(young_person=person, label="CAP Cuisine")
    return person


def exclusions(person, offer, **wanted):
    settings = RunSettings.resolve(timezone.localdate(), wanted)
    return {one.code: one for one in explain_absence(person, offer, settings=settings)}


def reasons(person, offer, **wanted):
    found = exclusions(person, offer, **wanted)
    return {code: f"{one.sentence} {one.change}".strip().replace(NBSP, " ") for code, one in found.items()}


def test_every_filter_of_the_engine_has_a_sentence():
    assert set(EXCLUSIONS) | {Filter.EXPIRED, Filter.OFFER} == set(Filter)


def test_a_far_offer_says_the_radius_it_takes(lea):
    offer = OfferFactory(latitude=49.8, longitude=1.0939)
    assert reasons(lea, offer) == {
        "too_far": "L’offre est trop loin de 10 km : le rayon de recherche est de 30 km. Un rayon de 40 km y suffirait."
    }
    far = exclusions(lea, offer)["too_far"]
    assert (far.act, far.value) == (Act.RADIUS, 40)
    lea.radius_km = far.value
    lea.save()
    assert set(reasons(lea, offer)) == {"no_run"}


def test_without_a_home_the_distance_is_from_the_training(cell):
    person = YoungPersonFactory(cell=cell)
    WishFactory(young_person=person, site_latitude=49.44, site_longitude=1.09)
    offer = OfferFactory(latitude=49.8, longitude=1.0939)
    assert reasons(person, offer) == {
        "too_far": "L’offre est trop loin de 11 km du lieu de formation. Complétez la commune du jeune."
    }


def test_no_radius_reaches_the_other_end_of_the_country(lea):
    far = exclusions(lea, OfferFactory(latitude=43.3, longitude=5.4))["too_far"]
    assert "aucun rayon n’y suffit" in far.change
    assert far.act is None


def test_a_missing_place_says_whose(cell, lea):
    assert reasons(lea, OfferFactory(latitude=None, longitude=None)) == {
        "place_unknown": "Le lieu de l’offre n’est pas connu. Il manque à l’annonce."
    }
    placeless = YoungPersonFactory(cell=cell)
    WishFactory(young_person=placeless)
    assert exclusions(placeless, OfferFactory())["place_unknown"].act == Act.PLACE
    placeless.latitude, placeless.longitude = 49.44, 1.09
    placeless.save()
    assert set(reasons(placeless, OfferFactory())) == {"no_run"}


def test_the_trade_counts_wishes_that_wait_for_a_human(lea):
    offer = OfferFactory(occupations=["F1703"])
    assert reasons(lea, offer) == {
        "trade": "Aucun vœu ouvert ne vise un métier de cette offre, ni un métier du même domaine. "
        "Ajoutez un vœu pour ce métier."
    }
    unknown = WishFactory(young_person=lea, training=None)
    trade = exclusions(lea, offer)["trade"]
    assert trade.sentence.endswith("Formations à rattacher à un métier dans les vœux : 1.")
    assert trade.act == Act.TRAINING
    unknown.training = TrainingFactory(occupations=["F1703"])
    unknown.save()
    assert set(reasons(lea, offer)) == {"no_run"}


def test_a_person_without_open_wish_says_so(cell, lea):
    lea.wishes.update(closed_at=timezone.now(), closed_reason="retiré")
    (no_wishes,) = exclusions(lea, OfferFactory()).values()
    assert (no_wishes.sentence, no_wishes.act) == ("Le jeune n’a aucun vœu ouvert.", Act.WISH)


def test_a_wish_of_a_former_year_no_longer_counts(lea):
    lea.wishes.update(school_year=2020)
    assert set(reasons(lea, OfferFactory())) == {"no_wishes"}


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
    assert exclusions(lea, offer)["minor"].act == Act.BIRTH_DATE
    lea.birth_date = date(timezone.localdate().year - 16, 5, 17)
    lea.save()
    of_age = lea.birth_date.year + 18
    assert reasons(lea, offer) == {
        "minor": f"L’offre n’est pas ouverte aux mineurs : le jeune aura 18 ans en mai {of_age}."
    }
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
    assert exclusions(lea, offer)["expired"].sentence.replace(NBSP, " ") == f"L’offre a expiré {words}."


def test_an_offer_that_is_filled_or_whose_employer_objects_says_so(lea):
    offer = OfferFactory(status=Offer.Status.FILLED, employer__objects_to_contact=True)
    found = {code: one.sentence for code, one in exclusions(lea, offer).items()}
    assert found == {
        "status": "L’offre n’est plus active : pourvue.",
        "objection": "L’employeur s’oppose à être contacté.",
    }


def test_signed_contracts_close_the_positions(lea):
    offer = OfferFactory()
    ContractFactory(offer=offer)
    assert reasons(lea, offer) == {"no_position": "Tous les postes de l’offre sont pris par des contrats signés."}


def test_a_person_in_contract_is_not_looking_and_a_break_excludes_its_employer_only(lea):
    contract = ContractFactory(young_person=lea)
    assert exclusions(lea, OfferFactory())["contract"].sentence == "Le jeune a un contrat signé ou en cours."
    contract.state, contract.broken_on = ContractState.BROKEN, timezone.localdate()
    contract.save()
    assert set(reasons(lea, OfferFactory())) == {"no_run"}
    assert set(reasons(lea, OfferFactory(employer=contract.employer))) == {"employer"}


def test_a_person_who_stopped_looking_says_so(lea):
    lea.situation = lea.Situation.NOT_SEEKING
    assert reasons(lea, OfferFactory()) == {
        "situation": "Le jeune n’est pas en recherche (« Ne cherche plus » dans son dossier)."
    }


def test_an_offer_the_person_refused_says_why(lea):
    offer = OfferFactory()
    OfferRefusal.objects.create(young_person=lea, offer=offer, reason="dates")
    assert exclusions(lea, offer)["refused"].sentence == (
        "Le jeune a dit que cette offre n’était pas pour lui (les dates ne conviennent pas)."
    )


def test_several_exclusions_are_all_said(lea):
    offer = OfferFactory(latitude=45.0, longitude=1.0, target_level=DiplomaLevelFactory(level=6), accepts_minors=False)
    assert set(reasons(lea, offer)) == {"minor", "level", "too_far"}


def test_a_spent_budget_is_the_last_reason(cell, lea):
    offer = OfferFactory()
    send(launched(cell), offer, times=2)
    assert set(reasons(lea, offer, exposure_factor=2)) == {"budget"}
    assert set(reasons(lea, offer, exposure_factor=3)) == {"new"}


# --- nothing excludes: where the offer stands --------------------------------------------------------------


@pytest.fixture
def run(cell, lea):
    """A run that saw Léa, and the offers `seen` names."""
    run = MatchRunFactory(cell=cell)
    RunPersonFactory(run=run, young_person=lea)
    return run


def seen(run, budget=15, exposure=0, price=0, **facts):
    return RunOfferFactory(run=run, budget=budget, exposure=exposure, price=price, offer=OfferFactory(**facts)).offer


def test_the_last_run_s_own_proposal_needs_no_reason(lea, run):
    offer = seen(run)
    MatchFactory(run=run, young_person=lea, offer=offer)
    assert reasons(lea, offer) == {}


def test_an_offer_too_low_in_the_list_says_how_far_from_its_end(lea, run):
    best, last, other = seen(run), seen(run, latitude=49.5), seen(run, latitude=49.6)
    sentence = reasons(lea, other, k=2)["outranked"]
    standing = {offer: standing_of_offer(lea, offer, k=2) for offer in (best, last, other)}
    assert [one.rank for one in standing.values()] == [1, 2, 3]
    assert f"elle serait 3e de sa liste, avec {standing[other].score} points" in sentence
    assert f"la 2e en a {standing[last].score}, et une liste s’arrête là." in sentence


def standing_of_offer(person, offer, **wanted):
    pair = read_pair(person, offer, RunSettings.resolve(timezone.localdate(), wanted))
    return standing_of(pair.people, pair.wishes, offer, pair.settings)


def test_an_offer_behind_others_of_its_employer_says_so(lea, run):
    first = seen(run)
    second = seen(run, employer=first.employer, latitude=49.5)
    assert "après 1 autre du même employeur" in reasons(lea, second, per_employer=1)["outranked"]


def test_an_offer_given_to_others_says_how_many_and_its_price(lea, run):
    offer = seen(run, budget=15, exposure=15, price=84_500)
    score = standing_of_offer(lea, offer).score
    sentence = reasons(lea, offer)["shared"]
    assert "déjà proposée à 15 autres jeunes, son plafond ; elle serait 1re de sa liste" in sentence
    assert f"est de 84 points : une fois ce prix retiré, elle n’en vaut plus que {score - 84}" in sentence


def test_a_price_of_nothing_is_not_mentioned(lea, run):
    assert "prix" not in reasons(lea, seen(run, budget=1, exposure=1))["shared"]


def test_what_the_run_never_saw_is_proposed_at_once(cell, lea, run):
    new = exclusions(lea, OfferFactory())["new"]
    assert "n’avait pas vu cette offre" in new.sentence
    assert new.act == Act.PROPOSALS
    late = YoungPersonFactory(cell=cell, in_rouen=True)
    WishFactory(young_person=late)
    assert "n’avait pas vu ce jeune" in reasons(late, seen(run))["new"]


def test_a_standing_is_only_for_what_suits(lea):
    with pytest.raises(ValueError, match="does not suit"):
        standing_of_offer(lea, OfferFactory(occupations=["F1703"]))
