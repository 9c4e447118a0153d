from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cells.imports.fields import (
    clean_text,
    parse_coordinates,
    parse_date,
    parse_email,
    parse_ine,
    parse_phone,
    parse_rank,
    parse_siret,
    parse_uai,
)

PARSERS = [parse_siret, parse_ine, parse_uai, parse_email, parse_phone, parse_date, parse_rank]


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        (parse_phone, "+33611111111", "0611111111"),
        (parse_phone, "+33 (0)6 11 11 11 11", "0611111111"),
        (parse_phone, "06.11.11.11.11", "0611111111"),
        (parse_phone, "611111111", "0611111111"),
        (parse_phone, "0033611111111", "0611111111"),
        (parse_phone, "+262692123456", "0692123456"),
        (parse_phone, "+32 470 12 34 56", "+32470123456"),
        (parse_phone, "", ""),
        (parse_ine, " 123456789ab ", "123456789AB"),
        (parse_ine, "1234567890A", "1234567890A"),
        (parse_ine, "", ""),
        (parse_uai, "0751222w", "0751222W"),
        (parse_siret, "130 025 265 00013", "13002526500013"),
        (parse_siret, "", ""),
        (parse_email, " Parent@Famille.EXEMPLE ", "parent@famille.exemple"),
        (parse_email, "o'neil@exemple.fr", "o'neil@exemple.fr"),
        (parse_date, "17/05/2009", date(2009, 5, 17)),
        (parse_date, "2009-05-17", date(2009, 5, 17)),
        (parse_date, "2026-08-31T22:00:00Z", date(2026, 9, 1)),
        (parse_date, "", None),
        (parse_rank, "10", 10),
    ],
)
def test_values_are_read_as_people_write_them(read, value, expected):
    assert read(value) == expected


@pytest.mark.parametrize(
    ("read", "value", "reason"),
    [
        (parse_phone, "123", "numéro de téléphone"),
        (parse_phone, "+3361111111", "impossible"),
        (parse_phone, "demander à la mère", "mal formé"),
        (parse_ine, "12345", "INE mal formé"),
        (parse_ine, "ABCDEFGHIJK", "INE mal formé"),
        (parse_siret, "13002526500014", "clé de contrôle"),
        (parse_siret, "1300252650001", "14 chiffres"),
        (parse_siret, "bonjour", "14 chiffres"),
        (parse_email, "pas une adresse", "mal formée"),
        (parse_email, "a@b", "mal formée"),
        (parse_date, "17/05/1026", "hors des limites"),
        (parse_date, "31/02/2026", "JJ/MM/AAAA"),
        (parse_date, "bientôt", "JJ/MM/AAAA"),
        (parse_rank, "0", "un rang de 1 à 999"),
        (parse_rank, "1000000", "un rang de 1 à 999"),
        (parse_rank, "-1", "un rang de 1 à 999"),
        (parse_rank, "", "un rang de 1 à 999"),
    ],
)
def test_what_cannot_be_read_is_refused_in_french(read, value, reason):
    with pytest.raises(ValueError, match=reason):
        read(value)


@pytest.mark.parametrize("read", PARSERS)
@given(value=st.text(max_size=40))
def test_no_text_whatsoever_breaks_a_reader(read, value):
    try:
        read(value)
    except ValueError as error:
        assert str(error)


@given(value=st.text(max_size=60))
def test_clean_text_is_one_storable_line_and_cleaning_it_again_changes_nothing(value):
    try:
        text = clean_text(value, 50)
    except ValueError:
        return
    assert clean_text(text, 50) == text
    assert len(text) <= 50
    assert not set(text) & set("\0\n\r\t\x1b")


def test_html_formulas_and_emoji_are_only_text():
    for text in ("<b>Léa</b>", "=cmd()", "Zoé 🎉"):
        assert clean_text(text, 50) == text


def test_coordinates_are_checked_and_zero_zero_is_unknown():
    assert parse_coordinates("49,44", "1.09") == (49.44, 1.09)
    assert parse_coordinates("", "") is None
    assert parse_coordinates("0", "0") is None
    with pytest.raises(ValueError, match="latitude"):
        parse_coordinates("200", "1")
    with pytest.raises(ValueError, match="longitude"):
        parse_coordinates("49", "181")
    with pytest.raises(ValueError, match="décimaux"):
        parse_coordinates("49", "")
    with pytest.raises(ValueError, match="latitude"):
        parse_coordinates("nan", "1")


@pytest.mark.parametrize(("parse", "text"), [(parse_ine, "１２３４５６７８９AB"), (parse_uai, "２８００００１A")])
def test_digits_of_other_scripts_are_not_those_the_database_takes(parse, text):
    with pytest.raises(ValueError):
        parse(text)
