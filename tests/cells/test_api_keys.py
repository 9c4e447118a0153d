from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from cells.errors import RefusedError
from cells.models import ApiKey, AuditEntry, Cell
from cells.scoping import NOBODY, Viewer
from cells.services.api_keys import find_usable_key, issue_api_key, mark_key_used, revoke_api_key
from cells.tasks import record_key_use
from tests.cells.factories import ApiKeyFactory, OrganisationFactory

pytestmark = pytest.mark.django_db
PEOPLE = ApiKey.Scope.YOUNG_PEOPLE_READ


def issue(cell, **options):
    given = {"organisation": OrganisationFactory(), "label": "Essai", "scopes": [PEOPLE], "by": NOBODY} | options
    return issue_api_key(cell=cell, **given)


def test_the_secret_is_nowhere_in_the_database(cell):
    issued = issue(cell)
    secret = issued.token.partition(".")[2]
    assert secret not in str(ApiKey.objects.values().get())
    assert secret not in str(list(AuditEntry.objects.values()))


def test_a_key_is_found_by_its_token_only(cell):
    issued = issue(cell)
    assert find_usable_key(issued.token) == issued.key
    assert find_usable_key(issued.token + "x") is None
    assert find_usable_key(issued.key.prefix) is None


@pytest.mark.parametrize("token", ["", ".", "jk", "jk.\x00", "jk\x00.secret", "é.é", "a" * 5000 + ".b", "' OR 1=1.x"])
def test_a_strange_token_is_no_key(token, db):
    assert find_usable_key(token) is None


def test_an_expired_key_is_no_key(cell):
    issued = issue(cell)
    now = timezone.now()
    ApiKey.objects.update(created_at=now - timedelta(days=3), expires_at=now - timedelta(days=1))
    assert find_usable_key(issued.token) is None


def test_issuing_and_revoking_are_traced(cell):
    issued = issue(cell, by=Viewer(cell_id=cell.pk))
    revoke_api_key(issued.key, by=NOBODY)
    assert find_usable_key(issued.token) is None
    traces = AuditEntry.objects.order_by("pk").values_list("action", "cell", "target_uuid")
    assert list(traces) == [
        ("api_key.issued", cell.pk, issued.key.uuid),
        ("api_key.revoked", cell.pk, issued.key.uuid),
    ]


def test_a_key_is_revoked_once(cell):
    key = issue(cell).key
    revoke_api_key(key, by=NOBODY)
    with pytest.raises(RefusedError, match="déjà révoquée"):
        revoke_api_key(key, by=NOBODY)


@pytest.mark.parametrize(
    ("options", "message"),
    [({"scopes": ["everything"]}, "Droit inconnu"), ({"days": 0}, "1 à 730"), ({"days": 731}, "1 à 730")],
)
def test_a_wrong_demand_is_refused_in_words(cell, options, message):
    with pytest.raises(RefusedError, match=message):
        issue(cell, **options)
    assert not ApiKey.objects.exists()


def test_the_last_use_never_goes_back(db):
    key = ApiKeyFactory()
    late, early = timezone.now(), timezone.now() - timedelta(hours=1)
    record_key_use(key.pk, late.isoformat())
    mark_key_used(key.pk, early)
    key.refresh_from_db()
    assert key.last_used_at == late


def test_the_command_shows_the_token_and_the_key_works(cell):
    organisation, output = OrganisationFactory(name="Mission locale de Rouen"), StringIO()
    call_command(
        "issue_api_key", cell="28", organisation="mission locale de rouen", scope=[PEOPLE], days=30, stdout=output
    )
    key = find_usable_key(output.getvalue().split()[-1])
    assert key.organisation == organisation
    assert key.scopes == [PEOPLE]


def test_the_command_revokes(cell):
    issued = issue(cell)
    call_command("issue_api_key", revoke=issued.key.prefix, stdout=StringIO())
    assert find_usable_key(issued.token) is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cell": "99", "organisation": "x"}, "Cellule inconnue"),
        ({"cell": "28", "organisation": "x"}, "Structure inconnue"),
        ({"cell": "28"}, "--organisation"),
        ({"revoke": "jk00"}, "Aucune clé"),
    ],
)
def test_the_command_says_what_is_wrong(cell, options, message):
    with pytest.raises(CommandError, match=message):
        call_command("issue_api_key", **options)


def test_a_closed_cell_s_keys_open_nothing(cell):
    issued = issue(cell)
    Cell.objects.update(is_active=False)
    assert find_usable_key(issued.token) is None
