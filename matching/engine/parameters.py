"""The settings of a run, stored with it: two runs with equal parameters and inputs are equal."""

from dataclasses import asdict, dataclass, field
from typing import Any, Self

ENGINE_VERSION = 2
WEIGHTS_VERSION = 2
HIGHEST_SCORE = 0xFFFF
LONGEST_REACH_M = 1_000_000
PRICE_SCALE = 1000
"""Prices are counted in thousandths of a point."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Points of each part of the score; the table with its reasons is in matching/README.md."""

    version: int = WEIGHTS_VERSION
    rank_first: int = 300
    rank_step: int = 30  # lost per rank after the first, never below 0
    rank_none: int = 150  # unranked wishes
    rome_exact: int = 300
    rome_domain: int = 120
    level_exact: int = 100
    level_open: int = 60  # one side does not say
    level_near: int = 20
    distance: int = 200  # at 0 km, falling in a straight line
    distance_reach_m: int = 50_000  # no point from here on
    distance_remote: int = 60  # remote offer, whatever the distance
    date_fits: int = 60
    date_unknown: int = 30
    date_days: int = 3  # days of waiting that cost one point
    fresh: int = 40
    fresh_days: int = 3  # days since publication that cost one point
    variety: int = 200  # the best offer of each trade domain the person wished

    def __post_init__(self) -> None:
        if min(asdict(self).values()) < 0 or 0 in (self.distance_reach_m, self.date_days, self.fresh_days):
            raise ValueError("Weights: points may not be negative, nor reaches and paces 0")
        if self.distance_reach_m > LONGEST_REACH_M:
            raise ValueError(f"Weights: distance_reach_m may not pass {LONGEST_REACH_M}")
        if self.highest() > HIGHEST_SCORE:
            raise ValueError(f"Weights: the highest score may not pass {HIGHEST_SCORE}")

    def highest(self) -> int:
        """A bound on the score of any pair."""
        best = (
            max(self.rank_first, self.rank_none),
            max(self.rome_exact, self.rome_domain),
            max(self.level_exact, self.level_open, self.level_near),
            max(self.distance, self.distance_remote),
            max(self.date_fits, self.date_unknown),
            self.fresh,
            self.variety,
        )
        return sum(best)


@dataclass(frozen=True, slots=True)
class Parameters:
    """`today` is a day number (days since 1970-01-01): the engine has no clock of its own."""

    today: int
    k: int = 10
    per_employer: int = 2
    exposure_factor: float = 15.0  # times an offer may be shown, per open position
    default_radius_km: float = 30.0
    site_radius_km: float = 30.0
    weights: Weights = field(default_factory=Weights)

    def __post_init__(self) -> None:
        if min(self.k, self.per_employer) < 1:
            raise ValueError("Parameters: k and per_employer start at 1")
        if min(self.exposure_factor, self.default_radius_km, self.site_radius_km) < 0:
            raise ValueError("Parameters: factors and radii may not be negative")

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"engine_version": ENGINE_VERSION}

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Raises ValueError when the stored run used another engine."""
        values = dict(stored)
        if values.pop("engine_version", None) != ENGINE_VERSION:
            raise ValueError(f"Parameters: not written by engine {ENGINE_VERSION}")
        return cls(**values | {"weights": Weights(**values["weights"])})
