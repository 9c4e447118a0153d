import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cells.imports.errors import FileRefused
from cells.imports.files import inspect_file
from cells.imports.reading import open_table

COLUMNS = {"name": ("Nom de l'élève", "nom_eleve"), "town": ("Ville",), "option": ("Libellé  Option 1",)}
HEADER = "Nom de l'élève;Ville;Libellé  Option 1\r\n"


@pytest.fixture
def table(tmp_path):
    """`table(content)`: (rows, refusals) of a file of this content, text or bytes."""

    def read(content, required=("name",)):
        path = tmp_path / "fichier.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        refusals = []
        rows = list(open_table(path, columns=COLUMNS, required=required, refuse=lambda *one: refusals.append(one)))
        return rows, refusals

    return read


def names(rows):
    return [row.values["name"] for row in rows]


@pytest.mark.parametrize(
    "header",
    [
        "Nom de l'élève;Ville;Libellé  Option 1",
        "\ufeffNom de l’élève;VILLE;Libellé Option 1",
        '"NOM DE L\'E\u0301LE\u0300VE" ; "ville";"Libelle option 1 "',
        "nom_eleve;Ville;autre;Libellé Option 1",
    ],
    ids=["exact", "bom-apostrophe-case-space", "nfd-quotes", "variant-and-unknown-column"],
)
def test_a_header_is_recognised_however_it_is_typed(table, header):
    rows, refusals = table(f"{header}\nLéa;Rouen;{'x;' * header.count('autre')}Cuisine\n")
    assert refusals == []
    assert rows[0].values == {"name": "Léa", "town": "Rouen", "option": "Cuisine"}


def test_a_file_without_a_compulsory_column_is_refused_and_the_column_named(table):
    with pytest.raises(FileRefused, match="absente de l’en-tête : « Nom de l'élève »"):
        table("Ville;Pays\nRouen;France\n")


def test_only_the_columns_asked_for_leave_the_reader(table):
    rows, _ = table("Nom de l'élève;Nationalité\nLéa;secret\n")
    assert "secret" not in str(rows)


def test_a_dash_an_empty_cell_and_blanks_are_missing(table):
    rows, _ = table(HEADER + "Léa; - ;  \r\n")
    assert rows[0].values == {"name": "Léa", "town": "", "option": ""}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_the_usual_encodings_are_read(table, encoding):
    rows, refusals = table((HEADER + "Chloé;Évreux;-\r\n").encode(encoding))
    assert (names(rows), refusals) == (["Chloé"], [])


def test_one_wrong_byte_in_utf8_costs_its_row_and_spoils_no_accent(table):
    content = (HEADER + "Chloé;Évreux;-\nZoé;Rouen;-\n").encode() + b"L\xe9a;Rouen;-\n"
    rows, refusals = table(content)
    assert names(rows) == ["Chloé", "Zoé"]
    assert refusals[0][0] == 4
    assert "caractère illisible" in refusals[0][3]


@pytest.mark.parametrize("delimiter", [";", ",", "\t", "|"])
def test_the_delimiter_is_found(table, delimiter):
    rows, _ = table(f"Nom de l'élève{delimiter}Ville\nLéa{delimiter}Rouen\n")
    assert rows[0].values["town"] == "Rouen"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "vide"),
        (b"PK\x03\x04 rest of a workbook", "classeur"),
        (b"\xd0\xcf\x11\xe0 old workbook", "xls"),
        (b"\x1f\x8b\x08 gzip", "gzip"),
        (b"%PDF-1.7", "PDF"),
        (bytes(range(256)) * 20 + b"\0" * 2000, "binaires"),
        ("Nom;Ville".encode("utf-16-le"), "binaires"),
        (b"just one line of prose", "en-tête"),
        (b"x" * 200_000, "en-tête"),
    ],
    ids=["empty", "xlsx", "xls", "gzip", "pdf", "binary", "utf16-without-bom", "prose", "endless-line"],
)
def test_what_is_no_csv_is_refused_with_what_to_do(table, content, reason):
    with pytest.raises(FileRefused, match=reason):
        table(content)


