"""How far a run is, for those who wait for it, and whether it is still wanted."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.utils import timezone

from matching.models import MatchRun, RunProgress
from matching.workflow import RunState

Step = RunProgress.Step


class RunStoppedError(Exception):
    """The run was cancelled, or ended by somebody else, while it was computed."""


class Progress:
    """Notes the steps of a run on the connection `using`; `seconds` holds what each took."""

    def __init__(self, run: MatchRun, using: str) -> None:
        self.run = run
        self.using = using
        self.seconds: dict[str, float] = {}
        RunProgress.objects.using(using).update_or_create(
            run_id=run.pk, defaults={"step": Step.READING, "shards_total": 0, "shards_done": 0}
        )

    @contextmanager
    def step(self, step: str) -> Iterator[None]:
        self.note(step=step)
        with self.timed(step):
            yield

    @contextmanager
    def timed(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] = round(self.seconds.get(name, 0.0) + time.perf_counter() - start, 3)

    def note(self, **facts: Any) -> None:
        """Raises RunStoppedError when the run is not ours to continue."""
        self.check()
        RunProgress.objects.using(self.using).filter(run=self.run.pk).update(updated_at=timezone.now(), **facts)

    def check(self) -> None:
        wanted = MatchRun.objects.using(self.using).filter(pk=self.run.pk, state=RunState.RUNNING)
        if not wanted.exists():
            raise RunStoppedError
