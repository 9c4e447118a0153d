import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from employers.models import Offer
from tests.cells.factories import (
    CommuneFactory,
    CommunePostcodeFactory,
    DiplomaLevelFactory,
    OccupationFactory,
)
from tests.employers.factories import EmployerFactory, OfferFactory
from tests.support.queries import only_reading

UNKNOWN = "00000000-0000-4000-8000-000000000000"

pytestmark = pytest.mark.django_db
SEARCH = "/offres/"
PARIS = {"latitude": 48.8566, "longitude": 2.3522}
JSON_LD = re.compile(r'<script type="application/ld\+json">(.*?)</script>', re.S)


@pytest.fixture
def rouen():
    return CommunePostcodeFactory().commune


def page_of(client, address=SEARCH, status=200, **query):
    with only_reading():
        response = client.get(address, query)
    assert response.status_code == status
    return response.content.decode()


def detail(offer):
    return f"{SEARCH}{offer.uuid}/"


def posting_of(page):
    return json.loads(JSON_LD.search(page)[1])


# --- Searching -----------------------------------------------------------------------------------


def test_the_first_page_shows_the_newest_offers(client):
    OfferFactory(title="Apprenti fleuriste")
    assert "Apprenti fleuriste" in page_of(client)


def test_an_offer_near_home_in_two_fields(client, rouen):
    OfferFactory(title="Apprenti boulanger", employer__name="Le Fournil", starts_on="2027-09-01")
    OfferFactory(title="Apprenti parisien", **PARIS)
    page = page_of(client, lieu="rouen", q="boulanger")
    assert "1 offre près de Rouen" in page
    assert "Apprenti boulanger" in page
    assert "Le Fournil" in page
    assert "à moins de 1 km" in page
    assert "début septembre 2027" in page
    assert "Apprenti parisien" not in page


def test_the_nearest_comes_first(client, rouen):
    OfferFactory(title="Loin", latitude=49.6, longitude=1.1)
    OfferFactory(title="Près", latitude=49.45, longitude=1.1)
    page = page_of(client, lieu="76000")
    assert page.index("Près") < page.index("Loin")
    assert "à 18 km" in page


def test_a_level_keeps_the_offers_that_say_none(client):
    OfferFactory(title="Un CAP", target_level=DiplomaLevelFactory(level=3))
    OfferFactory(title="Un BTS", target_level=DiplomaLevelFactory(level=5))
    OfferFactory(title="On ne sait pas")
    page = page_of(client, niveau="3")
    assert "Un CAP" in page
    assert "On ne sait pas" in page
    assert "Un BTS" not in page


@pytest.mark.parametrize("words", ["boulanger", "BOULANGÈRE", "boulangerie"])
def test_an_occupation_is_found_by_its_names(client, words):
    OccupationFactory(code="D1102", label="Boulanger / Boulangère")
    OfferFactory(title="Poste au fournil", occupations=["D1102"])
    OfferFactory(title="Poste au garage", occupations=["I1604"])
    page = page_of(client, q=words)
    assert "Poste au fournil" in page
    assert "Poste au garage" not in page


def test_a_doubt_about_the_place_is_a_choice_of_links(client):
    for insee, postcode in (("93066", "93200"), ("97411", "97400")):
        commune = CommuneFactory(insee_code=insee, name="Saint-Denis", search_name="saint denis")
        CommunePostcodeFactory(commune=commune, postcode=postcode)
    OfferFactory()
    page = page_of(client, lieu="saint-denis", q="cuisine")
    assert "choisissez la vôtre" in page
    link = re.search(r'href="([^"]*97400[^"]*)"', page)[1].replace("&amp;", "&")
    assert "q=cuisine" in link
    assert "près de Saint-Denis" in page_of(client, link)


def test_an_unknown_place_is_said_next_to_its_field(client):
    page = page_of(client, lieu="Xyzzy")
    assert "Aucune commune" in page
    assert 'id="id_lieu_error"' in page


@pytest.mark.parametrize(
    "query",
    [
        {"q": "x" * 500},
        {"q": "a\x00b"},
        {"lieu": "\x00"},
        {"rayon": "9999"},
        {"rayon": "abc"},
        {"niveau": "12"},
        {"q": "<script>alert(1)</script>"},
        {"q": "'; DROP TABLE employers_offer; --"},
        {"q": '"unclosed ( & | !'},
        {"page": "abc"},
        {"page": "-1"},
        {"page": "99999"},
    ],
)
def test_a_strange_question_gets_a_page(client, query):
    OfferFactory()
    assert "<script>alert" not in page_of(client, **query)


