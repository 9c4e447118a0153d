"""import_nomenclature: the producers' own files, as they publish them and as they get spoilt."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from cells.models import Activity, DiplomaLevel, Occupation, ReferenceDataset
from cells.services.reference.files import ReferenceFileError
from cells.services.reference.nomenclatures import import_diploma_levels, import_naf, import_rome

pytestmark = pytest.mark.django_db

ROME_HEADER = (
    '"code_rome","code_fiche_metier","code_ogr","libelle_rome","transition_eco","transition_num",'
    '"transition_demo","emploi_reglemente","emploi_cadre","code_rome_parent"\n'
)
BAKER = '"D1102","1","2","Boulanger / Boulangère","","N","N","O","N","D1102"\n'
CHIEF = '"D1108","3","4","Chef boulanger / Cheffe boulangère","","N","N","O","N","D1102"\n'
BEEKEEPER = '"A1429","5","6","Apiculteur / Apicultrice","Emploi Vert","","","","","A1407"\n'


@pytest.fixture
def write(tmp_path):
    def write_file(content, name="table.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        return path

    return write_file


def occupations():
    return list(Occupation.objects.order_by("code").values_list("code", "label", "parent_id", "is_obsolete"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
def test_the_producers_rome_table_is_read_whatever_its_encoding(write, encoding):
    outcome = import_rome(write(ROME_HEADER + CHIEF + BAKER, encoding=encoding))
    assert outcome.created == 2
    assert outcome.errors == []
    assert occupations() == [
        ("D1102", "Boulanger / Boulangère", None, False),
        ("D1108", "Chef boulanger / Cheffe boulangère", "D1102", False),
    ]


def test_the_same_rome_file_twice_changes_nothing(write):
    path = write(ROME_HEADER + BAKER + CHIEF)
    import_rome(path)
    outcome = import_rome(path)
    assert (outcome.created, outcome.updated, outcome.unchanged, outcome.retired) == (0, 0, 2, 0)


def test_a_code_that_vanishes_becomes_obsolete_and_lives_again_when_it_comes_back(write):
    import_rome(write(ROME_HEADER + BAKER + CHIEF))

    assert import_rome(write(ROME_HEADER + BAKER)).retired == 1
    assert occupations()[1] == ("D1108", "Chef boulanger / Cheffe boulangère", "D1102", True)

    assert import_rome(write(ROME_HEADER + BAKER + CHIEF)).updated == 1
    assert not Occupation.objects.filter(is_obsolete=True).exists()


def test_spoilt_rome_rows_are_told_by_line_and_good_ones_are_kept(write):
    import_rome(write(ROME_HEADER + BAKER + CHIEF))
    spoilt = (
        '"Z9999","","","Inconnu","","","","","",""\n"D1108","","","","","","","","",""\n"D1102","x"\n\n' + BEEKEEPER
    )

    outcome = import_rome(write(ROME_HEADER + BAKER + spoilt))

    assert [str(error) for error in outcome.errors] == [
        "ligne 3, colonne code_rome : « Z9999 » n’est pas un code ROME (une lettre de A à N, quatre chiffres).",
        "ligne 4, colonne libelle_rome : «  » est vide : le libellé est obligatoire.",
        "ligne 5, colonne code_rome : « D1102 » est déjà donné à la ligne 2.",
        "ligne 7, colonne code_rome_parent : « A1407 » n’est pas un code connu : métier gardé sans code de "
        "rattachement.",
    ]
    assert outcome.created == 1
    assert not Occupation.objects.filter(is_obsolete=True).exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "est vide"),
        (b"\xef\xbb\xbf  \n", "est vide"),
        (b"PK\x03\x04" + bytes(100), "est un classeur ou une archive"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "pas un fichier texte"),
        ("code_rome,libelle_rome\n".encode("utf-16"), "pas un fichier texte"),
        (b"\x81\x8d\x8f\x90\x9d", "L\u2019encodage"),
        (b"nom;prenom\nDurand;Zoe\n", "il manque code, label. Colonnes attendues : code_rome, libelle_rome"),
        (ROME_HEADER.encode(), "aucune ligne utilisable"),
        (b'code_rome,libelle_rome\nD1102,"jamais ferm\xc3\xa9' + b"x" * 200_000, "un guillemet ouvert"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_french_and_changes_nothing(write, content, said):
    import_rome(write(ROME_HEADER + BAKER))
    before = occupations()
    with pytest.raises(ReferenceFileError) as refusal:
        import_rome(write(content, name="spoilt.csv"))
    assert said in str(refusal.value)
    assert "spoilt.csv" in str(refusal.value)
    assert "Durand" not in str(refusal.value)
    assert occupations() == before


def test_a_missing_file_and_a_giant_one_are_refused(write, tmp_path, monkeypatch):
    with pytest.raises(ReferenceFileError, match="introuvable"):
        import_rome(tmp_path / "absent.csv")
    monkeypatch.setattr("cells.services.reference.files.MAX_BYTES", 10)
    with pytest.raises(ReferenceFileError, match="dépasse"):
        import_rome(write(ROME_HEADER + BAKER))


def test_what_a_cell_says_is_stored_as_text_and_never_run(write):
    hostile = '"D1102","","","=cmd()|<script>alert(1)</script>😀","","","","","",""\n'
    import_rome(write(ROME_HEADER + hostile))
    assert Occupation.objects.get().label == "=cmd()|<script>alert(1)</script>😀"


def test_insees_naf_table_is_read_with_its_title_and_its_upper_levels(write):
    table = (
        "Nomenclature d’activités française\n\n"
        "Code;Intitulés de la NAF rév. 2, version finale\n"
        "SECTION C;INDUSTRIE MANUFACTURIÈRE\n10;Industries alimentaires\n10.7;Boulangerie\n10.71;Pain\n"
        "10.71C;Boulangerie et boulangerie-pâtisserie\n10.71D;Pâtisserie\nabc;rien\n10.71E;\n"
    )
    outcome = import_naf(write(table), edition="rev2")
    assert list(Activity.objects.values_list("version", "code", "label")) == [
        ("rev2", "1071C", "Boulangerie et boulangerie-pâtisserie"),
        ("rev2", "1071D", "Pâtisserie"),
    ]
    assert [error.line for error in outcome.errors] == [10, 11]
    assert import_naf(write(table), edition="rev2").unchanged == 2


def test_two_editions_of_the_naf_live_side_by_side(write):
    call_command("import_nomenclature", "naf", write("code,label\n1071C,Pain\n"), stdout=StringIO())
    call_command(
        "import_nomenclature", "naf", write("code\tlibelle\n1071C\tPains\n"), edition="2025", stdout=StringIO()
    )
    assert set(Activity.objects.values_list("version", "label")) == {("rev2", "Pain"), ("2025", "Pains")}
    with pytest.raises(CommandError, match="n’existe pas"):
        call_command("import_nomenclature", "naf", write("code,label\n1071C,Pain\n"), edition="rev3")


def test_diploma_levels_outside_3_to_8_are_refused(write):
    outcome = import_diploma_levels(write("niveau;libelle\n3;CAP\n9;Inconnu\n"))
    assert [error.value for error in outcome.errors] == ["9"]
    assert DiplomaLevel.objects.get().label == "CAP"


def test_the_command_records_what_was_loaded_and_shows_the_errors(write):
    path = write(ROME_HEADER + BAKER + '"??","","","x","","","","","",""\n')
    out, errors = StringIO(), StringIO()

    for _ in range(2):
        call_command(
            "import_nomenclature",
            "rome",
            str(path),
            "--edition=4.61",
            "--released-on=2026-10-01",
            stdout=out,
            stderr=errors,
        )

    dataset = ReferenceDataset.objects.get()
    assert (dataset.kind, dataset.version, dataset.rows) == ("rome", "4.61", 1)
    assert f"{dataset.released_on}" == "2026-10-01"
    assert "Métiers (ROME) 4.61 : 1 créés, 0 modifiés, 0 inchangés, 0 devenus obsolètes, 1 erreur(s)." in out.getvalue()
    assert "ligne 3, colonne code_rome : « ?? »" in errors.getvalue()


def test_the_command_words_a_refusal_and_a_wrong_date(write):
    with pytest.raises(CommandError, match="est vide"):
        call_command("import_nomenclature", "rome", write(b""))
    with pytest.raises(CommandError):
        call_command("import_nomenclature", "rome", write(ROME_HEADER + BAKER), "--released-on=hier")
    assert not ReferenceDataset.objects.exists()
