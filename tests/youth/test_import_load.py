import threading

import pytest
from django.db import DatabaseError, connection, transaction

from cells.models import AuditEntry, ImportBatch
from cells.scoping import Viewer
from tests.cells.factories import (
    CellFactory,
    CommuneFactory,
    CommunePostcodeFactory,
    OccupationFactory,
    TrainingCentreFactory,
    TrainingFactory,
)
from tests.youth.factories import WishFactory, YoungPersonFactory
from tests.youth.wish_files import (
    CANDIDATE,
    NEW_HEADER,
    OLD_HEADER,
    affelnet_row,
    candidate_row,
    write_csv,
)
from youth.imports.load import import_wishes
from youth.imports.wishes import WishesOfChunk
from youth.models import Guardian, Wish, YoungPerson

State = ImportBatch.State


@pytest.fixture
def load(cell, tmp_path):
    """`load(rows)`: the batch of an Affelnet file of these rows."""

    def read(rows, header=NEW_HEADER, into=cell, **options):
        path = write_csv(tmp_path / "voeux.csv", header, rows)
        return import_wishes(path, cell=into, by=Viewer(cell_id=into.pk), **options)

    return read


@pytest.fixture
def rouen(db):
    return CommunePostcodeFactory(commune=CommuneFactory()).commune


@pytest.fixture
def cap_cuisine(db):
    training = TrainingFactory(label="CAP Cuisine", mef="2472212431", level__level=3)
    training.occupations.add(OccupationFactory(code="G1602"))
    return training


def reasons(batch):
    return [row.reason for row in batch.refused_rows.all()]


def counts(batch):
    return batch.created_count, batch.updated_count, batch.unchanged_count, batch.closed_count


@pytest.mark.parametrize("header", [OLD_HEADER, NEW_HEADER], ids=["old", "new"])
def test_a_pupil_and_a_wish_come_out_of_both_generations_of_the_file(load, cell, rouen, cap_cuisine, header):
    centre = TrainingCentreFactory(uai="0761234B", latitude=49.43, longitude=1.08)
    batch = load([affelnet_row(header)], header, school_year=2026)
    assert (batch.state, counts(batch), batch.rows_read) == (State.DONE, (1, 0, 0, 0), 1)
    person = YoungPerson.objects.get()
    assert (person.cell, person.ine, person.search_name) == (cell, "123456789AB", "lefevre lea")
    assert (person.phone, person.email, person.birth_date) == ("0611111111", "", None)
    assert (person.commune, person.latitude) == (rouen, rouen.latitude)
    assert person.origin_school == "Collège Camille Saint-Saëns"
    guardian = person.guardians.get()
    assert (guardian.rank, guardian.email, guardian.phone) == (1, "parent@famille.exemple", "0622222222")
    wish = person.wishes.get()
    assert (wish.rank, wish.school_year, wish.training, wish.level_id) == (1, 2026, cap_cuisine, 3)
    assert wish.external_key == "NORMANDIE/1A111111"
    assert (wish.site_latitude, wish.site_name) == (centre.latitude, "CFA de Rouen")
    assert wish.keys["mef"] == "2472212431"


def test_a_parcoursup_file_is_recognised_and_brings_birth_date_and_own_mail(load, rouen):
    batch = load([candidate_row()], list(CANDIDATE), school_year=2026)
    assert (batch.kind, batch.created_count) == (ImportBatch.Kind.PARCOURSUP, 1)
    person = YoungPerson.objects.get()
    assert (person.email, person.phone) == ("aminata@jeune.exemple", "0633333333")
    assert person.birth_date.isoformat() == "2007-05-17"
    assert (person.ine, person.commune) == ("987654321CD", rouen)
    assert person.wishes.get().external_key == "4242"


def test_the_same_file_twice_changes_nothing_and_says_so(load, rouen, cap_cuisine):
    rows = [affelnet_row(), affelnet_row(rank="2", offer="1A222222"), affelnet_row(ine="123456789AC", last_name="B")]
    load(rows)
    before = [*YoungPerson.objects.order_by("pk").values()], [*Wish.objects.order_by("pk").values()]
    again = load(rows)
    assert counts(again) == (0, 0, 3, 0)
    assert "déjà été importé" in again.message
    assert ([*YoungPerson.objects.order_by("pk").values()], [*Wish.objects.order_by("pk").values()]) == before
    assert Guardian.objects.count() == 2


