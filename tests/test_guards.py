"""The suite's own guards, made to go off."""

import re
import socket

import pytest
from django.db import connection
from django.template import Context, Engine
from pytest_socket import SocketConnectBlockedError

from config.env import BASE_DIR
from tests.cells.factories import RegionFactory
from tests.support.queries import WriteRefusedError, only_reading
from tests.support.templates import RefuseUndefined, UndefinedTemplateVariableError


def test_the_network_beyond_this_machine_is_refused():
    with pytest.raises(SocketConnectBlockedError):
        socket.create_connection(("192.0.2.1", 80), timeout=1)


def test_an_undefined_variable_in_a_template_of_ours_is_an_error():
    engine = Engine(dirs=[BASE_DIR / "templates"], string_if_invalid=RefuseUndefined("%s"))
    with pytest.raises(UndefinedTemplateVariableError):
        engine.get_template("components/progress.html").render(Context({}))


@pytest.mark.django_db
@pytest.mark.parametrize("sql", ["UPDATE cells_region SET name = name", "SELECT 1 FROM cells_region FOR UPDATE"])
def test_a_page_that_writes_is_caught(sql):
    RegionFactory()
    with pytest.raises(WriteRefusedError), only_reading(), connection.cursor() as cursor:
        cursor.execute(sql)


FORM = re.compile(r"<form\b[^>]*?method=\"post\".*?</form>", re.DOTALL | re.IGNORECASE)


def test_every_form_that_posts_holds_its_token():
    """Test clients send none and are not asked for one: nothing else would notice."""
    forms = [
        (path.relative_to(BASE_DIR), form)
        for path in (BASE_DIR / "templates").rglob("*.html")
        for form in FORM.findall(path.read_text())
    ]
    assert len(forms) >= 15
    # Whoever answers a mail or stops the offers has no cookie: the link's token is the proof.
    by_token = ("unsubscribe", "answer", "answer_offer", "answer_question")
    own_proof = {f"templates/matching/{name}.html" for name in by_token}
    assert {str(path) for path, form in forms if "csrf_token" not in form} <= own_proof
