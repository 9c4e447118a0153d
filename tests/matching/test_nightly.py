"""The run of each cell, each night."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.utils import timezone

from cells.models import AuditEntry
from matching import tasks
from matching.models import MatchRun
from matching.services.nightly import due_cells, open_nightly_run
from matching.workflow import RunState
from tests.matching.computed import cooks_before_kitchens, run_for
from tests.matching.factories import MatchRunFactory
from tests.youth.factories import WishFactory, YoungPersonFactory

pytestmark = pytest.mark.django_db
TWO_AT_NIGHT = datetime(2026, 11, 24, 2, tzinfo=ZoneInfo("Europe/Paris"))


@pytest.fixture(autouse=True)
def night(published):
    with time_machine.travel(TWO_AT_NIGHT, tick=False):
        yield


def due():
    return list(due_cells(timezone.now()))


def test_cells_are_served_one_at_each_beat_then_left_alone_until_the_next_night(cell, other_cell, published):
    for one in (cell, other_cell):
        YoungPersonFactory(cell=one)
    for _ in range(3):
        tasks.start_nightly_run()
        MatchRun.objects.update(state=RunState.DONE)
    runs = MatchRun.objects.order_by("pk")
    assert [(run.cell, run.origin, run.started_by) for run in runs] == [
        (cell, "nightly", None),
        (other_cell, "nightly", None),
    ]
    assert [args for name, args, _ in published if name == "matching.tasks.run_matching"] == [[run.pk] for run in runs]
    with time_machine.travel(TWO_AT_NIGHT + timedelta(days=1)):
        assert due() == [cell, other_cell]


@pytest.mark.parametrize("reason", ["closed", "nobody seeks", "active run"])
def test_a_cell_is_left_alone_when_there_is_nothing_to_do(cell, reason):
    person = YoungPersonFactory(cell=cell)
    assert due() == [cell]
    if reason == "closed":
        cell.is_active = False
        cell.save()
    elif reason == "nobody seeks":
        type(person).objects.update(situation="not_seeking")
    else:
        MatchRunFactory(cell=cell, state=RunState.RUNNING, finished_at=None)
    assert due() == []
    assert open_nightly_run() is None


def test_where_nothing_has_changed_no_run_is_made_and_that_is_noted(cell):
    cooks_before_kitchens(cell)
    last = run_for(cell)
    assert open_nightly_run() is None
    entry = AuditEntry.objects.get(action="match_run.unchanged")
    assert (entry.cell, entry.target_uuid) == (cell, last.uuid)
    assert due() == [] and MatchRun.objects.count() == 1


def test_where_something_has_changed_a_run_is_made(cell):
    people = cooks_before_kitchens(cell)
    run_for(cell)
    WishFactory(young_person=people[0], rank=2)
    assert open_nightly_run().origin == "nightly"


def test_a_run_of_another_day_or_other_settings_is_made_again(cell):
    cooks_before_kitchens(cell)
    run_for(cell, k=2)
    assert open_nightly_run() is not None
