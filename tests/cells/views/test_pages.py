"""The frame of every page, the pages the law asks for, and what the screens share."""

import pytest
from django.template.loader import render_to_string
from django.test import override_settings
from django.urls import reverse

from cells.models import AuditEntry, ImportBatch
from cells.reading import note_reading
from cells.scoping import Viewer
from cells.services.readings import record_readings
from cells.templatetags.cells_tags import phone, spaced
from cells.views.csv_export import neutralise
from cells.views.paging import BoundedPaginator
from tests.cells.factories import ImportBatchFactory, OccupationFactory
from tests.support.html import text_of

LEGAL = ("accessibility", "legal", "privacy", "cookies", "site-map")


@pytest.mark.django_db
@pytest.mark.parametrize("name", LEGAL)
def test_every_page_leads_to_the_pages_the_law_asks_for(client, name):
    response = client.get(reverse(f"cells:{name}"))
    assert response.status_code == 200
    for other in LEGAL:
        assert f'href="{reverse(f"cells:{other}")}"' in response.content.decode()
    assert "Accessibilité : non conforme" in text_of(response)


@pytest.mark.django_db
def test_a_page_has_one_title_one_main_a_live_region_and_skip_links(client):
    page = client.get(reverse("cells:sign-in")).content.decode()
    assert page.count("<h1") == page.count("<main") == 1
    assert 'href="#contenu"' in page
    assert 'aria-live="polite"' in page
    assert '<html lang="fr"' in page


@pytest.mark.django_db
def test_the_states_block_shows_only_where_the_operator_says_so(client):
    assert "République" not in client.get(reverse("cells:sign-in")).content.decode()
    with override_settings(IS_STATE_SITE=True):
        assert "République" in client.get(reverse("cells:sign-in")).content.decode()


@pytest.mark.django_db
def test_the_content_policy_lets_no_inline_code_run(client):
    policy = client.get(reverse("cells:sign-in"))["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "style-src 'self'" in policy
    assert "unsafe" not in policy


@pytest.mark.django_db
def test_an_unknown_page_is_explained_in_french(client, alice, signed_in):
    response = signed_in(alice).get("/rien/")
    assert response.status_code == 404
    assert "Page introuvable" in text_of(response)


def test_the_error_page_needs_nothing_at_all():
    assert "Une erreur est survenue" in render_to_string("500.html")


def test_numbers_and_telephones_read_the_french_way():
    assert spaced(1234567) == "1\u202f234\u202f567"
    assert spaced(None) == "–"
    assert phone("0612345678") == "06\u00a012\u00a034\u00a056\u00a078"
    assert phone("+262692000000") == "+262692000000"


@pytest.mark.parametrize("cell", ["=cmd()", "+1", "-1", "@SUM(A1)", "\tx", "\rx"])
def test_no_exported_cell_is_a_formula(cell):
    assert neutralise(cell) == f"'{cell}"


def test_ordinary_cells_are_exported_as_they_are():
    assert [neutralise(value) for value in ("Léa", 12, None, "a=b")] == ["Léa", "12", "", "a=b"]


@pytest.mark.django_db
def test_a_long_list_is_counted_up_to_a_bound(monkeypatch):
    monkeypatch.setattr("cells.views.paging.COUNTED", 3)
    for code in ("A1101", "A1201", "A1202", "A1203", "A1204"):
        OccupationFactory(code=code)
    paginator = BoundedPaginator(OccupationFactory._meta.model.objects.all(), 2)
    assert (paginator.count, paginator.num_pages, paginator.is_cut) == (3, 2, True)


@pytest.mark.django_db
def test_today_shows_the_cells_own_imports_to_look_at(alice, cell, other_cell, signed_in):
    ImportBatchFactory(cell=cell, file_name="a-revoir.csv", refused_count=3)
    ImportBatchFactory(cell=cell, file_name="parfait.csv")
    ImportBatchFactory(cell=other_cell, file_name="des-autres.csv", state=ImportBatch.State.REFUSED)
    page = text_of(signed_in(alice).get(reverse("cells:home")))
    assert "a-revoir.csv" in page
    assert "parfait.csv" not in page
    assert "des-autres.csv" not in page


def eyes(user) -> Viewer:
    return Viewer(user_id=user.pk, cell_id=user.memberships.get().cell_id)


def test_a_reading_is_written_by_a_worker_one_entry_a_file(alice, published, django_capture_on_commit_callbacks):
    uuids = ["6a7c7d6e-3c07-4f0f-9a54-000000000001", "6a7c7d6e-3c07-4f0f-9a54-000000000002"]
    with django_capture_on_commit_callbacks(execute=True):
        note_reading("person.read", by=eyes(alice), target_kind="youngperson", target_uuids=uuids)
    assert AuditEntry.objects.count() == 0
    (name, args, kwargs) = published[0]
    assert name == "cells.tasks.record_reading"
    record_readings(*args, **kwargs)
    assert AuditEntry.objects.filter(action="person.read", user=alice, target_uuid__in=uuids).count() == 2


def test_a_reading_of_a_list_is_one_entry_with_its_size(alice):
    viewer = {"user_id": alice.pk, "api_key_id": None, "cell_id": alice.memberships.get().cell_id}
    record_readings("person.listed", viewer=viewer, target_kind="youngperson", target_uuids=["a", "b"], facts={})
    assert AuditEntry.objects.get().facts["count"] == 2


@pytest.mark.django_db
def test_an_action_nobody_declared_is_not_recorded():
    with pytest.raises(ValueError, match="unknown audit action"):
        record_readings("person.eaten", viewer={}, target_kind="", target_uuids=["a"], facts={})


@pytest.mark.django_db
def test_no_page_is_kept_in_the_browser_after_it_is_left(client):
    assert '"historyCacheSize":0' in client.get(reverse("cells:sign-in")).content.decode()
