"""The certificate of a run: what it says when all is well, and that every lie is found."""

from datetime import date, timedelta

import pytest
from django.db.models import Count, F
from django.utils import timezone

from employers.models import Employer, Offer
from matching.certificate.verification import verify
from matching.models import Match, RunCertificate, RunOffer, RunPerson
from matching.services import execution
from matching.services.certification import CertificateRefusedError, certify_run, subject_of
from tests.cells.factories import DiplomaLevelFactory, OccupationFactory
from tests.employers.factories import ContractFactory, EmployerFactory, OfferFactory
from tests.matching.computed import run_for
from tests.matching.sent_offers import launched, send
from tests.youth.factories import WishFactory, YoungPersonFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def quiet(published):
    """Nothing reaches the broker."""


@pytest.fixture
def young(cell):
    """Fourteen or so, wants to cook, else to build."""
    person = YoungPersonFactory(cell=cell, in_rouen=True, birth_date=date(timezone.localdate().year - 14, 1, 1))
    for rank, code in enumerate(["G1602", "F1703"], start=1):
        WishFactory(
            young_person=person, rank=rank, training=None, occupation=OccupationFactory(code=code), level=level(3)
        )
    return person


def trade(code):
    return {"training": None, "occupation": OccupationFactory(code=code)}


def level(number):
    return DiplomaLevelFactory(level=number)


@pytest.fixture
def run(cell, young):
    """Twelve people, five kitchens of two employers, one building site, each shown so many times that some wait."""
    for person in YoungPersonFactory.create_batch(11, cell=cell, in_rouen=True):
        WishFactory(young_person=person, **trade("G1602"))
    YoungPersonFactory(cell=cell, in_rouen=True)
    for employer in EmployerFactory.create_batch(2):
        OfferFactory.create_batch(2, employer=employer)
    OfferFactory(occupations=["F1703"])
    OfferFactory(target_level=level(3), published_at=timezone.now() - timedelta(days=40))
    run = run_for(cell, exposure_factor=3, per_employer=1, k=2)
    assert run.state == "done", run.message
    return run


def refused(run):
    """The checks that fail when the run is read as if it had just been made."""
    outcome = verify(subject_of(run), run.started_at, timezone.now())
    return {check.name for check in outcome.checks if not check.holds}


def a_match(run, **which):
    return run.matches.filter(**which).order_by("young_person", "rank").first()


# --- when all is well ----------------------------------------------------------------------------------------


def test_a_run_carries_the_certificate_of_what_it_wrote(run):
    certificate = run.certificate
    assert certificate.verdict == "ok"
    assert {check["name"] for check in certificate.checks if check["faults"]} == set()
    facts = certificate.facts
    assert (facts["people"], facts["offers"], facts["matches"]) == (13, 6, run.matches.count())
    assert facts["covered"] == run.people_with_offer == 12
    assert facts["score"] == sum(run.matches.values_list("score", flat=True)) <= facts["upper"]
    assert refused(run) == set()


# --- proposals that lie --------------------------------------------------------------------------------------

MOVED_TO = {
    "filled": {"status": "Filled"},
    "expired": {"published_at": timezone.now() - timedelta(days=9), "expires_at": timezone.now() - timedelta(days=2)},
    "no position": {"positions": 0},
    "minors": {"accepts_minors": False},
    "start over": {"starts_on": timezone.localdate() - timedelta(days=91)},
    "other trade": {"occupations": ["M1805"]},
    "far level": {"level": 5},
    "too far": {"latitude": 49.72, "longitude": 1.0993},
    "placeless": {"latitude": None, "longitude": None},
    "objecting employer": {"employer__objects_to_contact": True},
}


@pytest.mark.parametrize("reason", MOVED_TO)
def test_a_proposal_moved_to_an_offer_that_any_filter_refuses(run, young, reason):
    facts = dict(MOVED_TO[reason])
    wanted = facts.pop("level", None)
    offer = OfferFactory(**facts, target_level=wanted and level(wanted))
    assert "eligibility" not in refused(run)
    run.matches.filter(young_person=young, rank=1).update(offer=offer)
    assert "eligibility" in refused(run)


