import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cells.text import normalise


@pytest.mark.parametrize(
    ("written", "compared"),
    [
        ("Éloïse D'Arc-Le Goff", "eloise d arc le goff"),
        ("Éloïse D’Arc-Le Goff", "eloise d arc le goff"),
        ("  CŒUR   de\tbœuf ", "coeur de boeuf"),
        ("Straße Øresund", "strasse oresund"),
        ("Marque™ n° 3", "marquetm n 3"),
        ("É", "e"),
        ("😀 <b>x</b>", "b x b"),
        ("", ""),
    ],
)
def test_text_is_compared_without_case_accents_or_punctuation(written, compared):
    assert normalise(written) == compared


@given(st.text())
def test_what_is_compared_is_plain_words_and_stays_so(text):
    once = normalise(text)
    assert re.fullmatch(r"([a-z0-9]+( [a-z0-9]+)*)?", once)
    assert normalise(once) == once
