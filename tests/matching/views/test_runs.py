"""Runs on screen, and what matching brings to a file."""

from datetime import UTC, datetime

import pytest
from django.urls import reverse
from django.utils import timezone

from matching.models import MatchRun
from matching.workflow import RunState
from tests.employers.factories import OfferFactory
from tests.matching.factories import CampaignFactory, MatchFactory, MatchRunFactory, RecipientFactory
from tests.support.html import text_of
from tests.support.queries import only_reading
from tests.youth.factories import WishFactory, YoungPersonFactory

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
    active = MatchRunFactory(cell=cell, state=RunState.RUNNING, finished_at=None, shards_total=8, shards_done=3)
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


def test_people_without_offer_are_those_who_seek_and_wished(alice, cell, signed_in):
    run = MatchRunFactory(cell=cell)
    MatchFactory(run=run, young_person__last_name="Servie")
    YoungPersonFactory(cell=cell, last_name="Sansvoeu")
    WishFactory(young_person=YoungPersonFactory(cell=cell, last_name="Oubliee"))
    WishFactory(young_person=YoungPersonFactory(cell=cell, last_name="Engagee", situation="in_contract"))
    page = signed_in(alice).get(reverse("matching:people-without-offer", args=[run.uuid]))
    assert [one.last_name for one in page.context["page"].object_list] == ["Oubliee"]


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
    MatchRunFactory(cell=cell, state=RunState.RUNNING, finished_at=None, shards_total=4, shards_done=1)
    CampaignFactory(run__cell=other_cell, name="Des autres", state="launched", launched_at=timezone.now())
    WishFactory(young_person=YoungPersonFactory(cell=cell))
    page = text_of(signed_in(alice).get(reverse("matching:today"), headers=HTMX))
    assert "1 jeune en recherche sans aucune proposition" in page
    assert "1 / 4" in page
    assert "Des autres" not in page
