"""The list of people, one person's file, the export."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cells.models import AuditEntry
from cells.services.audit import record_action
from tests.cells.factories import DepartmentFactory
from tests.support.html import streamed, text_of
from tests.support.queries import only_reading
from tests.youth.factories import GuardianFactory, WishFactory, YoungPersonFactory
from youth.journey import journey_of
from youth.models import Wish, YoungPerson

pytestmark = pytest.mark.django_db
LIST = "/jeunes/"
HTMX = {"HX-Request": "true"}


def person(cell, name, **facts):
    return YoungPersonFactory(cell=cell, last_name=name, search_name=f"{name.lower()} lea", **facts)


def names(response):
    return [one.last_name for one in response.context["page"].object_list]


def test_half_a_name_finds_the_person(alice, cell, signed_in):
    person(cell, "Lefevre")
    person(cell, "Dupont")
    assert names(signed_in(alice).get(LIST, {"q": "efev"})) == ["Lefevre"]


@pytest.mark.parametrize("words", ["0612345678", "1234567890A"])
def test_a_telephone_or_an_ine_finds_the_person(alice, cell, signed_in, words):
    person(cell, "Lefevre", phone="0612345678", ine="1234567890A")
    person(cell, "Dupont")
    assert names(signed_in(alice).get(LIST, {"q": words})) == ["Lefevre"]


def test_a_counsellor_sees_nobody_of_another_cell(alice, cell, other_cell, signed_in):
    person(cell, "Ici")
    person(other_cell, "Ailleurs")
    client = signed_in(alice)
    assert names(client.get(LIST, {"tous": 1})) == ["Ici"]
    assert names(client.get(LIST, {"q": "Ailleurs"})) == []


def test_a_counsellor_of_a_department_sees_its_people_only(alice, cell, signed_in):
    person(cell, "Rouennais", in_rouen=True)
    person(cell, "Inconnu")
    alice.memberships.get().departments.add(DepartmentFactory(code="76"))
    assert names(signed_in(alice).get(LIST, {"tous": 1})) == ["Rouennais"]


def test_filters_narrow_by_situation_department_and_source(alice, cell, signed_in):
    WishFactory(young_person=person(cell, "Typee"), source=Wish.Source.TYPED)
    person(cell, "Engagee", situation=YoungPerson.Situation.IN_CONTRACT)
    person(cell, "Rouennaise", in_rouen=True)
    client = signed_in(alice)
    assert names(client.get(LIST, {"situation": "in_contract"})) == ["Engagee"]
    assert names(client.get(LIST, {"departement": "76"})) == ["Rouennaise"]
    assert names(client.get(LIST, {"origine": "typed"})) == ["Typee"]


def test_a_filter_nobody_offers_does_not_break_the_list(alice, cell, signed_in):
    person(cell, "Dupont")
    response = signed_in(alice).get(LIST, {"situation": "'; drop table", "page": "zzz", "tri": "-password"})
    assert names(response) == ["Dupont"]


def test_the_filters_of_last_time_come_back_without_any_writing(alice, signed_in):
    client = signed_in(alice)
    with only_reading():
        client.get(LIST, {"situation": "seeking", "q": "Lefevre"})
        assert client.get(LIST).url == f"{LIST}?situation=seeking"
    client.get(LIST, {"tous": 1})
    assert client.get(LIST).status_code == 200


def test_htmx_gets_the_results_alone(alice, cell, signed_in):
    person(cell, "Dupont")
    client = signed_in(alice)
    whole = client.get(LIST, {"tous": 1})
    fragment = client.get(LIST, {"tous": 1}, headers=HTMX)
    assert "<html" in whole.content.decode()
    assert fragment.content.decode().strip().startswith("<section")
    assert "1 jeune" in text_of(fragment)
    assert "HX-Request" in whole["Vary"]


def test_fifty_people_a_page(alice, cell, signed_in):
    YoungPersonFactory.create_batch(51, cell=cell)
    client = signed_in(alice)
    assert len(client.get(LIST, {"tous": 1}).context["page"].object_list) == 50
    assert len(client.get(LIST, {"tous": 1, "page": 2}).context["page"].object_list) == 1


def test_the_list_costs_the_same_queries_for_two_people_and_for_twenty(alice, cell, signed_in):
    client = signed_in(alice)

    def queries():
        with CaptureQueriesContext(connection) as captured:
            client.get(LIST, {"tous": 1})
        return len(captured)

    WishFactory.create_batch(2, young_person__cell=cell)
    few = queries()
    WishFactory.create_batch(18, young_person__cell=cell)
    assert queries() == few


def test_a_name_with_html_is_shown_as_text(alice, cell, signed_in):
    one = person(cell, "<script>alert(1)</script>")
    client = signed_in(alice)
    for url in (f"{LIST}?tous=1", reverse("youth:person-detail", args=[one.uuid])):
        assert "<script>alert" not in client.get(url).content.decode()


def test_the_export_is_what_the_filters_show_and_no_cell_is_a_formula(alice, cell, signed_in):
    WishFactory(young_person=person(cell, "=cmd()"), label="CAP Cuisine")
    person(cell, "Engagee", situation=YoungPerson.Situation.IN_CONTRACT)
    response = signed_in(alice).post(reverse("youth:person-export"), {"filters": "situation=seeking&"})
    table = streamed(response)
    assert table.startswith("\ufeffINE;Nom;")
    assert ";'=cmd();" in table
    assert "1. CAP Cuisine" in table
    assert "Engagee" not in table


def test_every_export_leaves_a_trace_without_names(alice, cell, signed_in):
    person(cell, "Dupont")
    streamed(signed_in(alice).post(reverse("youth:person-export"), {"filters": "q=Dupont&situation=seeking"}))
    entry = AuditEntry.objects.get(action="person.exported")
    assert (entry.user, entry.facts["count"], entry.facts["searched"]) == (alice, 1, True)
    assert "Dupont" not in str(entry.facts)


def test_the_file_shows_contacts_guardians_and_wishes(alice, cell, signed_in):
    one = person(cell, "Lefevre", phone="0612345678")
    GuardianFactory(young_person=one, name="Mme Lefevre", email="mere@exemple.fr")
    WishFactory(young_person=one, label="CAP Boulanger")
    WishFactory(young_person=one, label="CAP Fleuriste", closed_at=timezone.now(), closed_reason="absent du fichier")
    page = signed_in(alice).get(reverse("youth:person-detail", args=[one.uuid]))
    assert 'href="tel:0612345678"' in page.content.decode()
    for words in ("mere@exemple.fr", "CAP Boulanger", "1 vœu clos", "absent du fichier"):
        assert words in text_of(page)


def test_reading_a_file_is_handed_over_and_the_page_writes_nothing(
    alice, cell, signed_in, published, django_capture_on_commit_callbacks
):
    one = person(cell, "Lefevre")
    client = signed_in(alice)
    with only_reading(), django_capture_on_commit_callbacks(execute=True):
        assert client.get(reverse("youth:person-detail", args=[one.uuid])).status_code == 200
    (name, args, kwargs) = published[0]
    assert (name, args, kwargs["target_uuids"]) == ("cells.tasks.record_reading", ["person.read"], [str(one.uuid)])
    assert kwargs["viewer"]["user_id"] == alice.pk


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_reading_the_list_is_noted_with_who_was_on_it(
    alice, cell, signed_in, published, django_capture_on_commit_callbacks, headers
):
    shown = {str(person(cell, name).uuid) for name in ("Lefevre", "Dupont")}
    client = signed_in(alice)
    with only_reading(), django_capture_on_commit_callbacks(execute=True):
        client.get(reverse("youth:person-list"), headers=headers)
    ((_, args, facts),) = published
    assert (args, set(facts["target_uuids"])) == (["person.listed"], shown)


def test_a_file_of_another_cell_does_not_exist(charlie, cell, signed_in):
    one = person(cell, "Lefevre")
    client = signed_in(charlie)
    for name in ("person-detail", "person-history", "wish-add"):
        assert client.get(reverse(f"youth:{name}", args=[one.uuid])).status_code == 404


def test_the_journey_tells_files_apart_from_what_a_colleague_did(alice, alice_viewer, cell):
    one = person(cell, "Lefevre")
    WishFactory.create_batch(3, young_person=one)
    gone = WishFactory(young_person=one, closed_at=timezone.now(), closed_reason="absent du fichier")
    by_hand = WishFactory(young_person=one, label="CAP Fleuriste", closed_at=timezone.now(), closed_reason="projet")
    record_action("wish.closed", by=alice_viewer, target=by_hand)
    record_action("person.read", by=alice_viewer, target=one)
    events = {(event.title, event.detail) for event in journey_of(one)}
    assert events == {
        ("Dossier créé", ""),
        ("5 vœux reçus (Affelnet)", ""),
        ("1 vœu clos", gone.closed_reason),
        ("Vœu clos", f"CAP Fleuriste – projet – {alice.get_full_name()}"),
    }


def test_today_counts_what_there_is_to_do_with_links_to_the_lists(alice, cell, other_cell, signed_in):
    WishFactory(young_person=person(cell, "Dupont"), training=None)
    person(other_cell, "Ailleurs")
    response = signed_in(alice).get(reverse("youth:today"), headers=HTMX)
    page = text_of(response)
    assert "1 vœu dont la formation est à reconnaître" in page
    assert "1 jeune en recherche" in page
    assert "situation=seeking" in response.content.decode()
    assert "Ailleurs" not in page
