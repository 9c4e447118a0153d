"""Wishes typed in, closed, and trainings recognised."""

import pytest
from django.urls import reverse

from cells.models import TrainingAlias
from tests.cells.factories import OccupationFactory, TrainingFactory
from tests.support.html import text_of
from tests.youth.factories import WishFactory, YoungPersonFactory
from youth.models import Wish

pytestmark = pytest.mark.django_db


@pytest.fixture
def one(cell):
    OccupationFactory(code="G1602", label="Personnel de cuisine")
    OccupationFactory(code="G1601", label="Management du personnel de cuisine")
    return YoungPersonFactory(cell=cell)


def test_a_wish_is_typed_by_its_occupation(alice, one, signed_in):
    response = signed_in(alice).post(
        reverse("youth:wish-add", args=[one.uuid]), {"occupation": "G1602", "label": "Être cuisinière"}
    )
    wish = Wish.objects.get()
    assert response.url == reverse("youth:person-detail", args=[one.uuid])
    assert (wish.young_person, wish.occupation_id, wish.label, wish.source) == (
        one,
        "G1602",
        "Être cuisinière",
        "typed",
    )


def test_a_word_with_several_answers_becomes_a_list_to_choose_from(alice, one, signed_in):
    response = signed_in(alice).post(
        reverse("youth:wish-add", args=[one.uuid]), {"occupation": "cuisine", "label": "x"}
    )
    assert response.status_code == 422
    assert '<option value="G1602">' in response.content.decode()
    assert "choisissez-en un" in text_of(response)
    assert not Wish.objects.exists()


def test_what_was_typed_is_still_there_when_the_form_is_refused(alice, one, signed_in):
    response = signed_in(alice).post(
        reverse("youth:wish-add", args=[one.uuid]), {"occupation": "zzz", "label": "Mon projet"}
    )
    assert "Aucun métier ne correspond" in text_of(response)
    assert "Mon projet" in response.content.decode()
    assert "data-take-focus" in response.content.decode()


def test_occupations_are_suggested_as_one_types(alice, one, signed_in):
    client = signed_in(alice)
    assert "G1602" in client.get(reverse("youth:occupation-options"), {"occupation": "cuis"}).content.decode()
    assert client.get(reverse("youth:occupation-options"), {"occupation": "c"}).content.decode().strip() == ""


def test_a_wish_is_closed_with_its_reason(alice, one, signed_in):
    wish = WishFactory(young_person=one)
    url = reverse("youth:wish-close", args=[wish.uuid])
    client = signed_in(alice)
    assert client.post(url, {"reason": ""}).status_code == 422
    client.post(url, {"reason": "a changé de projet"})
    wish.refresh_from_db()
    assert wish.closed_reason == "a changé de projet"
    assert client.get(url).status_code == 404


def test_the_wish_of_another_cell_cannot_be_closed(charlie, one, signed_in):
    wish = WishFactory(young_person=one)
    assert signed_in(charlie).post(reverse("youth:wish-close", args=[wish.uuid]), {"reason": "x"}).status_code == 404
    wish.refresh_from_db()
    assert wish.closed_at is None


def test_one_answer_recognises_every_wish_alike(alice, one, cell, signed_in):
    first = WishFactory(young_person=one, training=None, label="CAP Crêpier")
    second = WishFactory(young_person=YoungPersonFactory(cell=cell), training=None, label="cap crepier")
    training = TrainingFactory(label="CAP Crêpier", search_label="cap crepier")
    client = signed_in(alice)
    assert "1 formation, 2 vœux" in text_of(client.get(reverse("youth:training-unresolved")))
    page = client.get(reverse("youth:training-resolve"), {"cle": "label:cap crepier"})
    assert str(training.uuid) in page.content.decode()
    client.post(reverse("youth:training-resolve"), {"key": "label:cap crepier", "training": training.uuid})
    for wish in (first, second):
        wish.refresh_from_db()
        assert wish.training == training
    assert TrainingAlias.objects.get().decided_by == alice
    assert "Tout est reconnu" in text_of(client.get(reverse("youth:training-unresolved")))


def test_a_key_nobody_of_the_cell_asks_for_cannot_be_answered(charlie, one, signed_in):
    WishFactory(young_person=one, training=None, label="CAP Crêpier")
    answer = {"key": "label:cap crepier", "training": TrainingFactory().uuid}
    assert "Plus rien à reconnaître" in text_of(signed_in(charlie).post(reverse("youth:training-resolve"), answer))
    assert not TrainingAlias.objects.exists()


def test_an_answer_without_a_training_says_what_to_do(alice, one, signed_in):
    WishFactory(young_person=one, training=None, label="CAP Crêpier")
    response = signed_in(alice).post(reverse("youth:training-resolve"), {"key": "label:cap crepier"})
    assert response.status_code == 422
    assert not TrainingAlias.objects.exists()


def test_a_null_byte_typed_in_the_occupation_finds_nothing_and_breaks_nothing(alice, signed_in):
    assert signed_in(alice).get(reverse("youth:occupation-options") + "?occupation=ab%00").status_code == 200
