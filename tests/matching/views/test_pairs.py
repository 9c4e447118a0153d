"""“Why not?” on screen, whom to propose an offer to, and proposals computed at once."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from employers.models import Offer
from tests.cells.factories import CommuneFactory, DepartmentFactory
from tests.employers.factories import OfferFactory
from tests.matching.factories import MatchFactory, MatchRunFactory, RunPersonFactory
from tests.matching.sent_offers import launched, send
from tests.support.html import text_of
from tests.support.queries import only_reading
from tests.youth.factories import WishFactory, YoungPersonFactory

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def lea(cell):
    person = YoungPersonFactory(cell=cell, in_rouen=True, last_name="Lefevre", search_name="lefevre lea")
    WishFactory(young_person=person, label="CAP Cuisine")
    return person


def show(client, name, *things, headers=None, **query):
    with only_reading():
        return client.get(reverse(name, args=[one.uuid for one in things]), query, headers=headers or {})


def words(response):
    return text_of(response).replace("\N{NO-BREAK SPACE}", " ")


def found(client, person, asked):
    return list(show(client, "matching:why-not-search", person, q=asked).context["offers"])


def test_an_offer_is_found_by_its_title_its_employer_or_its_identifiers(alice, lea, signed_in):
    offer = OfferFactory(title="Commis de cuisine", employer__name="Chez Gaston", partner_job_id="ABC-42")
    OfferFactory(title="Serveur", employer__name="Le Zinc")
    client = signed_in(alice)
    address = f"https://jonction.example{reverse('employers:offer-detail', args=[offer.uuid])}"
    for asked in ("commis", "gaston", "ABC-42", str(offer.uuid), address, str(offer.uuid).upper()):
        assert found(client, lea, asked) == [offer], asked


def test_an_offer_that_is_over_is_found_by_its_identifier_only(alice, lea, signed_in):
    offer = OfferFactory(title="Commis", status=Offer.Status.FILLED)
    client = signed_in(alice)
    assert found(client, lea, "commis") == []
    assert found(client, lea, str(offer.uuid)) == [offer]


def test_the_nearest_offers_come_first(alice, lea, signed_in):
    far, near = OfferFactory(title="Commis", latitude=50.0), OfferFactory(title="Commis")
    assert found(signed_in(alice), lea, "commis") == [near, far]


@pytest.mark.parametrize("asked", ["", "  ", "zzz", "\x00"])
def test_nothing_found_is_no_error(alice, lea, signed_in, asked):
    OfferFactory(title="Commis")
    assert found(signed_in(alice), lea, asked) == []


def test_the_answer_names_what_excludes_and_leads_to_the_change(alice, lea, signed_in):
    offer = OfferFactory(latitude=49.8, longitude=1.0939)
    page = show(signed_in(alice), "matching:why-not", lea, offer)
    assert "L’offre est trop loin de 10 km" in words(page)
    assert "Un rayon de 40 km y suffirait." in words(page)
    assert f"{reverse('youth:search-area', args=[lea.uuid])}?rayon=40" in page.content.decode()


def test_a_proposal_shows_its_reasons_instead(alice, lea, signed_in):
    run = MatchRunFactory(cell=lea.cell)
    reasons = {"rank": 1, "rome": 1, "via": 0}
    match = MatchFactory(run=run, young_person=lea, wish=lea.wishes.get(), rank=2, score=812, reasons=reasons)
    page = words(show(signed_in(alice), "matching:why-not", lea, match.offer))
    assert "en 2e place, avec 812 points" in page
    assert "répond à son 1er vœu" in page
    assert "Pourquoi elle ne lui est pas proposée" not in page


def test_a_pair_of_somebody_else_s_person_is_not_found(charlie, lea, signed_in):
    assert show(signed_in(charlie), "matching:why-not", lea, OfferFactory()).status_code == 404


# --- whom to propose an offer to ---------------------------------------------------------------------------


def proposed(page):
    return [match.young_person.last_name for match, _ in page.context["people"]]


def seeker(cell, name, rank=1, **facts):
    person = YoungPersonFactory(cell=cell, in_rouen=True, last_name=name, search_name=name.lower(), **facts)
    WishFactory(young_person=person, rank=rank)
    return person


def test_an_offer_s_people_come_best_first_with_what_an_employer_may_hear(alice, cell, signed_in):
    seeker(cell, "Troisieme", rank=3)
    seeker(cell, "Premier")
    seeker(cell, "Ailleurs", latitude=45.0)
    seeker(cell, "Placee", situation="in_contract")
    page = show(signed_in(alice), "matching:offer-people", OfferFactory())
    assert proposed(page) == ["Premier", "Troisieme"]
    assert "habite à moins d’un kilomètre c’est son 3e vœu" in words(page)


def test_a_viewer_is_only_told_of_their_own_people(limited, charlie, cell, signed_in):
    seeker(cell, "Dici")
    caen = CommuneFactory(insee_code="14118", name="Caen", department=DepartmentFactory(code="14"))
    seeker(cell, "Ailleurs", commune=caen)
    offer = OfferFactory()
    assert proposed(show(signed_in(limited), "matching:offer-people", offer)) == ["Dici"]
    assert proposed(show(signed_in(charlie), "matching:offer-people", offer)) == []


def test_a_spent_budget_is_said(alice, cell, lea, signed_in):
    offer = OfferFactory()
    send(launched(cell), offer, times=15)
    page = words(show(signed_in(alice), "matching:offer-people", offer))
    assert "elle n’est plus proposée à d’autres" in page


def test_any_person_of_mine_is_found_to_ask_why_not(alice, charlie, lea, signed_in):
    offer = OfferFactory(occupations=["K2204"])
    page = show(signed_in(alice), "matching:offer-people", offer, q="lefev")
    assert reverse("matching:why-not", args=[lea.uuid, offer.uuid]) in page.content.decode()
    assert "Personne ne correspond" in words(show(signed_in(charlie), "matching:offer-people", offer, q="lefev"))


def test_as_many_queries_for_2_people_as_for_20(alice, cell, signed_in):
    client, offer, counts = signed_in(alice), OfferFactory(), []
    for more in (2, 18):
        for number in range(more):
            seeker(cell, f"Lefevre{number}")
        with CaptureQueriesContext(connection) as queries:
            show(client, "matching:offer-people", offer)
        counts.append(len(queries))
    assert counts[0] == counts[1]


# --- proposals computed at once ----------------------------------------------------------------------------


def file_of(client, person):
    return show(client, "matching:for-young-person", person, headers=HTMX)


@pytest.fixture
def seen(lea):
    """A run that saw Léa as she is."""
    run = MatchRunFactory(cell=lea.cell, started_at=timezone.now() + timedelta(minutes=1))
    RunPersonFactory(run=run, young_person=lea)
    return run


def test_someone_no_run_has_seen_gets_proposals_marked_as_such(alice, lea, signed_in):
    OfferFactory(title="Commis")
    page = file_of(signed_in(alice), lea)
    assert "Calculées à l’instant" in words(page)
    assert [match.offer.title for match, _ in page.context["fresh"]] == ["Commis"]
    assert "répond à son 1er vœu" in words(page)


def test_someone_the_run_has_seen_does_not(alice, lea, seen, signed_in):
    OfferFactory(title="Commis")
    assert "Calculées à l’instant" not in words(file_of(signed_in(alice), lea))


@pytest.mark.parametrize("change", ["person", "wish"])
def test_a_change_since_the_run_brings_them_back(alice, lea, seen, signed_in, change):
    later = timezone.now() + timedelta(minutes=2)
    if change == "person":
        type(lea).objects.filter(pk=lea.pk).update(updated_at=later)
    else:
        lea.wishes.update(updated_at=later)
    assert "Calculées à l’instant" in words(file_of(signed_in(alice), lea))


def test_an_offer_whose_budget_is_spent_is_not_among_them(alice, cell, lea, signed_in):
    offer = OfferFactory()
    send(launched(cell), offer, times=15)
    page = file_of(signed_in(alice), lea)
    assert page.context["fresh"] == []
    assert "Aucune offre ne convient en ce moment" in words(page)


def test_someone_who_does_not_seek_gets_none(alice, lea, signed_in):
    OfferFactory()
    lea.situation = lea.Situation.IN_CONTRACT
    lea.save()
    assert "Calculées à l’instant" not in words(file_of(signed_in(alice), lea))


def test_as_many_queries_for_2_proposals_as_for_20(alice, lea, signed_in):
    client, counts = signed_in(alice), []
    for more in (2, 18):
        OfferFactory.create_batch(more)
        with CaptureQueriesContext(connection) as queries:
            file_of(client, lea)
        counts.append(len(queries))
    assert counts[0] == counts[1]
