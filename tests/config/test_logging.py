"""Logs say what failed and quote no row."""

import json
import logging
import os
import subprocess
import sys

import pytest
from django.db import IntegrityError

from cells.models import User
from config.env import BASE_DIR
from config.logging import JsonFormatter
from tests.cells.factories import UserFactory

WORKER = """
import django, logging
django.setup()
from config.celery import app
app.log.setup(loglevel="INFO")
for name in ("celery.app.trace", "celery.task", "cells.tasks"):
    logging.getLogger(name).info("bonjour")
"""


def line_of(message: str, error: BaseException | None = None) -> dict[str, str]:
    record = logging.LogRecord("essai", logging.ERROR, "", 1, message, (), None)
    record.exc_info = (type(error), error, error.__traceback__) if error else None
    return json.loads(JsonFormatter().format(record))


@pytest.mark.django_db
def test_a_database_error_is_logged_without_the_row_it_quotes():
    taken = UserFactory(email="lea@exemple.fr").email
    with pytest.raises(IntegrityError) as caught:
        User.objects.create(email=taken)
    assert taken in str(caught.value)
    line = line_of(f"Task failed: {caught.value!r}", caught.value)
    assert taken not in str(line)
    assert line["error"].count("duplicate key value") == 2  # psycopg's, then Django's
    assert "duplicate key value" in line["event"]


def test_a_worker_logs_json_lines():
    env = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings.dev"}
    done = subprocess.run(
        [sys.executable, "-c", WORKER], cwd=BASE_DIR, env=env, capture_output=True, text=True, check=True
    )
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [line["logger"] for line in lines if line["event"] == "bonjour"] == [
        "celery.app.trace",
        "celery.task",
        "cells.tasks",
    ]
