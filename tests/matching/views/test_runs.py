"""Runs on screen, and what matching brings to a file."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from django.urls import reverse
from django.utils import timezone

from matching.models import MatchRun, RunPerson
from matching.services.congestion import Pairs, measure_congestion
from matching.workflow import RunState
from tests.cells.factories import DepartmentFactory
from tests.employers.factories import OfferFactory
from tests.matching.factories import (
    CampaignFactory,
    MatchFactory,
    MatchRunFactory,
    RecipientFactory,
    RunPersonFactory,
)
from tests.support.html import text_of
from tests.support.queries import only_reading
from tests.youth.factories import WishFactory, YoungPersonFactory
from youth.models import YoungPerson

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def test_a_run_is_asked_for_and_followed(alice, cell, signed_in, published, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        response = signed_in(alice).post(reverse("matching:run-create"))
    run = MatchRun.objects.get()
    assert response.url == reverse("matching:run-detail", args=[run.uuid])
    assert (run.cell, run.started_by) == (cell, alice)
    assert published[0][:2] == ("matching.tasks.run_matching", [run.pk])


def test_a_second_run_is_refused_on_the_list(alice, cell, signed_in):
    MatchRunFactory(cell=cell, state=RunState.RUNNING, finished_at=None)
    response = signed_in(alice).post(reverse("matching:run-create"), follow=True)
    assert "Un calcul est déjà en cours" in text_of(response)
    assert MatchRun.objects.count() == 1


def test_progress_is_asked_for_again_until_the_end(alice, cell, signed_in):
    active = MatchRunFactory(cell=cell, state=RunState.RUNNING, finished_at=None, progress=(3, 8))
    done = MatchRunFactory(cell=cell, people_count=10, people_with_offer=8)
    client = signed_in(alice)
    running = client.get(reverse("matching:run-detail", args=[active.uuid]), headers=HTMX)
    assert 'hx-trigger="every 2s"' in running.content.decode()
    assert "3 / 8" in text_of(running)
    over = client.get(reverse("matching:run-detail", args=[done.uuid]), headers=HTMX)
    assert "hx-trigger" not in over.content.decode()
    assert "80 %" in text_of(over)


def test_a_run_is_cancelled_once(alice, cell, signed_in):
    run = MatchRunFactory(cell=cell, state=RunState.RUNNING, finished_at=None)
    client = signed_in(alice)
    client.post(reverse("matching:run-cancel", args=[run.uuid]))
    run.refresh_from_db()
    assert run.state == RunState.CANCELLED
    again = client.post(reverse("matching:run-cancel", args=[run.uuid]), follow=True)
    assert "fr-alert--error" in again.content.decode()


def test_a_file_shows_the_newest_runs_open_offers_with_reasons_for_a_counsellor(alice, cell, signed_in):
    person = YoungPersonFactory(cell=cell)
    wish = WishFactory(young_person=person, label="CAP Cuisine")
    old, new = MatchRunFactory(cell=cell), MatchRunFactory(cell=cell, finished_at=timezone.now())
    MatchFactory(run=old, young_person=person, wish=wish, offer=OfferFactory(title="Ancienne offre"))
    reasons = {"rank": 2, "rome": 0, "level": 0, "date": 0, "via": 0, "age": 1}
    MatchFactory(run=new, young_person=person, wish=wish, offer=OfferFactory(title="Commis"), reasons=reasons)
    gone = OfferFactory(title="Pourvue", status="Filled")
    MatchFactory(run=new, young_person=person, wish=wish, offer=gone, rank=2, reasons=reasons)
    client = signed_in(alice)
    with only_reading():
        page = text_of(file_of(client, person))
    assert "Commis" in page
    assert "12 km de son domicile" in page
    assert "2e vœu" in page
    assert "Ancienne offre" not in page
    assert "Pourvue" not in page


@pytest.mark.parametrize(("headers", "noted"), [({}, 1), (HTMX, 0)])
@pytest.mark.parametrize("app", ["matching", "employers"])
def test_what_is_opened_by_itself_is_noted_and_a_part_of_a_noted_file_is_not(
    alice, cell, signed_in, published, django_capture_on_commit_callbacks, app, headers, noted
):
    person = YoungPersonFactory(cell=cell)
    client = signed_in(alice)
    with django_capture_on_commit_callbacks(execute=True):
        client.get(reverse(f"{app}:for-young-person", args=[person.uuid]), headers=headers)
    assert [facts["target_uuids"] for *_, facts in published] == [[str(person.uuid)]] * noted


def test_a_run_is_named_after_the_day_in_france():
    assert str(MatchRun(created_at=datetime(2026, 11, 21, 23, 30, tzinfo=UTC))) == "calcul du 22/11/2026"


def file_of(client, person):
    return client.get(reverse("matching:for-young-person", args=[person.uuid]), headers=HTMX)


def test_a_file_shows_the_campaigns_it_was_in(alice, cell, signed_in):
    person = YoungPersonFactory(cell=cell)
    RecipientFactory(campaign=CampaignFactory(run__cell=cell, name="Rentrée"), young_person=person)
    page = text_of(file_of(signed_in(alice), person))
    assert "Rentrée" in page
    assert "Aucune adresse" in page


def test_today_says_what_runs_and_who_has_no_proposal(alice, cell, other_cell, signed_in):
    MatchRunFactory(cell=cell)
    MatchRunFactory(cell=cell, state=RunState.RUNNING, finished_at=None, progress=(1, 4))
    CampaignFactory(run__cell=other_cell, name="Des autres", state="launched", launched_at=timezone.now())
    done = MatchRunFactory(cell=cell, finished_at=timezone.now() + timedelta(seconds=1))
    RunPersonFactory(run=done, status=RunPerson.Status.NO_OFFER)
    RunPersonFactory(run=done, status=RunPerson.Status.NO_OFFER, young_person__situation="in_contract")
    page = text_of(signed_in(alice).get(reverse("matching:today"), headers=HTMX))
    assert "1 jeune en recherche sans aucune proposition" in page
    assert "1 / 4" in page
    assert "Des autres" not in page


# --- the proof, the report, the comparison -----------------------------------------------------------------


def words(response):
    return text_of(response).replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("bound", "sentence"),
    [
        ({"covered": 9, "coverable": 9, "score": 99_970, "upper": 100_000}, "au plus 0,03 % sous l’optimum"),
        ({"covered": 9, "coverable": 9, "score": 999_999, "upper": 1_000_000}, "au plus 0,01 % sous l’optimum"),
        ({"covered": 9, "coverable": 9, "score": 999_459, "upper": 1_000_000}, "au plus 0,06 % sous l’optimum"),
        ({"covered": 9, "coverable": 9, "score": 100, "upper": 100}, "Aucune autre répartition ne ferait mieux"),
        ({"covered": 9, "coverable": 9, "score": 100, "upper": 100}, "Personne de plus ne pouvait être servi"),
        ({"covered": 8, "coverable": 9, "score": 1, "upper": 2}, "1 de plus auraient peut-être pu être servis"),
    ],
)
def test_the_proof_is_said_in_words(alice, cell, signed_in, bound, sentence):
    run = MatchRunFactory(cell=cell, bound=bound)
    assert sentence in words(signed_in(alice).get(reverse("matching:run-detail", args=[run.uuid])))


def test_a_run_that_proved_nothing_claims_nothing(alice, cell, signed_in):
    page = words(signed_in(alice).get(reverse("matching:run-detail", args=[MatchRunFactory(cell=cell).uuid])))
    assert "optimum" not in page


@pytest.fixture
def reported(cell):
    """A run of two people of one department and five of another, three offers."""
    people, offers = np.arange(10), OfferFactory.create_batch(3, title="Commis")
    report = measure_congestion(
        people_ids=people,
        offer_ids=np.array([offer.pk for offer in offers]),
        allocated=Pairs(people, people % 3, np.full(10, 80)),
        top=Pairs(people, np.zeros(10, dtype=np.int64), np.full(10, 100)),
        budget=np.full(3, 4),
        positions=np.ones(3, dtype=np.int64),
        groups={"department": np.array(["76"] * 5 + ["27"] * 5), "age": np.array(["minor"] * 7 + ["adult"] * 3)},
    )
    DepartmentFactory(code="76")
    return MatchRunFactory(cell=cell, report=report)


def test_the_report_puts_each_figure_beside_the_unshared_one(alice, reported, signed_in):
    client = signed_in(alice)
    with only_reading():
        response = client.get(reverse("matching:run-report", args=[reported.uuid]))
    page = words(response)
    assert "Jeunes servis Part des jeunes en recherche qui ont au moins une offre. 100,0 % 100,0 %" in page
    assert "Offres jamais proposées Part des offres examinées qui ne le sont à personne. 0,0 % 66,7 %" in page
    assert "Coût du partage" in page and "20,00 %" in page
    assert '<polyline points="0,300.0 15,' in response.content.decode()
    assert [axis for axis, *_ in response.context["groups"]] == ["department"]  # one age group alone tells nothing
    assert "Seine-Maritime" in page


def test_a_run_without_report_says_so(alice, cell, signed_in):
    run = MatchRunFactory(cell=cell)
    assert "Pas de mesures" in words(signed_in(alice).get(reverse("matching:run-report", args=[run.uuid])))


@pytest.fixture
def two_runs(cell):
    """Abel loses his only offer, Brun has one more."""
    first = MatchRunFactory(cell=cell, finished_at=timezone.now() - timedelta(days=1))
    second = MatchRunFactory(cell=cell)
    abel, brun = (YoungPersonFactory(cell=cell, in_rouen=True, last_name=name) for name in ("Abel", "Brun"))
    for run, person, rank in ((first, abel, 1), (first, brun, 1), (second, brun, 1), (second, brun, 2)):
        MatchFactory(run=run, young_person=person, rank=rank, score=800)
    return first, second


def compare(client, run, **query):
    with only_reading():
        return client.get(reverse("matching:run-compare", args=[run.uuid]), query)


def test_two_runs_say_who_loses_and_who_gains(alice, two_runs, signed_in):
    client = signed_in(alice)
    losing = compare(client, two_runs[1])
    assert [change.person.last_name for change in losing.context["changes"]] == ["Abel"]
    assert "Jeunes avec au moins une offre 2 1 −1" in words(losing)
    gaining = compare(client, two_runs[1], avec=two_runs[0].uuid, sens="gagnent")
    assert [(change.person.last_name, change.offers_after) for change in gaining.context["changes"]] == [("Brun", 2)]


def test_a_viewer_kept_to_departments_reads_the_names_of_their_own(limited, two_runs, signed_in):
    YoungPerson.objects.filter(last_name="Abel").update(commune=None)
    page = compare(signed_in(limited), two_runs[1])
    assert page.context["changes"] == []
    assert "Ceux qui perdent (1)" in words(page)


def test_a_first_run_has_nothing_to_be_compared_with(alice, cell, signed_in):
    assert "Rien à comparer" in words(compare(signed_in(alice), MatchRunFactory(cell=cell)))


@pytest.mark.parametrize("other", ["x", "00000000-0000-0000-0000-000000000000", "outside"])
def test_a_run_one_may_not_see_is_not_compared_with(alice, cell, other_cell, signed_in, other):
    named = MatchRunFactory(cell=other_cell).uuid if other == "outside" else other
    assert compare(signed_in(alice), MatchRunFactory(cell=cell), avec=named).status_code == 404
