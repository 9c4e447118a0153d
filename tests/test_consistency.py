"""What would otherwise rot quietly: templates nobody renders, models without labels, clocks without a task."""

import re

import pytest
from django.apps import apps
from django.conf import settings
from django.template.loader import get_template
from django.test import override_settings

from config.celery import app as celery_app
from config.checks import check_secrets
from config.env import BASE_DIR
from tests.test_architecture import OURS, python_files, tracked_files

TEMPLATE_NAME = re.compile(r"""["']([\w/.-]+\.(?:html|txt))["']""")
BUILT_IN = {"403.html", "404.html", "500.html", "400.html", "403_csrf.html"}


def own_templates() -> dict[str, str]:
    folder = BASE_DIR / "templates"
    return {str(path.relative_to(folder)): path.read_text() for path in tracked_files() if path.is_relative_to(folder)}


def test_every_template_is_used():
    sources = [path.read_text() for path in python_files() if path.parts[len(BASE_DIR.parts)] in OURS]
    named = {name for text in [*sources, *own_templates().values()] for name in TEMPLATE_NAME.findall(text)}
    overridden = {name for name in own_templates() if name.startswith(("dsfr/", "admin/"))}
    assert set(own_templates()) - named - BUILT_IN - overridden == set()


@pytest.mark.parametrize("name", sorted(own_templates()))
def test_every_template_compiles(name):
    get_template(name)


def test_no_template_needs_inline_code_that_the_content_policy_refuses():
    inline = re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*application/ld\+json)|\son\w+=|<style|javascript:", re.I)
    wrong = [
        name
        for name, text in own_templates().items()
        if "/email/" not in name and not name.startswith("base_email") and inline.search(text)
    ]
    assert wrong == []


@pytest.mark.parametrize("model", [model for model in apps.get_models() if model._meta.app_label in OURS])
def test_models_and_fields_are_named_in_french_by_hand(model):
    unnamed = [
        field.name
        for field in model._meta.get_fields()
        if not field.auto_created
        and field.name not in {"uuid", "search_vector"}
        and getattr(field, "_verbose_name", "") is None
    ]
    assert unnamed == []
    assert "verbose_name" in model._meta.original_attrs


def test_every_beat_entry_names_a_task_that_exists():
    celery_app.loader.import_default_modules()
    assert {entry["task"] for entry in celery_app.conf.beat_schedule.values()} <= set(celery_app.tasks)


def test_every_task_has_a_queue_that_a_worker_serves():
    celery_app.loader.import_default_modules()
    queues = {queue.name for queue in celery_app.conf.task_queues}
    for name in celery_app.tasks:
        if name.split(".")[0] in OURS:
            assert celery_app.amqp.router.route({}, name)["queue"].name in queues


def test_settings_read_from_the_environment_are_documented():
    read = set()
    for path in (BASE_DIR / "config" / "settings").glob("*.py"):
        read |= set(re.findall(r"""env(?:\.\w+)?\(\s*"([A-Z_]+)\"""", path.read_text()))
    documented = "".join((BASE_DIR / name).read_text() for name in (".env.example", "docs/exploitation.md"))
    assert {name for name in read if name not in documented} == set()


def test_the_state_block_is_off_unless_the_operator_says_so():
    assert settings.IS_STATE_SITE is False


@pytest.mark.parametrize(("name", "code"), [("SECRET_KEY", "jonction.E001"), ("OBJECTION_KEY", "jonction.E002")])
def test_a_development_secret_is_refused_when_deploying(name, code):
    checks = [check for check in check_secrets(None) if check.id == code]
    assert checks == []
    with override_settings(**{name: "developpement-seulement-x"}):
        assert [check.id for check in check_secrets(None) if check.id == code] == [code]
