"""Who looks, and what they may see. Built once per request or token, passed explicitly ever after."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

from django.db import models

from cells.roles import Role


@dataclass(frozen=True, slots=True)
class Viewer:
    """One pair of eyes: a member of a cell, an API key, or (all None) nobody.

    `departments` narrows the cell to those departments; empty means the whole cell.
    """

    user_id: int | None = None
    api_key_id: int | None = None
    cell_id: int | None = None
    organisation_id: int | None = None
    role: str | None = None
    departments: frozenset[str] = field(default_factory=frozenset)
    scopes: frozenset[str] = field(default_factory=frozenset)

    @property
    def is_counsellor(self) -> bool:
        return self.role in (Role.COUNSELLOR, Role.CELL_MANAGER)

    @property
    def is_manager(self) -> bool:
        return self.role == Role.CELL_MANAGER


NOBODY = Viewer()


class ScopedQuerySet(models.QuerySet):
    """Base of every QuerySet whose rows are not for everyone."""

    def visible_to(self, viewer: Viewer) -> Self:
        raise TypeError(f"{type(self).__name__} must say who sees its rows")

    def of_cell(self, viewer: Viewer, path: str = "cell_id") -> Self:
        """Rows of the viewer's cell, for counsellors and managers; nothing for anybody else."""
        if viewer.cell_id is None or not viewer.is_counsellor:
            return self.none()
        return self.filter(**{path: viewer.cell_id})


def viewer_for_membership(membership: Any) -> Viewer:
    return Viewer(
        user_id=membership.user_id,
        cell_id=membership.cell_id,
        organisation_id=membership.organisation_id,
        role=membership.role,
        departments=frozenset(membership.departments.values_list("code", flat=True)),
    )


def viewer_for_api_key(key: Any) -> Viewer:
    """A key sees its cell as a partner does, narrowed to the departments of its organisation, if it has any."""
    return Viewer(
        api_key_id=key.pk,
        cell_id=key.cell_id,
        organisation_id=key.organisation_id,
        role=Role.PARTNER,
        departments=frozenset(key.organisation.departments.values_list("code", flat=True)),
        scopes=frozenset(key.scopes),
    )
