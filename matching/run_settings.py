"""What a run is asked: the engine's parameters and how the database is read for it. Stored with the run."""

import os
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any, Self

from cells.errors import RefusedError
from matching.engine import Parameters, Weights

EPOCH = date(1970, 1, 1)
FIXED = frozenset({"today", "engine"})


def threads() -> int:
    """The processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def day_number(day: date) -> int:
    return (day - EPOCH).days


@dataclass(frozen=True, slots=True)
class RunSettings:
    """`start_slack_days`: how long after its start date an offer is still of use (code du travail, L. 6222-12:
    a contract may start up to three months after the course). `shard_people` changes progress, never results.
    """

    engine: Parameters
    exposure_window_days: int = 30
    start_slack_days: int = 90
    shard_people: int = 100_000

    def __post_init__(self) -> None:
        if min(self.exposure_window_days, self.start_slack_days) < 0 or self.shard_people < 1:
            raise ValueError("RunSettings: windows start at 0 and shards at 1 person")

    @classmethod
    def resolve(cls, today: date, wanted: dict[str, Any]) -> Self:
        """Defaults, changed by `wanted` (names of RunSettings, Parameters, and a dict of `weights`)."""
        own = {field.name for field in fields(cls)} - FIXED
        engine = {field.name for field in fields(Parameters)} - FIXED
        unknown = sorted(set(wanted) - own - engine)
        if unknown:
            raise RefusedError(f"Réglage de calcul inconnu : « {unknown[0]} ». Retirez-le.")
        try:
            asked = {name: value for name, value in wanted.items() if name in engine}
            asked["weights"] = Weights(**wanted.get("weights", {}))
            parameters = Parameters(today=day_number(today), **asked)
            return cls(parameters, **{name: value for name, value in wanted.items() if name in own})
        except (TypeError, ValueError) as error:
            raise RefusedError(
                "Les réglages du calcul ne sont pas valables : nombres positifs attendus, dans les limites du moteur."
            ) from error

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Raises ValueError when another version of the engine was asked."""
        return cls(**stored | {"engine": Parameters.from_json(stored["engine"])})

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"engine": self.engine.to_json()}

    def decisive(self) -> dict[str, Any]:
        """What the results depend on."""
        return {name: value for name, value in self.to_json().items() if name != "shard_people"}