def test_a_proposal_moved_to_an_employer_who_broke_a_contract_with_the_person(run, young):
    ContractFactory(
        young_person=young, employer=a_match(run, young_person=young).offer.employer, state="broken",
        broken_on=timezone.localdate(),
    )  # fmt: skip
    assert "eligibility" in refused(run)


def test_a_proposal_of_an_offer_whose_position_was_taken_already(run, young):
    match = a_match(run, young_person=young)
    ContractFactory(offer=match.offer)
    assert {"eligibility", "offers"} <= refused(run)


def set_reason(name, value):
    def change(match):
        match.reasons = match.reasons | {name: value}
        match.save()

    return change


def edit(**changes):
    return lambda match: Match.objects.filter(pk=match.pk).update(**changes)


def swap_ranks(match):
    both = Match.objects.filter(run=match.run, young_person=match.young_person)
    both.filter(rank=1).update(rank=9)
    both.filter(rank=2).update(rank=1)
    both.filter(rank=9).update(rank=2)


def repeat(match):
    Match.objects.create(
        run=match.run, young_person=match.young_person, offer=match.offer, wish=match.wish, rank=3, score=match.score,
        distance_m=match.distance_m, reasons=match.reasons,
    )  # fmt: skip


def add_third(match):
    taken = Match.objects.filter(run=match.run, young_person=match.young_person).values("offer")
    match.pk, match.rank = None, 3
    match.offer = Offer.objects.exclude(pk__in=taken).filter(occupations="G1602").first()
    match.save()


def give_same_employer(match):
    both = Offer.objects.filter(employer=Employer.objects.alias(n=Count("offers")).filter(n=2).first())
    mine = Match.objects.filter(run=match.run, young_person=match.young_person)
    for rank, offer in enumerate(both, start=1):
        mine.filter(rank=rank).update(offer=offer)


def to_other_wish(match):
    other = match.young_person.wishes.exclude(pk=match.wish_id).get()
    Match.objects.filter(pk=match.pk).update(wish=other)


def stranger():
    return YoungPersonFactory(cell__region__code="53")


def to_strangers_wish(match):
    Match.objects.filter(pk=match.pk).update(wish=WishFactory(young_person=stranger()))


def to_stranger(match):
    Match.objects.filter(pk=match.pk).update(young_person=stranger())


def to_unknown_offer(match):
    Match.objects.filter(pk=match.pk).update(offer_id=10**9)


LIES = [
    ("score", edit(score=F("score") + 1)),
    ("score", edit(score=F("score") - 200)),  # the points for variety
    ("distance", edit(distance_m=F("distance_m") + 1)),
    ("distance", edit(distance_m=None)),
    ("reasons", set_reason("variety", 0)),
    ("reasons", set_reason("rank", 2)),
    ("reasons", set_reason("rome", 0)),
    ("reasons", set_reason("via", 1)),
    ("reasons", set_reason("age", 0)),
    ("reasons", to_other_wish),
    ("references", to_strangers_wish),
    ("references", to_stranger),
    ("references", to_unknown_offer),
    ("rank", swap_ranks),
    ("rank", edit(rank=4)),
    ("duplicate", repeat),
    ("person_limit", add_third),
    ("employer_limit", give_same_employer),
    ("counts", lambda match: match.delete()),
    ("exposure", lambda match: match.delete()),
]


@pytest.mark.parametrize(("name", "lie"), LIES)
def test_a_proposal_that_lies(run, young, name, lie):
    match = run.matches.filter(young_person=young, reasons__isnull=False).order_by("rank").first()
    lie(Match.objects.get(pk=match.pk))
    assert name in refused(run)


# --- a run that lies -----------------------------------------------------------------------------------------


def in_offer(**changes):
    return lambda run: RunOffer.objects.filter(pk=run.offers.filter(exposure=3).first().pk).update(**changes)


def forget_somebody(run):
    run.people.filter(status=RunPerson.Status.NO_WISHES).delete()


