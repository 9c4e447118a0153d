"""The training catalogue: centres, trainings, occupations."""

import pytest

from cells.models import Commune, CommunePostcode, Department, DiplomaLevel, Occupation, Training, TrainingCentre
from cells.services.reference.files import ReferenceFileError
from cells.services.reference.trainings import import_trainings

pytestmark = pytest.mark.django_db

HEADER = (
    "Clé ministère éducatif;MEF;CFD;RNCP;Intitulé;Niveau;rome_codes;UAI formateur;SIRET formateur;Nom formateur;"
    "Adresse;code_commune_insee;code_postal;Commune;latitude;longitude\n"
)
KEY = "058562P01311913320630002019130150600017-13077#L01"
BAKERY = f"{KEY};24725214310;50022141;37537;CAP Boulanger;3 (CAP...);D1102|D1104;0760001A;;CFA du Pain;1 rue du Four;"
SIRET = "73282932000074"


@pytest.fixture
def catalogue(tmp_path):
    department = Department.objects.create(code="76", name="Seine-Maritime")
    rouen = Commune.objects.create(
        insee_code="76540", name="Rouen", search_name="rouen", department=department, latitude=49.44, longitude=1.09
    )
    CommunePostcode.objects.create(commune=rouen, postcode="76000")
    DiplomaLevel.objects.bulk_create(DiplomaLevel(level=level, label=f"Niveau {level}") for level in (3, 4, 5))
    for code in ("D1102", "D1104"):
        Occupation.objects.create(code=code, label=code)

    def write(rows, header=HEADER, encoding="utf-8"):
        path = tmp_path / "catalogue.csv"
        path.write_text(header + rows, encoding=encoding)
        return path

    return write


def codes_of(training):
    return set(training.occupations.values_list("code", flat=True))


def test_a_row_becomes_a_training_at_a_centre_that_has_a_place(catalogue):
    outcome = import_trainings(catalogue(BAKERY + "76540;;;;\n"))

    training = Training.objects.get()
    assert (outcome.created, outcome.errors) == (1, [])
    assert (training.cle_ministere_educatif, training.mef) == (KEY, "2472521431")
    assert (training.cfd, training.rncp, training.level_id) == ("50022141", "RNCP37537", 3)
    assert training.search_label == "cap boulanger"
    assert codes_of(training) == {"D1102", "D1104"}
    assert (training.centre.uai, training.centre.name) == ("0760001A", "CFA du Pain")
    assert (training.centre.commune_id, training.centre.latitude) == ("76540", 49.44)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252"])
def test_the_same_catalogue_twice_changes_nothing(catalogue, encoding):
    path = catalogue(BAKERY + f"76540;;;49,5;1,1\n;;;;CAP Pâtissier;3;D1104;;{SIRET};;;;;;;\n", encoding=encoding)
    import_trainings(path)
    before = list(Training.objects.order_by("pk").values()), list(TrainingCentre.objects.order_by("pk").values())

    outcome = import_trainings(path)

    assert (outcome.created, outcome.updated, outcome.unchanged) == (0, 0, 2)
    after = list(Training.objects.order_by("pk").values()), list(TrainingCentre.objects.order_by("pk").values())
    assert after == before


def test_a_row_that_changed_updates_its_training_its_centre_and_its_occupations(catalogue):
    import_trainings(catalogue(BAKERY + "76540;;;;\n"))
    changed = BAKERY.replace("CAP Boulanger", "CAP Boulangerie").replace("D1102|D1104", "D1102")

    outcome = import_trainings(catalogue(changed.replace("CFA du Pain", "CFA du Levain") + ";76000;ROUEN CEDEX;;\n"))

    training = Training.objects.get()
    assert outcome.updated == 1
    assert (training.label, training.search_label) == ("CAP Boulangerie", "cap boulangerie")
    assert codes_of(training) == {"D1102"}
    assert TrainingCentre.objects.get().name == "CFA du Levain"


def test_a_training_without_centre_is_known_by_its_label_and_mef(catalogue):
    header = "intitule,niveau,mef,rome_codes\n"
    import_trainings(catalogue('CAP Boulanger,3,,"D1102"\n', header))
    outcome = import_trainings(catalogue('CAP BOULANGER,3,,"D1102,D1104"\nCAP Boulanger,3,2472521431,\n', header))

    assert (outcome.created, outcome.updated) == (1, 1)
    assert set(Training.objects.values_list("label", "mef", "centre")) == {
        ("CAP BOULANGER", "", None),
        ("CAP Boulanger", "2472521431", None),
    }
    assert codes_of(Training.objects.get(mef="")) == {"D1102", "D1104"}


def test_rows_that_repeat_a_training_add_their_occupations_and_a_row_without_any_keeps_them(catalogue):
    header = "intitule;rome_codes\n"
    import_trainings(catalogue("CAP Boulanger;D1102\nCap boulanger;D1104\n", header))
    import_trainings(catalogue("CAP Boulanger;\n", header))
    assert codes_of(Training.objects.get()) == {"D1102", "D1104"}


def test_trainings_that_leave_the_catalogue_stay(catalogue):
    import_trainings(catalogue(BAKERY + "76540;;;;\n"))
    import_trainings(catalogue("CAP Pâtissier;D1104\n", "intitule;rome_codes\n"))
    assert Training.objects.count() == 2


def test_a_spoilt_cell_is_told_by_line_and_the_rest_of_its_row_is_kept(catalogue):
    rows = (
        f"{KEY};12;X;RS5054;CAP Boulanger;niveau 12;D1102|Z0000;UAI;12345678901234;CFA;;;;;200;3\n"
        ";;;;;3;;;;;;;;;;\n"
        ";;;;CAP Pâtissier;;;0760001A;;;;;;;200;3\n"
    )
    outcome = import_trainings(catalogue(rows))

    told = [(error.line, error.column) for error in outcome.errors]
    assert told == [
        (2, "uai"), (2, "siret"), (2, "level"), (2, "mef"), (2, "cfd"), (2, "rncp"), (2, "rome"),
        (3, "label"), (4, "latitude"),
    ]  # fmt: skip
    training = Training.objects.get(cle_ministere_educatif=KEY)
    assert (training.mef, training.cfd, training.rncp, training.level, training.centre) == ("", "", "", None, None)
    assert codes_of(training) == {"D1102"}
    assert TrainingCentre.objects.get().latitude is None


def test_another_table_is_refused(catalogue):
    with pytest.raises(ReferenceFileError, match="il manque label"):
        import_trainings(catalogue("1;2\n", "nom;prenom\n"))
    with pytest.raises(ReferenceFileError, match="aucune formation"):
        import_trainings(catalogue("", HEADER))