def test_only_what_changed_is_updated(load):
    load([affelnet_row(), affelnet_row(rank="2", offer="1A222222")])
    untouched = Wish.objects.get(rank=2).updated_at
    batch = load([affelnet_row(rank="3"), affelnet_row(rank="2", offer="1A222222")])
    assert counts(batch) == (0, 1, 1, 0)
    assert Wish.objects.get(external_key="NORMANDIE/1A111111").rank == 3
    assert Wish.objects.get(rank=2).updated_at == untouched


def test_a_new_phone_counts_as_an_update_once_and_an_empty_cell_erases_nothing(load):
    load([affelnet_row(), affelnet_row(rank="2", offer="1A222222")])
    new_phone = {"phone": "0644444444", "mail_1": "-"}
    batch = load([affelnet_row(**new_phone), affelnet_row(rank="2", offer="1A222222", **new_phone)])
    assert counts(batch) == (0, 1, 1, 0)
    assert YoungPerson.objects.get().phone == "0644444444"
    assert Guardian.objects.get().email == "parent@famille.exemple"


def test_a_move_to_another_town_moves_the_place(load, rouen):
    load([affelnet_row()])
    CommunePostcodeFactory(
        commune=CommuneFactory(insee_code="76351", name="Le Havre", latitude=49.49, longitude=0.11), postcode="76600"
    )
    load([affelnet_row(postcode="76600", city="LE HAVRE")])
    person = YoungPerson.objects.get()
    assert (person.commune_id, person.latitude) == ("76351", 49.49)


def test_wishes_absent_from_the_next_file_are_closed_and_reopened_when_they_return(load):
    both = [affelnet_row(), affelnet_row(rank="2", offer="1A222222")]
    load(both)
    batch = load(both[:1])
    assert counts(batch) == (0, 0, 1, 1)
    gone = Wish.objects.get(rank=2)
    assert gone.closed_at
    assert gone.closed_reason.startswith("absent du fichier du ")
    assert YoungPerson.objects.count() == 1
    batch = load(both)
    assert counts(batch) == (0, 1, 1, 0)
    assert Wish.objects.open().count() == 2


def test_an_extract_closes_nothing_until_somebody_says_it_is_whole(load, monkeypatch):
    monkeypatch.setattr("youth.imports.load.FEW_CLOSED", 2)
    whole = [affelnet_row(rank=str(rank), offer=f"1A{rank:06d}") for rank in range(1, 6)]
    load(whole)
    extract = load(whole[:1])
    assert (extract.closed_count, "semble partiel" in extract.message) == (0, True)
    assert Wish.objects.open().count() == 5
    assert load(whole[:1], complete=True).closed_count == 4


def test_a_file_closes_nothing_outside_its_source_year_academy_and_cell(load, cell, other_cell):
    kept = [
        WishFactory(young_person__cell=cell, source=Wish.Source.PARCOURSUP, external_key="NORMANDIE/1"),
        WishFactory(young_person__cell=cell, school_year=2025, external_key="NORMANDIE/1"),
        WishFactory(young_person__cell=cell, external_key="LILLE/1"),
        WishFactory(young_person__cell=other_cell, external_key="NORMANDIE/1"),
    ]
    gone = WishFactory(young_person__cell=cell, external_key="NORMANDIE/1")
    assert load([affelnet_row()]).closed_count == 1
    assert not Wish.objects.filter(pk__in=[wish.pk for wish in kept]).exclude(closed_at=None).exists()
    gone.refresh_from_db()
    assert gone.closed_at


def test_a_refused_row_does_not_close_the_wishes_of_its_person(load):
    load([affelnet_row(), affelnet_row(ine="123456789AC", last_name="Autre")])
    batch = load([affelnet_row(rank="zéro"), affelnet_row(ine="123456789AC", last_name="Autre")])
    assert (batch.refused_count, batch.closed_count) == (1, 0)