def add_somebody(run):
    RunPerson.objects.create(run=run, young_person=stranger(), status=4)


def forget_offer(run):
    run.offers.filter(offer__occupations="F1703").delete()


def add_offer(run):
    RunOffer.objects.create(run=run, offer=OfferFactory(status="Filled"), budget=3, exposure=0)


def in_bound(**changes):
    def change(run):
        run.bound = run.bound | changes
        run.save()

    return change


def count(name):
    return lambda run: type(run).objects.filter(pk=run.pk).update(**{name: F(name) + 1})


def inflate_bound(run):
    in_bound(upper=run.bound["upper"] + 1)(run)


def claim_more_score(run):
    in_bound(score=run.bound["score"] + 1)(run)


def show_beyond_budget(run):
    RunOffer.objects.filter(pk=run.offers.filter(exposure=3).first().pk).update(budget=2)


RUN_LIES = [
    ("people", forget_somebody),
    ("people", add_somebody),
    ("offers", forget_offer),
    ("offers", add_offer),
    ("budget", in_offer(budget=4)),
    ("exposure", in_offer(exposure=2)),
    ("exposure", show_beyond_budget),
    ("prices", in_offer(price=-1)),
    ("bound", in_offer(price=F("price") + 7_000)),
    ("bound", inflate_bound),
    ("bound", claim_more_score),
    ("bound", in_bound(coverable=13)),
    ("bound", in_bound(ratio=0.5)),
    ("counts", count("people_count")),
    ("counts", count("offer_count")),
    ("counts", count("match_count")),
    ("counts", count("people_with_offer")),
    ("status", lambda run: run.people.filter(status=1).update(status=4)),
    ("status", lambda run: run.people.filter(status=0).update(status=5)),
]


@pytest.mark.parametrize(("name", "lie"), RUN_LIES)
def test_a_run_that_lies(run, name, lie):
    lie(run)
    assert name in refused(run)


def test_a_price_that_is_lowered_spoils_the_bound(run):
    assert run.offers.filter(price__gt=0).exists()
    run.offers.update(price=0)
    assert refused(run) == {"bound"}


def test_somebody_who_could_be_served_and_is_not_is_found_even_when_every_total_agrees(run):
    match = a_match(run)
    for gone in run.matches.filter(young_person=match.young_person):
        run.offers.filter(offer=gone.offer).update(exposure=F("exposure") - 1)
        run.match_count -= 1
        run.bound["score"] -= gone.score
    run.people_with_offer -= 1
    run.bound["covered"] -= 1
    run.bound["coverable"] -= 1
    run.save()
    run.people.filter(young_person=match.young_person).update(status=RunPerson.Status.CROWDED_OUT)
    run.matches.filter(young_person=match.young_person).delete()
    assert "coverage" in refused(run)


def test_what_campaigns_have_shown_is_taken_off_the_budget(cell, run):
    offer = run.offers.first().offer
    send(launched(cell), offer, times=1)
    assert "budget" in refused(run)


def test_rules_of_another_version_are_not_judged(run):
    run.parameters["engine"]["engine_version"] = 1
    run.save()
    assert refused(run) == {"rules"}


def test_a_refused_run_gets_no_certificate_and_says_why(run):
    run.certificate.delete()
    run.matches.update(score=F("score") + 1)
    with pytest.raises(CertificateRefusedError, match="des scores sont faux") as error:
        certify_run(run)
    assert error.value.certificate.verdict == "refused"
    assert not RunCertificate.objects.exists()


def test_a_run_whose_results_were_spoiled_fails_and_leaves_nothing(cell, young, monkeypatch):
    def spoil(run):
        run.matches.update(distance_m=F("distance_m") + 1)
        return certify_run(run)

    OfferFactory()
    monkeypatch.setattr(execution, "certify_run", spoil)
    run = run_for(cell)
    assert run.state == "failed" and "des distances sont fausses" in run.message
    assert not run.matches.exists() and not run.people.exists() and not RunCertificate.objects.exists()
