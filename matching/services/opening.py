"""A run that waits for a worker: its settings and its day are frozen."""

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from cells.errors import RefusedError
from cells.models import Cell
from cells.scoping import Viewer
from cells.services.audit import record_action
from matching.engine import ENGINE_VERSION
from matching.models import MatchRun
from matching.run_settings import RunSettings


@transaction.atomic
def open_run(*, cell: Cell, by: Viewer, parameters: dict[str, Any], origin: str) -> MatchRun:
    """`parameters` names what differs from the defaults of RunSettings. Refuses a second active run of the cell."""
    if by.cell_id not in (None, cell.pk):
        raise RefusedError("Ce calcul concerne une autre cellule que la vôtre. Changez de cellule, puis relancez-le.")
    if not cell.is_active:
        raise RefusedError("Cette cellule n’est plus active : aucun calcul ne peut y être lancé.")
    run = _create_run(cell, RunSettings.resolve(timezone.localdate(), parameters), by, origin)
    record_action("match_run.requested", by=by, target=run, cell_id=cell.pk)
    return run


def _create_run(cell: Cell, settings: RunSettings, by: Viewer, origin: str) -> MatchRun:
    try:
        with transaction.atomic():
            return MatchRun.objects.create(
                cell=cell,
                origin=origin,
                parameters=settings.to_json(),
                engine_version=str(ENGINE_VERSION),
                started_by_id=by.user_id,
            )
    except IntegrityError as error:
        if not MatchRun.objects.active().filter(cell=cell).exists():
            raise
        raise RefusedError(
            "Un calcul est déjà en cours pour cette cellule. Attendez qu’il finisse, ou annulez-le."
        ) from error
