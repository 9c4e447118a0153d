"""The cast: who they are is said once, here."""

import pytest
from celery.app.task import Task
from django.test import Client
from hypothesis import settings

from cells.models import Role
from cells.scoping import Viewer, viewer_for_membership
from tests.cells.factories import CellFactory, DepartmentFactory, MembershipFactory, RegionFactory, UserFactory

settings.register_profile("thorough", max_examples=5_000)  # pytest --hypothesis-profile=thorough


@pytest.fixture
def cell(db):
    return CellFactory(region=RegionFactory(code="28"))


@pytest.fixture
def other_cell(db):
    return CellFactory(region=RegionFactory(code="53"))


@pytest.fixture
def alice(cell):
    """A counsellor of the cell."""
    return MembershipFactory(cell=cell, user=UserFactory(email="alice@jonction.example")).user


@pytest.fixture
def bob(cell):
    """Another counsellor of the same cell."""
    return MembershipFactory(cell=cell, user=UserFactory(email="bob@jonction.example")).user


@pytest.fixture
def manager(cell):
    user = UserFactory(email="responsable@jonction.example")
    return MembershipFactory(cell=cell, user=user, role=Role.CELL_MANAGER).user


@pytest.fixture
def limited(cell):
    """A counsellor of the cell, kept to Seine-Maritime."""
    membership = MembershipFactory(cell=cell, user=UserFactory(email="dominique@jonction.example"))
    membership.departments.add(DepartmentFactory(code="76"))
    return membership.user


@pytest.fixture
def charlie(other_cell):
    """A counsellor of another cell: the outsider."""
    return MembershipFactory(cell=other_cell, user=UserFactory(email="charlie@jonction.example")).user


@pytest.fixture
def partner(cell):
    """A member who only reads through files and the API."""
    user = UserFactory(email="partenaire@jonction.example")
    return MembershipFactory(cell=cell, user=user, role=Role.PARTNER).user


@pytest.fixture
def staff(db):
    return UserFactory(email="technique@jonction.example", is_staff=True, is_superuser=True)


def viewer_of(user) -> Viewer:
    return viewer_for_membership(user.memberships.get())


@pytest.fixture
def alice_viewer(alice) -> Viewer:
    return viewer_of(alice)


@pytest.fixture
def manager_viewer(manager) -> Viewer:
    return viewer_of(manager)


@pytest.fixture
def charlie_viewer(charlie) -> Viewer:
    return viewer_of(charlie)


@pytest.fixture
def signed_in():
    """`signed_in(user)`: a test client. It sends no CSRF token; tests/test_guards.py sees that every form holds one."""

    def sign_in(user) -> Client:
        client = Client()
        client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
        return client

    return sign_in


@pytest.fixture
def published(monkeypatch) -> list[tuple[str, list, dict]]:
    """Tasks handed to workers during the test, as (name, args, kwargs); nothing reaches a broker."""
    tasks: list[tuple[str, list, dict]] = []

    def record(self, args=None, kwargs=None, **options):
        tasks.append((self.name, list(args or ()), dict(kwargs or {})))

    monkeypatch.setattr(Task, "apply_async", record)
    return tasks
