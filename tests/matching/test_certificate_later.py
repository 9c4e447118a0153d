"""A certificate after the day it was made: its signature, what has changed since, the page and the command."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from employers.models import Offer
from matching.models import RunCertificate
from matching.services.certification import Standing, standing_of, verify_run
from matching.views.certificates import gap
from tests.employers.factories import ContractFactory, OfferFactory
from tests.matching.computed import cooks_before_kitchens, run_for
from tests.matching.factories import MatchRunFactory
from tests.matching.sent_offers import launched, send
from tests.support.html import text_of
from tests.youth.factories import WishFactory, YoungPersonFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(cell, published):
    return cooks_before_kitchens(cell)


@pytest.fixture
def run(cell, people):
    return run_for(cell, k=3, exposure_factor=3)


# --- the seal ------------------------------------------------------------------------------------------------


def test_a_certificate_stands_as_long_as_nothing_moves(run):
    assert standing_of(RunCertificate.objects.get(run=run)) == Standing.STANDS


@pytest.mark.parametrize(
    "edit",
    [
        {"verdict": "refused"},
        {"facts": {"score": 1}},
        {"checks": []},
        {"digest": "0" * 64},
        {"people_traces": b"autre"},
        {"verified_at": timezone.now() - timedelta(days=1)},
        {"duration_ms": 0},
        {"verifier_version": 9},
        {"signature": "f" * 64},
    ],
    ids=lambda edit: next(iter(edit)),
)
def test_a_certificate_that_is_edited_no_longer_matches_its_signature(run, edit):
    RunCertificate.objects.filter(run=run).update(**edit)
    assert standing_of(RunCertificate.objects.get(run=run)) == Standing.FORGED


def test_a_certificate_moved_to_another_run_is_forged(run, cell):
    RunCertificate.objects.filter(run=run).update(run=MatchRunFactory(cell=cell))
    assert standing_of(RunCertificate.objects.get()) == Standing.FORGED


def test_another_installation_cannot_sign(run, settings):
    settings.SECRET_KEY = "une autre clé"
    assert standing_of(run.certificate) == Standing.FORGED
    settings.SECRET_KEY_FALLBACKS = ["test-" + "2" * 50]
    assert standing_of(run.certificate) == Standing.STANDS


ROWS = {
    "score": lambda run: run.matches.update(score=F("score") + 1),
    "match": lambda run: run.matches.first().delete(),
    "exposure": lambda run: run.offers.update(exposure=F("exposure") + 1),
    "price": lambda run: run.offers.update(price=F("price") + 1),
    "status": lambda run: run.people.update(status=4),
    "bound": lambda run: type(run).objects.filter(pk=run.pk).update(bound={}),
    "parameters": lambda run: type(run).objects.filter(pk=run.pk).update(parameters={}),
    "count": lambda run: type(run).objects.filter(pk=run.pk).update(match_count=0),
}


@pytest.mark.parametrize("row", ROWS)
def test_a_run_whose_rows_move_leaves_its_certificate_behind(run, row):
    ROWS[row](run)
    assert standing_of(RunCertificate.objects.get(run=run)) == Standing.OUTDATED


# --- what has changed since ----------------------------------------------------------------------------------

SINCE = {
    "offer filled": lambda people: Offer.objects.filter(pk=Offer.objects.first().pk).update(status="Filled"),
    "offer moved": lambda people: Offer.objects.filter(pk=Offer.objects.first().pk).update(latitude=43.0),
    "employer objects": lambda people: type(Offer.objects.first().employer).objects.update(objects_to_contact=True),
    "new offer": lambda people: OfferFactory(),
    "new person": lambda people: WishFactory(young_person=YoungPersonFactory(cell=people[0].cell, in_rouen=True)),
    "person moved": lambda people: type(people[0]).objects.filter(pk=people[0].pk).update(latitude=43.0),
    "wish closed": lambda people: people[0].wishes.update(closed_at=timezone.now(), closed_reason="Abandon"),
    "training recognised": lambda people: people[0].wishes.get().training.occupations.clear(),
    "signed": lambda people: ContractFactory(young_person=people[0], offer=Offer.objects.first()),
    "mailed": lambda people: send(launched(people[0].cell, days_ago=-1), Offer.objects.first(), times=1),
}


@pytest.mark.parametrize("event", SINCE)
def test_what_happens_after_a_run_is_no_fault_of_it(run, people, event):
    SINCE[event](people)
    outcome = verify_run(run)
    assert outcome.holds, outcome.complaints


def test_what_changed_is_counted_and_the_rest_is_still_judged(run, people):
    people[0].latitude = 43.0
    people[0].save()
    outcome = verify_run(run)
    assert (outcome.changed, outcome.facts["changed_people"]) == (1, 1)
    assert {check.name for check in outcome.checks if check.changed} >= {"eligibility", "coverage", "bound"}
    run.matches.filter(young_person=people[1]).update(distance_m=1)
    assert verify_run(run).complaints == ["des distances sont fausses"]


@pytest.mark.parametrize("event", ["new offer", "new person", "mailed"])
def test_what_comes_after_a_run_takes_nothing_from_its_proof(run, people, event):
    SINCE[event](people)
    assert verify_run(run).changed == 0


def test_rows_of_the_run_that_were_removed_are_not_taken_for_a_change(run, people):
    run.people.filter(young_person=people[0]).delete()
    assert "des jeunes ont été oubliés ou ajoutés" in verify_run(run).complaints


# --- the command ---------------------------------------------------------------------------------------------


def test_the_command_prints_every_check(run):
    out = StringIO()
    call_command("verify_run", str(run.uuid), stdout=out)
    text = out.getvalue()
    assert text.count("oui ") == len(run.certificate.checks)
    assert "conforme" in text and "NON" not in text


def test_the_command_fails_and_names_the_offenders_by_their_public_identifiers(run, people):
    run.matches.filter(young_person=people[0], rank=1).update(score=1)
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("verify_run", str(run.uuid), stdout=out)
    assert f"jeune {people[0].uuid} · offre" in out.getvalue()


def test_the_command_refuses_a_forged_certificate_even_when_the_run_is_right(run):
    RunCertificate.objects.update(verdict="ok", facts={})
    out = StringIO()
    with pytest.raises(CommandError):
        call_command("verify_run", str(run.uuid), stdout=out)
    assert "a été modifié" in out.getvalue()


def test_the_command_wants_a_finished_run(cell):
    with pytest.raises(CommandError, match="Aucun calcul terminé"):
        call_command("verify_run", str(MatchRunFactory(cell=cell, state="failed").uuid))


# --- the page ------------------------------------------------------------------------------------------------


def page_of(run, client):
    return text_of(client.get(reverse("matching:run-certificate", args=[run.uuid])))


def test_the_page_says_what_was_checked_and_how_to_check_again(run, signed_in, alice):
    text = page_of(run, signed_in(alice))
    assert "Ce certificat est valable" in text and "Chaque distance est exacte" in text
    assert f"verify_run {run.uuid}" in text and run.certificate.digest in text


def test_the_page_says_that_rows_moved(run, signed_in, alice):
    run.matches.update(score=F("score") + 1)
    assert "Ce certificat ne correspond plus" in page_of(run, signed_in(alice))


def test_the_page_says_that_the_certificate_was_edited(run, signed_in, alice):
    RunCertificate.objects.update(duration_ms=0)
    assert "ne correspond plus à sa signature" in page_of(run, signed_in(alice))


def test_a_very_large_run_is_not_read_again_while_somebody_waits(run, signed_in, alice, monkeypatch):
    monkeypatch.setattr("matching.views.certificates.MOST_ROWS_READ", 0)
    assert "Signature intacte" in page_of(run, signed_in(alice))


def test_a_run_without_a_certificate_says_so(cell, signed_in, alice):
    assert "Pas de certificat" in page_of(MatchRunFactory(cell=cell), signed_in(alice))


def test_another_cell_sees_no_certificate(run, signed_in, charlie):
    assert signed_in(charlie).get(reverse("matching:run-certificate", args=[run.uuid])).status_code == 404


@pytest.mark.parametrize(
    ("score", "upper", "said"), [(100, 100, "0"), (99_999, 100_000, "0,01"), (9_871, 10_000, "1,29"), (0, 0, "0")]
)
def test_the_gap_is_rounded_against_us(score, upper, said):
    assert gap({"score": score, "upper": upper}) == said