def test_a_real_zip_is_refused(tmp_path):
    path = tmp_path / "archive.csv"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("voeux.csv", HEADER)
    with pytest.raises(FileRefused, match="archive zip"):
        inspect_file(path)


def test_a_file_above_the_limit_is_refused_without_being_read(tmp_path):
    path = tmp_path / "enorme.csv"
    with path.open("wb") as stream:
        stream.truncate(2 * 1024**3 + 1)  # sparse: takes no room
    with pytest.raises(FileRefused, match="la limite est de 2048 Mo"):
        inspect_file(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(FileRefused, match="ne peut pas être lu"):
        inspect_file(tmp_path / "absent.csv")
    with pytest.raises(FileRefused, match="n’est pas un fichier"):
        inspect_file(tmp_path)


def test_a_row_too_short_or_too_long_is_refused_alone(table):
    rows, refusals = table(HEADER + "Léa;Rouen\nZoé;Caen;-\nMax;Caen;-;surplus\nNoé;Caen;-;;\n\n")
    assert names(rows) == ["Zoé", "Noé"]
    assert [(line, reason) for line, _, _, reason in refusals] == [
        (2, "2 colonnes au lieu de 3"),
        (4, "4 colonnes au lieu de 3"),
    ]


def test_a_cell_may_hold_a_line_break_and_quotes(table):
    rows, refusals = table(HEADER + '"Léa ""la\nnuit""";Rouen;-\nZoé;"12"" rue";-\nMax;5" nord;-\n')
    assert refusals == []
    assert names(rows) == ['Léa "la\nnuit"', "Zoé", "Max"]
    assert [row.line for row in rows] == [2, 4, 5]
    assert rows[2].values["town"] == '5" nord'


@pytest.mark.parametrize("place", ["first", "last"])
def test_a_quote_that_never_closes_costs_its_own_line_only(table, place):
    good = [f"Léa{number};Rouen;-\n" for number in range(50)]
    bad = '"Zoé;Rouen;-\n'
    rows, refusals = table(HEADER + "".join([bad, *good] if place == "first" else [*good, bad]))
    assert len(rows) == 50
    assert [(line, reason) for line, _, _, reason in refusals] == [
        (2 if place == "first" else 52, "guillemet ouvert et jamais refermé")
    ]


def test_a_quoted_file_with_one_open_quote_keeps_its_other_rows(table):
    good = '"Léa";"Rouen";"-"\n'
    rows, refusals = table('"Nom de l\'élève";"Ville";"Option"\n' + good + '"Zoé";"Rouen;"-"\n' + good * 3)
    assert len(rows) == 4
    assert [line for line, *_ in refusals] == [3]


def test_a_line_of_ten_megabytes_costs_its_own_line_only(table):
    rows, refusals = table(HEADER + "x" * 10_000_000 + ";Rouen;-\nZoé;Caen;-\n")
    assert names(rows) == ["Zoé"]
    assert [(line, reason) for line, _, _, reason in refusals] == [(2, "ligne de plus de 60000 caractères")]


def test_a_nul_byte_costs_its_own_row_only(table):
    rows, refusals = table(HEADER + "L\0a;Rouen;-\nZoé;Caen;-\n")
    assert names(rows) == ["Zoé"]
    assert refusals[0][0] == 2


@settings(max_examples=150, deadline=None)
@given(body=st.text(alphabet='";,\n\r\0 aé-\t', max_size=120))
def test_whatever_follows_the_header_every_line_is_read_refused_or_blank(body):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fichier.csv"
        path.write_bytes((HEADER + body + "\nZoé;Caen;fin\n").encode())
        refusals = []
        try:
            rows = list(open_table(path, columns=COLUMNS, refuse=lambda *one: refusals.append(one)))
        except FileRefused as error:
            assert "binaires" in str(error)
            return
    last = (rows[-1].line if rows else 0), max((line for line, *_ in refusals), default=0)
    assert rows[-1].values["option"].endswith("fin") if last[0] > last[1] else refusals
