"""A filled stencil is what Django would have rendered, to the letter."""

import pytest
from django.template import engines
from django.utils.safestring import mark_safe
from hypothesis import given
from hypothesis import strategies as st

from cells.mailing import stencils

HTML = (
    "<h1 title='{{ x.title }}'>{{ x.title }}</h1>{% if x.place %}, {{ x.place }}{% endif %}"
    "{% for one in x.reasons %}<li>{{ forloop.counter }} {{ one }}</li>{% empty %}rien{% endfor %}{{ x.body }}"
)
TEXT = "{% autoescape off %}" + HTML + "{% endautoescape %}"
WORDS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]))


@pytest.fixture(autouse=True)
def templates(monkeypatch):
    monkeypatch.setattr(stencils, "get_template", engines["django"].from_string)


@pytest.mark.parametrize("template", [HTML, TEXT])
@given(title=WORDS, place=WORDS, reasons=st.lists(WORDS.filter(bool), max_size=4), body=WORDS)
def test_a_stencil_fills_as_django_renders(template, title, place, reasons, body):
    values = {"title": title, "place": place, "reasons": reasons, "body": mark_safe(body)}
    plainly = engines["django"].from_string(template).render({"x": values})
    for _ in range(2):
        assert stencils.fill_stencil(template, "x", values) == plainly
