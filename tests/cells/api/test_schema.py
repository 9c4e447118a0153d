import pytest
import yaml
from django.urls import get_resolver
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer
from drf_spectacular.validation import validate_schema
from rest_framework.permissions import AllowAny
from rest_framework.settings import api_settings

from cells.api.permissions import DenyAll
from config.env import BASE_DIR


def schema_now():
    return SchemaGenerator().get_schema(public=True)


def test_the_committed_description_is_the_one_of_the_code():
    committed = (BASE_DIR / "docs" / "openapi.yaml").read_bytes()
    now = OpenApiYamlRenderer().render(schema_now(), renderer_context={})
    assert committed == now, "Refaire : manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml"


def test_the_description_is_valid():
    validate_schema(schema_now())


def test_the_description_is_served(client):
    response = client.get("/api/v1/schema", headers={"Accept": "application/vnd.oai.openapi"})
    assert response.status_code == 200
    assert yaml.safe_load(response.content)["info"]["title"] == "API Jonction"


def test_every_operation_is_explained_for_people():
    operations = [one for methods in schema_now()["paths"].values() for one in methods.values()]
    assert operations
    for operation in operations:
        assert operation["summary"]
        assert operation["description"]
        assert operation["tags"]


def test_the_page_for_people_lists_every_operation(client):
    page = client.get("/api/v1/docs").content.decode()
    for path in schema_now()["paths"]:
        assert path in page
    assert "latitude" in page
    assert "erreur-throttled" in page


def test_the_page_for_people_needs_nothing_from_elsewhere(client):
    page = client.get("/api/v1/docs").content.decode()
    assert 'src="http' not in page
    assert 'rel="stylesheet" href="http' not in page
    assert not client.get("/api/v1/docs").cookies


def views_under(patterns):
    for pattern in patterns:
        if hasattr(pattern, "url_patterns"):
            yield from views_under(pattern.url_patterns)
        elif hasattr(pattern.callback, "cls"):
            yield pattern.callback.cls


@pytest.mark.parametrize("view", sorted(set(views_under(get_resolver().url_patterns)), key=lambda view: view.__name__))
def test_every_view_of_the_api_says_who_it_is_for(view):
    assert DenyAll not in view.permission_classes
    if view.__module__.startswith("drf_spectacular"):
        return
    assert AllowAny not in view.permission_classes


def test_a_view_that_says_nothing_is_for_nobody():
    assert [DenyAll] == api_settings.DEFAULT_PERMISSION_CLASSES
    assert DenyAll().has_permission(None, None) is False