def test_a_line_without_identity_closes_nothing_at_all_and_says_so(load, tmp_path, cell):
    load([affelnet_row(), affelnet_row(ine="123456789AC", last_name="Autre")])
    path = write_csv(tmp_path / "casse.csv", NEW_HEADER, [affelnet_row(), ["a", "b", "c"]])
    batch = import_wishes(path, cell=cell, by=Viewer(cell_id=cell.pk))
    assert (batch.refused_count, batch.closed_count, batch.rows_read) == (1, 0, 2)
    assert "aucun vœu absent du fichier n’a été clos" in batch.message
    assert reasons(batch) == [f"3 colonnes au lieu de {len(NEW_HEADER)}"]


def test_a_wish_closed_by_a_counsellor_is_not_reopened(load):
    load([affelnet_row()])
    Wish.objects.update(closed_at="2026-01-01T00:00Z", closed_reason="le jeune y renonce")
    assert counts(load([affelnet_row()])) == (0, 0, 1, 0)
    assert not Wish.objects.open().exists()


def is_locked(wish_id):
    """Whether another session would have to wait before it changes that wish."""
    answers = []

    def ask():
        try:
            with transaction.atomic():
                answers.append(not Wish.objects.select_for_update(nowait=True).filter(pk=wish_id))
        except DatabaseError:
            answers.append(True)
        finally:
            connection.close()

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join()
    return answers[0]


@pytest.mark.django_db(transaction=True)
def test_a_wish_cannot_be_closed_between_its_reading_and_its_writing(load, monkeypatch):
    cell = CellFactory(region__code="53")
    load([affelnet_row()], into=cell)
    wish = Wish.objects.get()
    write, seen = WishesOfChunk.write, []

    def write_later(self):
        seen.append(is_locked(wish.pk))
        write(self)

    monkeypatch.setattr(WishesOfChunk, "write", write_later)
    load([affelnet_row(rank="2")], into=cell)
    assert seen == [True]
    assert not is_locked(wish.pk)


def test_the_same_wish_twice_in_a_file_keeps_the_first_and_names_both_lines(load):
    batch = load([affelnet_row(), affelnet_row(rank="5")])
    assert (batch.created_count, batch.refused_count) == (1, 1)
    assert Wish.objects.get().rank == 1
    refused = batch.refused_rows.get()
    assert (refused.line, refused.column) == (3, "Code offre de formation (vœu)")
    assert "ligne 2" in refused.reason


def test_a_wish_seen_in_an_earlier_chunk_is_refused_too(load, monkeypatch):
    monkeypatch.setattr("youth.imports.load.CHUNK_ROWS", 1)
    batch = load([affelnet_row(), affelnet_row(rank="5"), affelnet_row(rank="2", offer="1A222222")])
    assert (batch.created_count, batch.refused_count) == (2, 1)
    assert counts(load([affelnet_row(), affelnet_row(rank="2", offer="1A222222")])) == (0, 0, 2, 0)


def test_forbidden_columns_reach_no_table(load):
    canary = "CANARIVERBOTEN"
    header = [*NEW_HEADER, "Nationalité", "Lieu de naissance", "Moyenne générale", "Boursier", "NIR"]
    good, bad = affelnet_row(), affelnet_row(rank="0", offer="1A222222")
    for row in (good, bad):
        row[header.index("Libellé LV1 origine de l'élève")] = canary
        row += [canary] * 5
    batch = load([good, bad], header)
    assert (batch.created_count, batch.refused_count) == (1, 1)
    stored = [
        str(list(model.objects.values()))
        for model in (YoungPerson, Guardian, Wish, ImportBatch, AuditEntry, type(batch.refused_rows.get()))
    ]
    assert not [text for text in stored if canary in text]


def test_the_import_is_audited_without_names(load, cell):
    load([affelnet_row()])
    started, finished = AuditEntry.objects.filter(target_kind="importbatch").order_by("pk")
    assert (started.action, finished.action) == ("import.started", "import.finished")
    assert finished.cell == cell
    assert finished.facts["created_count"] == 1
    assert "LEF" not in str(finished.facts)


