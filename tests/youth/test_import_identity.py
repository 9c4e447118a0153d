"""Who is who, through whole files: INE, else name and birth date, else name and postcode; never a mail."""

import pytest

from cells.scoping import Viewer
from tests.youth.factories import YoungPersonFactory
from tests.youth.wish_files import CANDIDATE, NEW_HEADER, affelnet_row, candidate_row, write_csv
from youth.imports.load import import_wishes
from youth.models import Guardian, Wish, YoungPerson


@pytest.fixture
def affelnet(cell, tmp_path):
    def read(*rows):
        path = write_csv(tmp_path / "affelnet.csv", NEW_HEADER, rows)
        return import_wishes(path, cell=cell, by=Viewer(cell_id=cell.pk))

    return read


@pytest.fixture
def parcoursup(cell, tmp_path):
    def read(*rows):
        path = write_csv(tmp_path / "parcoursup.csv", list(CANDIDATE), rows)
        return import_wishes(path, cell=cell, by=Viewer(cell_id=cell.pk))

    return read


def test_siblings_with_one_parent_mail_stay_two_people(affelnet):
    affelnet(affelnet_row(), affelnet_row(ine="123456789AC", first_name="HUGO"))
    assert YoungPerson.objects.count() == 2
    assert Guardian.objects.filter(email="parent@famille.exemple").count() == 2


def test_twins_without_ine_stay_two_people(parcoursup):
    parcoursup(candidate_row(Numéro_INE=""), candidate_row(Numéro_INE="", Prénom="Fatou"))
    assert YoungPerson.objects.count() == 2


@pytest.mark.parametrize(
    ("last_name", "first_name", "second_name"),
    [
        ("Lefevre", "lea", "-"),
        ("LEFÈVRE-MARTIN", "LÉA", "MARIE"),
        ("LEFÈVRE", "MARIE", "LÉA"),
        ("LEFÈVRE", "LÉA-MARIE", "-"),
        ("LE FÈVRE", "LÉA", "MARIE"),
    ],
    ids=["case-and-accents", "double-name", "order-of-first-names", "hyphen", "space"],
)
def test_the_same_ine_under_another_spelling_is_the_same_person(affelnet, last_name, first_name, second_name):
    affelnet(affelnet_row())
    names = {"last_name": last_name, "first_name": first_name, "second_name": second_name}
    batch = affelnet(affelnet_row(rank="2", **names))
    assert (batch.updated_count, batch.refused_count) == (1, 0)
    person = YoungPerson.objects.get()
    assert (person.last_name, person.first_name) == ("LEFÈVRE", "LÉA")


@pytest.mark.parametrize("other", [{"last_name": "DURAND"}, {"first_name": "HUGO", "second_name": "-"}])
def test_the_same_ine_under_another_name_is_refused_and_overwrites_nothing(affelnet, other):
    affelnet(affelnet_row())
    before = YoungPerson.objects.values().get()
    batch = affelnet(affelnet_row(), affelnet_row(offer="1A222222", phone="0699999999", **other))
    assert batch.refused_count == 1
    refused = batch.refused_rows.get()
    assert (refused.line, refused.column, refused.value) == (3, "INE", "123456789AB")
    assert "sous un autre nom" in refused.reason
    assert "LEF" not in refused.reason
    assert YoungPerson.objects.values().get() == before


def test_one_ine_under_two_names_in_one_file_keeps_the_first(affelnet):
    batch = affelnet(affelnet_row(), affelnet_row(last_name="DURAND", offer="1A222222"))
    assert (batch.created_count, batch.refused_count) == (1, 1)


def test_the_person_of_another_cell_is_refused_without_a_word_about_them(affelnet, other_cell):
    theirs = YoungPersonFactory(cell=other_cell, ine="123456789AB", last_name="Secret", search_name="secret lea")
    before = YoungPerson.objects.values().get()
    batch = affelnet(affelnet_row())
    refused = batch.refused_rows.get()
    assert "déjà suivi par une autre cellule" in refused.reason
    assert "ecret" not in refused.reason
    assert str(theirs.uuid) not in refused.reason
    assert YoungPerson.objects.values().get() == before
    assert not Wish.objects.exists()


def test_a_homonym_of_another_cell_is_nobody_here(parcoursup, other_cell):
    YoungPersonFactory(cell=other_cell, ine="", search_name="diallo aminata", birth_date="2007-05-17")
    parcoursup(candidate_row(Numéro_INE=""))
    assert YoungPerson.objects.count() == 2


def test_without_ine_name_and_birth_date_find_the_person_again(parcoursup):
    parcoursup(candidate_row(Numéro_INE=""))
    batch = parcoursup(candidate_row(Numéro_INE="", Nom="DIALLO", Code_postal="14000", Ville="Caen"))
    assert batch.updated_count == 1
    assert YoungPerson.objects.get().postcode == "14000"


def test_a_first_ine_is_given_to_the_person_of_that_name_and_birth_date(parcoursup):
    parcoursup(candidate_row(Numéro_INE=""))
    parcoursup(candidate_row())
    assert YoungPerson.objects.get().ine == "987654321CD"


def test_two_files_meet_on_the_ine_and_complete_each_other(affelnet, parcoursup):
    affelnet(affelnet_row())
    parcoursup(candidate_row(Numéro_INE="123456789AB", Nom="Lefèvre", Prénom="Léa"))
    person = YoungPerson.objects.get()
    assert (person.email, str(person.birth_date)) == ("aminata@jeune.exemple", "2007-05-17")
    assert person.guardians.count() == 1
    assert person.wishes.open().count() == 2


def test_same_name_and_postcode_without_more_is_a_new_file_to_review_and_stays_one(affelnet, parcoursup):
    affelnet(affelnet_row())
    first = YoungPerson.objects.get()
    row = candidate_row(Numéro_INE="", Nom="Lefèvre", Prénom="Léa")
    parcoursup(row)
    second = YoungPerson.objects.exclude(pk=first.pk).get()
    assert str(first.uuid) in second.identity_doubt
    assert parcoursup(row).unchanged_count == 1
    assert YoungPerson.objects.count() == 2


def test_same_name_in_another_town_is_somebody_else(affelnet, parcoursup):
    affelnet(affelnet_row())
    parcoursup(candidate_row(Numéro_INE="", Nom="Lefèvre", Prénom="Léa", Code_postal="35000", Ville="Rennes"))
    assert YoungPerson.objects.filter(identity_doubt="").count() == 2


def test_same_name_and_postcode_with_another_birth_date_is_somebody_else(parcoursup):
    parcoursup(candidate_row(Numéro_INE=""), candidate_row(Numéro_INE="", Date_de_naissance="18/05/2007"))
    assert YoungPerson.objects.filter(identity_doubt="").count() == 2


def test_without_any_birth_date_name_and_postcode_find_the_person_again(parcoursup):
    row = candidate_row(Numéro_INE="", Date_de_naissance="")
    parcoursup(row)
    assert parcoursup(row).unchanged_count == 1
    assert YoungPerson.objects.get().identity_doubt == ""


def test_a_row_that_names_nobody_for_sure_is_refused(parcoursup):
    batch = parcoursup(candidate_row(Numéro_INE="", Date_de_naissance="", Code_postal=""))
    assert "l’identité ne peut pas être établie" in batch.refused_rows.get().reason


def test_a_doubt_never_shares_the_mail_rule(parcoursup):
    parcoursup(candidate_row(), candidate_row(Numéro_INE="987654321CE", Nom="Keita", Prénom="Moussa"))
    assert YoungPerson.objects.filter(email="aminata@jeune.exemple").count() == 2