def test_an_empty_result_proposes_what_would_find_something(client, rouen):
    OfferFactory(latitude=49.9, longitude=1.1, target_level=DiplomaLevelFactory(level=5))
    OfferFactory(**PARIS)
    page = page_of(client, lieu="rouen", rayon="10", q="cuisinier")
    assert "Aucune offre" in page
    assert "jusqu’à 60 km : 1 offre" in page
    assert "jusqu’à 30 km" not in page
    assert "partout en France : 2 offres" in page
    link = re.search(r'href="([^"]*rayon=60[^"]*)"', page)[1].replace("&amp;", "&")
    assert "1 offre près de Rouen" in page_of(client, link)


def test_an_empty_result_proposes_every_level(client):
    OfferFactory(target_level=DiplomaLevelFactory(level=3))
    assert "tous les diplômes : 1 offre" in page_of(client, niveau="7")


def test_nothing_anywhere_is_said_kindly(client):
    assert "revenez bientôt" in page_of(client)


def test_twenty_offers_a_page_and_the_question_follows(client):
    OfferFactory.create_batch(21, employer=EmployerFactory())
    first = page_of(client, q="cuisinier")
    assert first.count("<article") == 20
    assert "?q=cuisinier&amp;page=2" in first
    assert page_of(client, q="cuisinier", page="2").count("<article") == 1


def test_new_offers_are_marked(client):
    OfferFactory(published_at=timezone.now() - timedelta(days=2))
    OfferFactory(published_at=timezone.now() - timedelta(days=20))
    assert page_of(client).count("Nouveau") == 1


def test_a_page_costs_the_same_for_two_offers_and_for_twenty(client, rouen):
    def cost():
        with CaptureQueriesContext(connection) as queries:
            page_of(client, lieu="rouen", q="cuisinier")
        return len(queries)

    OfferFactory.create_batch(2)
    for_two = cost()
    OfferFactory.create_batch(18)
    assert cost() == for_two


# --- One offer -----------------------------------------------------------------------------------


def test_an_offer_says_all_and_how_to_apply(client):
    offer = OfferFactory(
        title="Apprenti cuisinier",
        employer__name="Le Gros-Horloge",
        apply_phone="0232000000",
        apply_email="rh@exemple.fr",
        duration_months=24,
        desired_skills=["Aimer le travail en équipe"],
        target_level=DiplomaLevelFactory(level=3),
    )
    page = page_of(client, detail(offer))
    for fact in ("Le Gros-Horloge", "24 mois", "Aimer le travail en équipe", "Apprentissage", offer.address, "CAP"):
        assert fact in page
    link = re.search(rf'<a[^>]*href="{offer.apply_url}"[^>]*>', page)[0]
    assert 'rel="nofollow noopener external"' in link
    assert 'href="tel:0232000000"' in page
    assert 'href="mailto:rh@exemple.fr"' in page


def test_an_offer_that_does_not_say_how_to_apply_says_so(client):
    page = page_of(client, detail(OfferFactory(apply_url="")))
    assert "ne dit pas comment candidater" in page


def test_search_engines_read_a_job_posting(client, settings):
    offer = OfferFactory(starts_on="2027-09-01", commune=CommuneFactory())
    posting = posting_of(page_of(client, detail(offer)))
    assert posting["@type"] == "JobPosting"
    assert posting["title"] == offer.title
    assert posting["hiringOrganization"]["name"] == offer.employer.name
    assert posting["validThrough"] == offer.expires_at.isoformat()
    assert posting["jobLocation"]["address"]["addressCountry"] == "FR"
    assert posting["jobLocation"]["address"]["addressLocality"] == "Rouen"
    assert posting["url"] == f"{settings.SITE_URL}{detail(offer)}"
    assert "baseSalary" not in posting


def test_a_page_has_one_address_and_a_face_when_shared(client, settings):
    offer = OfferFactory(title="Apprenti « chef » & co")
    page = page_of(client, detail(offer))
    assert f'<link rel="canonical" href="{settings.SITE_URL}{detail(offer)}">' in page
    assert '<meta property="og:title" content="Apprenti « chef » &amp; co">' in page


ATTACK = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"


def test_what_a_feed_writes_is_never_run(client):
    offer = OfferFactory(
        title=f"Chef {ATTACK}", description=ATTACK, employer__name=ATTACK, desired_skills=[ATTACK], address=ATTACK
    )
    for address in (SEARCH, detail(offer)):
        page = page_of(client, address)
        assert "<script>alert" not in page
        assert "<img src=x" not in page
    posting = posting_of(page)
    assert posting["title"] == f"Chef {ATTACK}"
    assert "<script>" not in posting["description"]


