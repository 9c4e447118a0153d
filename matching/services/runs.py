"""Asking for a matching run, and calling it off."""

from typing import Any

from django.db import OperationalError, transaction
from django.utils import timezone

from cells.errors import RefusedError, check_move
from cells.models import Cell
from cells.scoping import Viewer
from cells.services.audit import record_action
from matching.models import MatchRun
from matching.services.execution import execute_run
from matching.services.opening import open_run
from matching.tasks import run_matching
from matching.workflow import RUN_MOVES, RunState

__all__ = ["cancel_run", "execute_run", "request_run"]


@transaction.atomic
def request_run(*, cell: Cell, by: Viewer, parameters: dict[str, Any] | None = None) -> MatchRun:
    """Freeze the settings and today's date, and hand the run to a worker once this is committed.

    `parameters` names what differs from the defaults of RunSettings. Refuses a second active run of the cell.
    """
    run = open_run(cell=cell, by=by, parameters=parameters or {}, origin=MatchRun.Origin.ASKED)
    # A broker that does not answer loses nothing: resume_stalled_runs publishes the run again.
    transaction.on_commit(lambda: run_matching.delay(run.pk), robust=True)
    return run


def _locked(run: MatchRun) -> MatchRun:
    """A run that is being written holds its row for as long as its verifier works: nobody waits for that."""
    try:
        with transaction.atomic():
            return MatchRun.objects.select_for_update(of=("self",), nowait=True).get(pk=run.pk)
    except OperationalError as error:
        raise RefusedError("Le calcul s’enregistre : il ne peut plus être annulé. Attendez qu’il finisse.") from error


@transaction.atomic
def cancel_run(run: MatchRun, *, by: Viewer) -> MatchRun:
    """The worker stops at its next step; nothing of the run is kept but its line in the list."""
    run = _locked(run)
    check_move(RUN_MOVES, run.state, RunState.CANCELLED, "Calcul de rapprochement")
    run.state = RunState.CANCELLED
    run.finished_at = timezone.now()
    run.message = "Annulé avant la fin : aucune proposition n’a été enregistrée."
    run.save(update_fields=["state", "finished_at", "message"])
    record_action("match_run.cancelled", by=by, target=run, cell_id=run.cell_id)
    return run
