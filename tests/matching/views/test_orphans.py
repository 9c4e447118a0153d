"""The worklists of those a run left with nothing."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cells.scoping import NOBODY
from matching.engine.obstacles import Obstacle
from matching.models import Match, RunOffer, RunPerson
from matching.services.execution import execute_run
from matching.services.runs import request_run
from tests.cells.factories import CommuneFactory, DepartmentFactory
from tests.employers.factories import OfferFactory
from tests.matching.factories import MatchRunFactory, RunOfferFactory, RunPersonFactory
from tests.support.html import text_of
from tests.support.queries import only_reading
from tests.youth.factories import WishFactory, YoungPersonFactory

pytestmark = pytest.mark.django_db
Status = RunPerson.Status
PEOPLE, OFFERS = "matching:people-without-offer", "matching:offers-without-people"
NORTH_KM = 1 / 111.195  # degrees


@pytest.fixture
def run(cell):
    return MatchRunFactory(cell=cell)


def seeker(cell, name="Lefevre", **facts):
    person = YoungPersonFactory(cell=cell, in_rouen=True, last_name=name, search_name=name.lower(), **facts)
    WishFactory(young_person=person, label="CAP Cuisine")
    return person


def orphan(run, status=Status.NO_OFFER, obstacle=Obstacle.TOO_FAR, **facts):
    return RunPersonFactory(
        run=run, status=status, obstacle=obstacle, young_person=seeker(run.cell, **facts)
    ).young_person


def show(client, name, run, **query):
    with only_reading():
        return client.get(reverse(name, args=[run.uuid]), query)


def words(response):
    return text_of(response).replace("\N{NO-BREAK SPACE}", " ")


def test_the_lists_are_exactly_what_the_allocation_left(alice, cell, signed_in):
    """A run on purpose short of everything: budgets of one, far people, odd trades."""
    for name in ("Abel", "Brun", "Coste"):
        seeker(cell, name)
    seeker(cell, "Loin", latitude=48.0)
    YoungPersonFactory(cell=cell, in_rouen=True, last_name="Sansvoeu")
    for trade in ("G1602", "G1602", "K2204"):
        OfferFactory(occupations=[trade])
    run = request_run(cell=cell, by=NOBODY, parameters={"exposure_factor": 1, "k": 1})
    execute_run(run.pk)
    client = signed_in(alice)
    people = {line["person"].pk for line in show(client, PEOPLE, run).context["lines"]}
    offers = {line["offer"].pk for line in show(client, OFFERS, run).context["lines"]}
    matches = Match.objects.filter(run=run)
    everyone = set(RunPerson.objects.filter(run=run).values_list("young_person", flat=True))
    every_offer = set(RunOffer.objects.filter(run=run).values_list("offer", flat=True))
    assert people == everyone - set(matches.values_list("young_person", flat=True))
    assert offers == every_offer - set(matches.values_list("offer", flat=True))
    assert (len(people), len(offers)) == (3, 1)


def test_a_run_notes_what_was_missing(cell):
    close, far = seeker(cell), seeker(cell, latitude=48.0)
    nothing = YoungPersonFactory(cell=cell, in_rouen=True)
    OfferFactory()
    OfferFactory(occupations=["K2204"])
    run = request_run(cell=cell, by=NOBODY)
    execute_run(run.pk)
    noted = dict(RunPerson.objects.filter(run=run).values_list("young_person", "obstacle"))
    assert noted == {close.pk: Obstacle.NONE, far.pk: Obstacle.TOO_FAR, nothing.pk: Obstacle.NO_WISHES}
    assert sorted(RunOffer.objects.filter(run=run).values_list("obstacle", flat=True)) == [
        Obstacle.NONE,
        Obstacle.TRADE,
    ]


def test_a_wider_radius_is_previewed_and_one_click_away(alice, run, signed_in):
    person = orphan(run)
    for kilometres in (45, 48, 70):
        OfferFactory(latitude=49.4405 + kilometres * NORTH_KM, longitude=1.0939)
    page = show(signed_in(alice), PEOPLE, run)
    assert "rayon 30 → 50 km : 2 offres" in words(page)
    assert "rayon 30 → 75 km : 3 offres" in words(page)
    assert f"{reverse('youth:search-area', args=[person.uuid])}?rayon=50" in page.content.decode()


@pytest.mark.parametrize(
    ("offer", "preview"),
    [
        ({"accepts_minors": False}, "1 offre que l’âge écarte"),
        ({"starts_on": "2020-01-01"}, "1 offre que la date de début écarte"),
        ({}, "1 offre lui convient aujourd’hui"),
    ],
)
def test_each_obstacle_has_its_preview(alice, run, signed_in, offer, preview):
    orphan(run)
    OfferFactory(**offer)
    assert preview in words(show(signed_in(alice), PEOPLE, run))


def test_a_person_without_wish_is_told_what_to_do_not_what_to_hope(alice, run, signed_in):
    lonely = YoungPersonFactory(cell=run.cell, in_rouen=True)
    RunPersonFactory(run=run, young_person=lonely, status=Status.NO_WISHES, obstacle=Obstacle.NO_WISHES)
    OfferFactory()
    page = show(signed_in(alice), PEOPLE, run)
    assert "Aucun vœu ouvert" in words(page)
    assert reverse("youth:wish-add", args=[lonely.uuid]) in page.content.decode()
    assert page.context["lines"][0]["previews"] == []


def test_reasons_are_counted_and_narrow_the_list(alice, run, signed_in):
    for name in ("Abel", "Brun"):
        orphan(run, name=name)
    orphan(run, Status.CROWDED_OUT, Obstacle.TAKEN, name="Coste")
    client = signed_in(alice)
    everything = show(client, PEOPLE, run)
    assert [(code, number) for code, _, number in everything.context["reasons"]] == [
        (Obstacle.TOO_FAR, 2),
        (Obstacle.TAKEN, 1),
    ]
    narrowed = show(client, PEOPLE, run, motif=int(Obstacle.TAKEN))
    assert [line["person"].last_name for line in narrowed.context["lines"]] == ["Coste"]
    assert len(narrowed.context["reasons"]) == 2


@pytest.mark.parametrize("query", [{"motif": "99"}, {"motif": "x"}, {"departement": "zz"}])
def test_a_filter_nobody_offers_is_ignored(alice, run, signed_in, query):
    orphan(run)
    assert len(show(signed_in(alice), PEOPLE, run, **query).context["lines"]) == 1


def test_departments_narrow_the_list_and_its_counts(alice, run, signed_in):
    orphan(run)
    elsewhere = orphan(run, name="Ailleurs")
    calvados = DepartmentFactory(code="14", name="Calvados", region=run.cell.region)
    elsewhere.commune = CommuneFactory(insee_code="14118", name="Caen", department=calvados)
    elsewhere.save()
    page = show(signed_in(alice), PEOPLE, run, departement="14")
    assert [line["person"].last_name for line in page.context["lines"]] == ["Ailleurs"]
    assert [number for *_, number in page.context["reasons"]] == [1]


def test_a_viewer_kept_to_departments_sees_and_counts_their_own(limited, run, signed_in):
    orphan(run, name="Dici")
    elsewhere = orphan(run, name="Ailleurs")
    elsewhere.commune = CommuneFactory(insee_code="14118", name="Caen", department=DepartmentFactory(code="14"))
    elsewhere.save()
    RunOfferFactory(run=run, exposure=0, obstacle=Obstacle.TAKEN)
    client = signed_in(limited)
    page = show(client, PEOPLE, run)
    assert [line["person"].last_name for line in page.context["lines"]] == ["Dici"]
    assert [number for *_, number in page.context["reasons"]] == [1]
    assert "1 jeune possible aujourd’hui" in words(show(client, OFFERS, run))


def test_who_stopped_looking_since_is_marked(alice, run, signed_in):
    orphan(run, situation="in_contract")
    assert "En contrat" in words(show(signed_in(alice), PEOPLE, run))


@pytest.mark.parametrize(
    ("offer", "person", "preview"),
    [
        ({"latitude": 49.4405 + 42 * NORTH_KM, "longitude": 1.0939}, {}, "1 jeune à moins de 50 km"),
        ({"accepts_minors": False}, {}, "1 jeune que l’âge écarte"),
        ({"latitude": None, "longitude": None}, {}, "1 jeune dont le lieu est inconnu"),
        ({}, {"situation": "not_seeking"}, "aucun changement seul n’y suffit"),
    ],
)
def test_an_offer_shown_to_nobody_says_who_could_come(alice, cell, run, signed_in, offer, person, preview):
    seeker(cell, **person)
    RunOfferFactory(run=run, exposure=0, obstacle=Obstacle.TOO_FAR, offer=OfferFactory(**offer))
    assert preview in words(show(signed_in(alice), OFFERS, run))


def test_empty_lists_say_so(alice, run, signed_in):
    client = signed_in(alice)
    assert "Chaque jeune de ce calcul a au moins une offre" in words(show(client, PEOPLE, run))
    assert "proposée à au moins un jeune" in words(show(client, OFFERS, run))
    assert "ne répond à ces filtres" in words(show(client, PEOPLE, run, motif=int(Obstacle.TAKEN)))


@pytest.mark.parametrize("name", [PEOPLE, OFFERS])
def test_a_page_asks_as_much_of_the_database_for_2_lines_as_for_20(alice, run, signed_in, name):
    client = signed_in(alice)
    counts = []
    for more in (2, 18):
        for _ in range(more):
            orphan(run)
            RunOfferFactory(run=run, exposure=0, obstacle=Obstacle.TAKEN)
        with CaptureQueriesContext(connection) as queries:
            show(client, name, run)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_only_a_page_is_looked_at(alice, run, signed_in):
    for _ in range(26):
        RunOfferFactory(run=run, exposure=0)
    page = show(signed_in(alice), OFFERS, run)
    assert len(page.context["lines"]) == 25
    assert "page=2" in page.content.decode()


def test_a_wish_of_today_counts_and_one_of_former_years_does_not(alice, run, signed_in):
    person = orphan(run)
    OfferFactory()
    assert "1 offre lui convient" in words(show(signed_in(alice), PEOPLE, run))
    person.wishes.update(closed_at=timezone.now(), closed_reason="retiré")
    assert "lui convient" not in words(show(signed_in(alice), PEOPLE, run))
