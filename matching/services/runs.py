"""Asking for a matching run, and calling it off."""

from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from cells.errors import RefusedError, check_move
from cells.models import Cell
from cells.scoping import Viewer
from cells.services.audit import record_action
from matching.engine import ENGINE_VERSION
from matching.models import MatchRun
from matching.run_settings import RunSettings
from matching.services.execution import execute_run
from matching.tasks import run_matching
from matching.workflow import RUN_MOVES, RunState

__all__ = ["cancel_run", "execute_run", "request_run"]


@transaction.atomic
def request_run(*, cell: Cell, by: Viewer, parameters: dict[str, Any] | None = None) -> MatchRun:
    """Freeze the settings and today's date, and hand the run to a worker once this is committed.

    `parameters` names what differs from the defaults of RunSettings. Refuses a second active run of the cell.
    """
    if by.cell_id not in (None, cell.pk):
        raise RefusedError("Ce calcul concerne une autre cellule que la vôtre. Changez de cellule, puis relancez-le.")
    if not cell.is_active:
        raise RefusedError("Cette cellule n’est plus active : aucun calcul ne peut y être lancé.")
    run = _create_run(cell, RunSettings.resolve(timezone.localdate(), parameters or {}), by)
    record_action("match_run.requested", by=by, target=run, cell_id=cell.pk)
    # A broker that does not answer loses nothing: resume_stalled_runs publishes the run again.
    transaction.on_commit(lambda: run_matching.delay(run.pk), robust=True)
    return run


def _create_run(cell: Cell, settings: RunSettings, by: Viewer) -> MatchRun:
    try:
        with transaction.atomic():
            return MatchRun.objects.create(
                cell=cell,
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


@transaction.atomic
def cancel_run(run: MatchRun, *, by: Viewer) -> MatchRun:
    """The worker stops at its next step; nothing of the run is kept but its line in the list."""
    run = MatchRun.objects.select_for_update(of=("self",)).get(pk=run.pk)
    check_move(RUN_MOVES, run.state, RunState.CANCELLED, "Calcul de rapprochement")
    run.state = RunState.CANCELLED
    run.finished_at = timezone.now()
    run.message = "Annulé avant la fin : aucune proposition n’a été enregistrée."
    run.save(update_fields=["state", "finished_at", "message"])
    record_action("match_run.cancelled", by=by, target=run, cell_id=run.cell_id)
    return run
