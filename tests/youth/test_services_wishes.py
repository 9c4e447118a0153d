import pytest

from cells.errors import RefusedError
from cells.models import AuditEntry, TrainingAlias
from cells.scoping import NOBODY, Viewer
from tests.cells.factories import OccupationFactory, TrainingFactory
from tests.youth.factories import WishFactory, YoungPersonFactory
from tests.youth.wish_files import NEW_HEADER, affelnet_row, write_csv
from youth.imports.load import import_wishes
from youth.models import Wish, YoungPerson
from youth.services.situations import set_situation
from youth.services.wishes import add_wish, close_wish, group_unresolved, resolve_training


@pytest.fixture
def person(cell):
    return YoungPersonFactory(cell=cell)


def test_a_typed_wish_comes_after_the_others_and_is_audited(person, alice_viewer):
    WishFactory(young_person=person, rank=4)
    training = TrainingFactory(label="CAP Pâtissier")
    wish = add_wish(young_person=person, training=training, by=alice_viewer)
    assert (wish.rank, wish.label, wish.source, wish.level) == (5, "CAP Pâtissier", "typed", training.level)
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.target_uuid, entry.user_id) == ("wish.added", wish.uuid, alice_viewer.user_id)


def test_a_double_click_adds_one_wish_and_a_closed_one_may_be_typed_again(person, alice_viewer):
    wish = add_wish(young_person=person, by=alice_viewer, label="CAP Fleuriste")
    with pytest.raises(RefusedError, match="déjà au dossier"):
        add_wish(young_person=person, by=alice_viewer, label=" CAP  Fleuriste ")
    close_wish(wish, reason="a changé d’avis", by=alice_viewer)
    assert add_wish(young_person=person, by=alice_viewer, label="CAP Fleuriste").closed_at is None


def test_a_wish_needs_something_to_wish_for(person, alice_viewer):
    with pytest.raises(RefusedError, match="indiquez un intitulé"):
        add_wish(young_person=person, label="  ", by=alice_viewer)


def test_outsiders_neither_add_nor_close_wishes(person, charlie_viewer, cell):
    wish = WishFactory(young_person=person)
    partner = Viewer(cell_id=cell.pk, role="partner", scopes=frozenset({"young-people:read"}))
    for outsider in (charlie_viewer, partner, NOBODY):
        with pytest.raises(RefusedError):
            add_wish(young_person=person, label="CAP", by=outsider)
        with pytest.raises(RefusedError):
            close_wish(wish, reason="parce que", by=outsider)
    assert Wish.objects.open().count() == 1


def test_a_closed_wish_says_why_and_is_closed_once(person, alice_viewer):
    wish = close_wish(WishFactory(young_person=person), reason=" y renonce ", by=alice_viewer)
    assert (wish.closed_reason, AuditEntry.objects.get().action) == ("y renonce", "wish.closed")
    with pytest.raises(RefusedError, match="déjà clos"):
        close_wish(wish, reason="encore", by=alice_viewer)
    with pytest.raises(RefusedError, match="indiquez la raison"):
        close_wish(WishFactory(young_person=person), reason=" ", by=alice_viewer)


@pytest.fixture
def unknown(cell, other_cell):
    """Three wishes nobody understands: two say the same thing in two ways, one says another."""
    return [
        WishFactory(young_person__cell=cell, training=None, label="CAP Métiers du cirque", keys={}),
        WishFactory(young_person__cell=other_cell, training=None, label="cap metiers DU CIRQUE", keys={}),
        WishFactory(young_person__cell=cell, training=None, label="CAP Cirque", keys={"mef": "2472212431"}),
    ]


def test_unknown_trainings_are_listed_by_question_the_most_asked_first(unknown):
    WishFactory(label="connu")
    WishFactory(training=None, occupation=OccupationFactory(), label="métier saisi")
    questions = group_unresolved(Wish.objects.all())
    assert [(one.key, one.wishes) for one in questions] == [("label:cap metiers du cirque", 2), ("mef:2472212431", 1)]
    assert set(questions[0].labels) == {"CAP Métiers du cirque", "cap metiers DU CIRQUE"}


def test_an_answer_serves_every_open_wish_that_asks_and_every_file_to_come(unknown, cell, alice_viewer, tmp_path):
    closed = WishFactory(
        training=None, label="CAP Métiers du cirque", closed_at="2026-01-01T00:00Z", closed_reason="clos", keys={}
    )
    circus = TrainingFactory(label="CAP Artiste de cirque")
    assert resolve_training(key="label:cap metiers du cirque", training=circus, by=alice_viewer) == 2
    assert Wish.objects.filter(training=circus, level=circus.level).count() == 2
    closed.refresh_from_db()
    assert closed.training is None
    assert TrainingAlias.objects.get().decided_by_id == alice_viewer.user_id
    assert AuditEntry.objects.get().action == "training.resolved"
    path = write_csv(tmp_path / "v.csv", NEW_HEADER, [affelnet_row(label="CAP métiers du Cirque", mef="-")])
    import_wishes(path, cell=cell, by=alice_viewer)
    assert Wish.objects.get(young_person__ine="123456789AB").training == circus


def test_an_answer_by_code_serves_that_code_and_survives_the_next_reading(unknown, alice_viewer):
    training = TrainingFactory()
    assert resolve_training(key="mef:2472212431", training=training, by=alice_viewer) == 1
    unknown[2].refresh_from_db()
    assert unknown[2].training == training


def test_reading_the_file_again_keeps_the_training_a_human_chose_for_one_wish(cell, tmp_path):
    path = write_csv(tmp_path / "v.csv", NEW_HEADER, [affelnet_row(label="Inconnu", mef="-")])
    by = Viewer(cell_id=cell.pk)
    import_wishes(path, cell=cell, by=by)
    training = TrainingFactory()
    Wish.objects.update(training=training)
    assert import_wishes(path, cell=cell, by=by).unchanged_count == 1
    assert Wish.objects.get().training == training


@pytest.mark.parametrize("key", ["", "label:", "ine:123", "keys__x:1", "nimporte"])
def test_a_key_that_asks_nothing_is_refused(key, alice_viewer):
    with pytest.raises(RefusedError, match="Clé de formation inconnue"):
        resolve_training(key=key, training=TrainingFactory(), by=alice_viewer)


def test_only_counsellors_resolve_trainings(unknown):
    with pytest.raises(RefusedError):
        resolve_training(key="mef:2472212431", training=TrainingFactory(), by=NOBODY)


def test_a_situation_is_written_and_nothing_else(person):
    YoungPerson.objects.filter(pk=person.pk).update(phone="0611111111")
    set_situation(person, YoungPerson.Situation.IN_CONTRACT)
    person.refresh_from_db()
    assert (person.situation, person.phone) == ("in_contract", "0611111111")
    with pytest.raises(ValueError, match="inconnue"):
        set_situation(person, "inconnue")