@pytest.mark.parametrize(
    "change",
    [
        {"status": Offer.Status.FILLED},
        {"status": Offer.Status.CANCELLED},
        {"published_at": timezone.now() - timedelta(days=9), "expires_at": timezone.now() - timedelta(days=1)},
    ],
)
def test_an_offer_that_is_over_is_gone_and_leads_to_others(client, change):
    over = OfferFactory(title="Terminée", apply_url="https://exemple.fr/vieux", **change)
    OfferFactory(title="Encore ouverte")
    OfferFactory(title="Un autre métier", occupations=["D1102"])
    page = page_of(client, detail(over), status=410)
    assert "« Terminée »" in page
    assert "Encore ouverte" in page
    assert "Un autre métier" not in page
    assert "https://exemple.fr/vieux" not in page
    assert "noindex" in page
    assert not JSON_LD.search(page)


def test_an_employer_who_objects_is_not_even_named(client):
    offer = OfferFactory(title="Titre caché", employer__name="Nom caché", employer__objects_to_contact=True)
    assert "caché" not in page_of(client, detail(offer), status=410)
    assert "caché" not in page_of(client)


@pytest.mark.parametrize("path", [f"{SEARCH}{UNKNOWN}/", f"{SEARCH}abc/", f"{SEARCH}1/"])
def test_an_unknown_offer_is_not_found(client, path):
    with only_reading():
        assert client.get(path).status_code == 404


# --- The same for everybody ----------------------------------------------------------------------


@pytest.mark.parametrize("path", ["", "?q=cuisine&lieu=rouen", "detail", "gone"])
def test_pages_set_no_cookie_and_may_be_kept(client, signed_in, alice, rouen, path):
    offer = OfferFactory(status=Offer.Status.FILLED if path == "gone" else Offer.Status.ACTIVE)
    address = detail(offer) if path in ("detail", "gone") else SEARCH + path
    pages = []
    for visitor in (client, signed_in(alice)):
        response = visitor.get(address)
        assert "max-age=60" in response["Cache-Control"]
        assert "public" in response["Cache-Control"]
        assert "Cookie" not in response.get("Vary", "")
        assert "Set-Cookie" not in response.headers
        assert "sessionid" not in response.cookies
        pages.append(response.content)
    assert pages[0] == pages[1]


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_pages_are_only_read(client, method):
    assert getattr(client, method)(SEARCH).status_code == 405
    assert getattr(client, method)(detail(OfferFactory())).status_code == 405


# --- For machines --------------------------------------------------------------------------------


def test_the_sitemap_lists_open_offers_only(client, settings):
    listed, over = OfferFactory(), OfferFactory(status=Offer.Status.FILLED)
    index = page_of(client, "/sitemap.xml")
    assert f"{settings.SITE_URL}/sitemap-1.xml" in index
    part = page_of(client, "/sitemap-1.xml")
    assert f"<loc>{settings.SITE_URL}{detail(listed)}</loc>" in part
    assert str(over.uuid) not in part


def test_the_sitemap_is_cut_in_parts(client, monkeypatch):
    monkeypatch.setattr("employers.views.wellknown.PER_SITEMAP", 2)
    offers = OfferFactory.create_batch(3, employer=EmployerFactory())
    assert page_of(client, "/sitemap.xml").count("<sitemap>") == 2
    assert str(offers[2].uuid) in page_of(client, "/sitemap-2.xml")
    for number in (0, 3):
        assert client.get(f"/sitemap-{number}.xml").status_code == 404


def test_robots_are_kept_out_of_the_work(client, settings):
    page = page_of(client, "/robots.txt")
    assert "Allow: /offres/" in page
    assert "Disallow: /\n" in page
    assert f"Sitemap: {settings.SITE_URL}/sitemap.xml" in page


def test_whoever_finds_a_weakness_knows_where_to_write(client):
    page = page_of(client, "/.well-known/security.txt")
    assert re.search(r"^Contact: http", page, re.M)
    assert re.search(r"^Expires: \d{4}-\d\d-\d\dT", page, re.M)


@pytest.mark.parametrize("number", ["0", "50001", "9" * 20])
def test_an_absurd_part_of_the_sitemap_does_not_exist(client, number):
    page_of(client, f"/sitemap-{number}.xml", status=404)


def test_days_are_those_of_france(client):
    offer = OfferFactory(
        published_at=datetime(2026, 10, 31, 23, 30, tzinfo=UTC), expires_at=datetime(2098, 12, 31, 23, 30, tzinfo=UTC)
    )
    Offer.objects.update(updated_at=offer.published_at)
    page = page_of(client, detail(offer))
    assert "1 novembre 2026" in page
    assert "1 janvier 2099" in page
    assert posting_of(page)["datePosted"] == "2026-11-01"
    assert "<lastmod>2026-11-01</lastmod>" in page_of(client, "/sitemap-1.xml")
