"""docker-compose.yml and the Dockerfile agree with the settings, the commands and the queues they name."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings
from django.core.management import get_commands
from django.utils.module_loading import import_string

from cells.imports.limits import LONGEST_IMPORT
from config.celery import QUEUES, app
from config.embedded.servers import LOCALE
from employers.tasks import import_offer_file
from youth.tasks import import_wish_file

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = (ROOT / "docker-compose.yml").read_text()
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE)["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"].startswith("jonction:")}
LASTING = {name: service for name, service in SERVICES.items() if name != "migrate"}
DOCKERFILE = (ROOT / "Dockerfile").read_text()
UNITS = {"s": 1, "m": 60}


def settings_names() -> set[str]:
    files = [*(ROOT / "config" / "settings").glob("*.py")]
    return {name for file in files for name in re.findall(r'env\.\w+\("([A-Z_]+)"', file.read_text())}


def command(service: dict[str, Any]) -> str:
    return " ".join(service["command"])


def queues_of(service: dict[str, Any]) -> list[str]:
    words = service.get("command", [])
    return words[words.index("--queues") + 1].split(",") if "--queues" in words else []


def test_every_variable_given_to_our_services_is_read_by_the_settings() -> None:
    for name, service in OURS.items():
        given = {variable.removesuffix("_FILE") for variable in service["environment"]}  # see config/env.py
        unread = given - settings_names() - {"DJANGO_SETTINGS_MODULE"}
        assert unread == set(), name


def test_our_services_get_every_variable_that_production_demands() -> None:
    text = (ROOT / "config" / "settings" / "production.py").read_text()
    demanded = set(re.findall(r'"([A-Z_]+)"', re.search(r"for _name in \((.*?)\)", text, re.S)[1]))
    assert len(demanded) >= 6
    for name, service in OURS.items():
        assert demanded <= set(service["environment"]), name
        assert service["environment"]["DJANGO_SETTINGS_MODULE"] == "config.settings.production"


def test_the_example_file_names_every_variable_without_default() -> None:
    example = set(re.findall(r"^#? ?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.M))
    assert set(re.findall(r"\$\{([A-Z_]+):\?", COMPOSE)) <= example
    assert example <= set(re.findall(r"\$\{([A-Z_]+)", COMPOSE))


def test_each_queue_has_one_worker_service_and_no_worker_an_unknown_queue() -> None:
    served = [queue for service in OURS.values() for queue in queues_of(service)]
    assert sorted(served) == sorted(QUEUES)


def test_workers_ping_themselves_under_the_name_they_take() -> None:
    for name, service in OURS.items():
        if queues_of(service):
            node = service["command"][service["command"].index("--hostname") + 1].removesuffix("%h")
            assert f"--destination {node}$$HOSTNAME" in service["healthcheck"]["test"][1], name


def test_workers_are_left_the_time_of_the_longest_task() -> None:
    for service in OURS.values():
        if queues_of(service):
            amount, unit = re.fullmatch(r"(\d+)([sm])", service["stop_grace_period"]).groups()
            longest = LONGEST_IMPORT if "imports" in queues_of(service) else settings.CELERY_TASK_TIME_LIMIT
            assert int(amount) * UNITS[unit] >= longest


def test_imports_have_a_queue_and_a_limit_of_their_own_below_the_time_of_redelivery() -> None:
    for task in (import_wish_file, import_offer_file):
        assert app.amqp.router.route({}, task.name)["queue"].name == "imports"
        assert task.soft_time_limit < task.time_limit == LONGEST_IMPORT
    others = {name for name, task in app.tasks.items() if not name.endswith(("import_wish_file", "import_offer_file"))}
    assert not [name for name in others if app.amqp.router.route({}, name)["queue"].name == "imports"]
    assert settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"] > LONGEST_IMPORT


def test_the_commands_named_exist() -> None:
    commands = [command(service) for service in OURS.values() if "command" in service]
    manage = {name for line in commands for name in re.findall(r"manage\.py (\w+)", line)}
    assert {"migrate", "load_reference", "wait_for_services"} == manage
    assert manage <= set(get_commands())
    assert all("celery -A config " in line or "manage.py" in line for line in commands)
    target = re.search(r'"gunicorn", "([\w.:]+)"', DOCKERFILE)[1]
    assert callable(import_string(target.replace(":", ".")))


def test_there_is_one_beat() -> None:
    beats = [service for service in OURS.values() if "beat" in service.get("command", [])]
    assert len(beats) == 1
    assert beats[0]["deploy"]["replicas"] == 1


def test_every_lasting_service_is_watched_and_comes_back() -> None:
    for name, service in LASTING.items():
        assert service["healthcheck"]["test"], name
        assert service["restart"] == "unless-stopped", name


def test_migrations_run_once_before_our_services() -> None:
    assert SERVICES["migrate"]["restart"] == "no"
    for name in OURS.keys() - {"migrate"}:
        conditions = {key: value["condition"] for key, value in SERVICES[name]["depends_on"].items()}
        assert conditions == {
            "db": "service_healthy",
            "redis": "service_healthy",
            "migrate": "service_completed_successfully",
        }


def test_images_are_named_with_a_version() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.M)
    for image in [*(service["image"] for service in SERVICES.values()), *bases]:
        assert re.search(r":v?\d", image), image


def test_the_image_does_not_run_as_root_and_installs_checked_packages() -> None:
    assert re.findall(r"^USER (\S+)", DOCKERFILE, re.M) == ["jonction"]
    assert "--require-hashes" in DOCKERFILE
    assert "collectstatic" in DOCKERFILE


def test_the_database_is_made_as_the_embedded_one() -> None:
    assert SERVICES["db"]["environment"]["POSTGRES_INITDB_ARGS"].split() == LOCALE


def test_the_broker_keeps_its_content_and_never_drops_any() -> None:
    assert SERVICES["redis"]["command"][1:] == ["--appendonly", "yes", "--maxmemory-policy", "noeviction"]


def test_every_volume_used_is_declared() -> None:
    used = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}
    assert used == set(yaml.safe_load(COMPOSE)["volumes"])


@pytest.mark.parametrize("file", ["scripts/healthcheck.py", "manage.py", "requirements/run.txt"])
def test_files_named_exist_and_reach_the_image(file: str) -> None:
    assert (ROOT / file).exists()
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert file.split("/")[0] not in ignored
