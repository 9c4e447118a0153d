"""A run of every cell each night, one cell after the other. The database alone says which are due."""

from datetime import datetime, time

from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from cells.models import AuditEntry, Cell
from cells.scoping import NOBODY
from cells.services.audit import record_action
from matching.inputs import read_inputs
from matching.models import MatchRun
from matching.run_settings import RunSettings
from matching.services.opening import open_run
from matching.services.snapshots import snapshot
from youth.models import YoungPerson

UNCHANGED = "match_run.unchanged"


def open_nightly_run() -> MatchRun | None:
    """The run of one cell that is due, if any, for a worker to take: beat after beat, all cells have theirs.

    Where nothing has changed since the last run, none is made, and that is noted.
    """
    cell = due_cells(timezone.now()).first()
    if cell is None:
        return None
    unchanged = _unchanged_run(cell)
    if unchanged is not None:
        record_action(UNCHANGED, by=NOBODY, target=unchanged, cell_id=cell.pk)
        return None
    return open_run(cell=cell, by=NOBODY, parameters={}, origin=MatchRun.Origin.NIGHTLY)


def due_cells(now: datetime) -> QuerySet[Cell]:
    """Active cells where somebody seeks, without a run at work, and not seen to this night."""
    midnight = timezone.make_aware(datetime.combine(timezone.localdate(now), time.min))
    seeking = YoungPerson.objects.seeking().filter(cell=OuterRef("pk"))
    active = MatchRun.objects.active().filter(cell=OuterRef("pk"))
    asked = MatchRun.objects.filter(cell=OuterRef("pk"), origin=MatchRun.Origin.NIGHTLY, created_at__gte=midnight)
    noted = AuditEntry.objects.filter(cell=OuterRef("pk"), action=UNCHANGED, at__gte=midnight)
    cells = Cell.objects.filter(Exists(seeking), ~Exists(active), ~Exists(asked), ~Exists(noted), is_active=True)
    return cells.order_by("pk")


def _unchanged_run(cell: Cell) -> MatchRun | None:
    """The newest run, when it read the same rows on the same day with the same settings as a run would now."""
    newest = MatchRun.objects.latest_done_of(cell).first()
    if newest is None:
        return None
    settings = RunSettings.resolve(timezone.localdate(), {})
    with snapshot():
        same = read_inputs(cell, settings).fingerprint(settings) == newest.fingerprint
    return newest if same else None
