"""The score of a pair: seven integer parts, each a table or a straight line. Points are in `Weights`."""

import numpy as np

from matching.engine.arrays import HIGHEST_LEVEL, NO_DAY, Ints
from matching.engine.codes import DateKind, LevelKind, RomeKind
from matching.engine.parameters import Parameters, Weights
from matching.engine.records import RULES, Records, records

NO_DISTANCE = (1 << 26) - 1
"""Distance of a pair met only because the offer is remote; sorts after every distance on Earth."""

PARTS = ("rank", "rome", "level", "distance", "date", "fresh", "variety")


def rank_points(rank: Ints, weights: Weights) -> Ints:
    lost = (rank.astype(np.int64) - 1) * weights.rank_step
    return np.where(rank == 0, weights.rank_none, np.maximum(weights.rank_first - lost, 0))


def rome_points(kind: Ints, weights: Weights) -> Ints:
    return np.where(kind == RomeKind.EXACT, weights.rome_exact, weights.rome_domain)


def level_gaps() -> Ints:
    """[wish level, offer mask] → levels apart; 0 where either does not say."""
    gaps = np.zeros((HIGHEST_LEVEL + 1, 256), dtype=np.int64)
    for level in range(1, HIGHEST_LEVEL + 1):
        for mask in range(1, 256):
            taken = [bit + 1 for bit in range(HIGHEST_LEVEL) if mask >> bit & 1]
            gaps[level, mask] = min(abs(level - other) for other in taken)
    return gaps


def level_kinds() -> Ints:
    """[wish level, offer mask] → LevelKind."""
    gaps = level_gaps()
    kinds = np.select([gaps == 0, gaps == 1], [LevelKind.EXACT, LevelKind.NEAR], LevelKind.FAR)
    kinds[0, :] = LevelKind.UNKNOWN
    kinds[:, 0] = LevelKind.OPEN
    return kinds.astype(np.int8)


LEVEL_GAPS = level_gaps()
LEVEL_KINDS = level_kinds()


def level_points(kind: Ints, weights: Weights) -> Ints:
    points = {
        LevelKind.EXACT: weights.level_exact,
        LevelKind.OPEN: weights.level_open,
        LevelKind.UNKNOWN: weights.level_open,
        LevelKind.NEAR: weights.level_near,
        LevelKind.FAR: 0,
    }
    return np.array([points[member] for member in LevelKind], dtype=np.int64)[kind]


def distance_points(distance_m: Ints, remote: Ints, weights: Weights) -> Ints:
    """A remote offer is worth its distance or the remote points, whichever is more."""
    left = weights.distance_reach_m - np.minimum(distance_m, weights.distance_reach_m)
    near = left * weights.distance // weights.distance_reach_m
    return np.maximum(near, np.where(remote, weights.distance_remote, 0))


def date_kinds(ready: Ints, start_from: Ints, start_to: Ints) -> Ints:
    unknown = (start_from == NO_DAY) & (start_to == NO_DAY)
    later = (start_from != NO_DAY) & (start_from > ready)
    return np.select([unknown, later], [DateKind.UNKNOWN, DateKind.LATER], DateKind.FITS).astype(np.int8)


def date_points(kind: Ints, ready: Ints, start_from: Ints, weights: Weights) -> Ints:
    """`ready` is the later of the person's day and today. Waiting for the window costs points."""
    wait = np.maximum(start_from.astype(np.int64) - ready, 0)
    points = np.maximum(weights.date_fits - wait // weights.date_days, 0)
    return np.where(kind == DateKind.UNKNOWN, weights.date_unknown, points)


def ages(published: Ints, today: int) -> Ints:
    """Days since publication, -1 unknown; an offer dated in the future is of today."""
    return np.where(published == NO_DAY, -1, np.maximum(today - published.astype(np.int64), 0))


def fresh_points(age: Ints, weights: Weights) -> Ints:
    return np.where(age < 0, 0, np.maximum(weights.fresh - age // weights.fresh_days, 0))


def rules_record(parameters: Parameters) -> Records:
    weights = parameters.weights
    wish_best = max(weights.rome_exact, weights.rome_domain) + int(level_table(weights).max())
    rest_best = wish_best + max(weights.date_fits, weights.date_unknown) + weights.fresh
    return records(
        RULES, 1, rome_exact=weights.rome_exact, rome_domain=weights.rome_domain, distance=weights.distance,
        reach_m=weights.distance_reach_m, remote=weights.distance_remote,
        variety=weights.variety,
        site_radius_m=round(parameters.site_radius_km * 1000),
        wish_best=wish_best, date_fits=weights.date_fits, date_days=weights.date_days,
        level_best=max(weights.level_exact, weights.level_open, weights.level_near),
        level_open=weights.level_open, level_near=weights.level_near, rest_best=rest_best,
    )  # fmt: skip


def level_table(weights: Weights) -> Ints:
    """[wish level, offer mask] → points, -1 where refused."""
    return np.where(LEVEL_KINDS == LevelKind.FAR, -1, level_points(LEVEL_KINDS, weights)).astype(np.int32)


def wait_table(weights: Weights) -> Ints:
    """By day of waiting for the start, nothing beyond the last but one; the last is for an unknown start."""
    days = np.arange(weights.date_fits * weights.date_days + 1)
    points = np.maximum(weights.date_fits - days // weights.date_days, 0)
    return np.append(points, weights.date_unknown).astype(np.int32)
