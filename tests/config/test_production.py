"""Production starts on values of its own only."""

import runpy

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.settings.base import DEVELOPMENT_SECRET

GIVEN = {
    "DATABASE_URL": "postgres://jonction@db/jonction",
    "REDIS_URL": "redis://redis/0",
    "EMAIL_URL": "smtp://mail:25",
    "SECRET_KEY": "s" * 50,
    "OBJECTION_KEY": "o" * 50,
    "SITE_URL": "https://jonction.example",
    "MAIL_DOMAIN": "jonction.example",
}


def start(monkeypatch, **changed):
    for name, value in (GIVEN | changed).items():
        monkeypatch.setenv(name, value)
    return runpy.run_module("config.settings.production")


def test_production_starts_when_everything_is_given(monkeypatch):
    assert start(monkeypatch)["SESSION_COOKIE_SECURE"] is True


@pytest.mark.parametrize("name", GIVEN)
def test_production_refuses_a_missing_value(monkeypatch, name):
    with pytest.raises(ImproperlyConfigured, match=name):
        start(monkeypatch, **{name: ""})


@pytest.mark.parametrize("name", ["SECRET_KEY", "OBJECTION_KEY"])
def test_production_refuses_the_secrets_of_development(monkeypatch, name):
    with pytest.raises(ImproperlyConfigured, match=f"{name} porte la valeur de développement"):
        start(monkeypatch, **{name: DEVELOPMENT_SECRET + "0" * 40})