def test_wishes_for_people_living_elsewhere_stay_in_the_cell_of_the_import(load, cell):
    CommunePostcodeFactory(
        commune=CommuneFactory(insee_code="35238", name="Rennes", department__code="35"), postcode="35000"
    )
    load([affelnet_row(postcode="35000", city="RENNES")])
    person = YoungPerson.objects.get()
    assert (person.cell, person.commune_id) == (cell, "35238")


def test_a_foreign_address_is_kept_without_a_place(load, rouen):
    load([affelnet_row(country="BELGIQUE", postcode="7600", city="PERUWELZ")])
    person = YoungPerson.objects.get()
    assert (person.postcode, person.commune, person.latitude) == ("7600", None, None)


def test_a_postcode_that_lost_its_zero_gets_it_back(load):
    load([affelnet_row(postcode="1400", city="L'ABERGEMENT")])
    assert YoungPerson.objects.get().postcode == "01400"


@pytest.mark.parametrize(
    ("change", "column", "reason"),
    [
        ({"ine": "123"}, "INE", "INE mal formé"),
        ({"ine": "-"}, "INE", "valeur obligatoire absente"),
        ({"rank": "0"}, "Rang du vœu", "un rang de 1 à 999"),
        ({"rank": "premier"}, "Rang du vœu", "un rang de 1 à 999"),
        ({"rank": "٣"}, "Rang du vœu", "un rang de 1 à 999"),
        ({"year": "1026"}, "année scolaire rentrée", "année de rentrée attendue"),
        ({"offer": "-"}, "Code offre de formation (vœu)", "valeur obligatoire absente"),
        ({"last_name": "😀"}, "Nom de l'élève", "aucune lettre"),
        ({"last_name": "X" * 101}, "Nom de l'élève", "100 au plus"),
        ({"last_name": "LE\0FEVRE"}, "", "caractère illisible"),
        ({"last_name": "A\x1bB"}, "Nom de l'élève", "caractère de commande"),
    ],
    ids=lambda value: str(value)[:20] if isinstance(value, dict) else "",
)
def test_what_names_the_person_or_the_wish_refuses_its_row_only(load, change, column, reason):
    batch = load([affelnet_row(**change), affelnet_row(ine="123456789AC", last_name="Autre")])
    assert (batch.state, batch.created_count, batch.refused_count) == (State.DONE, 1, 1)
    refused = batch.refused_rows.get()
    assert (refused.line, refused.column) == (2, column)
    assert reason in refused.reason
    assert YoungPerson.objects.get().last_name == "Autre"


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"phone": "123"}, "Téléphone portable"),
        ({"mail_1": "pas une adresse"}, "Mail responsable 1"),
        ({"postcode": "ABC"}, "Code postal"),
        ({"mef": "12"}, "Code MEF"),
        ({"uai": "1234"}, "Code UAI étab. Accueil"),
    ],
)
def test_a_bad_detail_is_noted_and_the_row_is_kept(load, change, column):
    batch = load([affelnet_row(**change)])
    assert (batch.created_count, batch.refused_count) == (1, 0)
    note = batch.refused_rows.get()
    assert (note.line, note.column, note.value) == (2, column, next(iter(change.values())))
    assert "laissée de côté" in note.reason


def test_a_birth_date_of_another_age_refuses_its_row(load):
    batch = load([candidate_row(Date_de_naissance="17/05/1026")], list(CANDIDATE))
    assert "date hors des limites" in batch.refused_rows.get().reason


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "=cmd()", "Zoé 🎉"])
def test_text_is_stored_as_text(load, text):
    load([affelnet_row(first_name=text, second_name=text)])
    assert YoungPerson.objects.get().first_name == text


def test_people_are_never_deleted_by_a_file_that_no_longer_names_them(load, cell):
    person = YoungPersonFactory(cell=cell)
    load([affelnet_row()])
    assert YoungPerson.objects.filter(pk=person.pk).exists()
