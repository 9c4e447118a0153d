"""How two groups compare: a difference of shares and its interval. Pure arithmetic."""

from math import sqrt
from typing import NamedTuple

Z_95 = 1.959963984540054  # 97.5th percentile of the normal law


class Share(NamedTuple):
    """`events` among `people`."""

    events: int
    people: int

    @property
    def value(self) -> float:
        return self.events / self.people


class Interval(NamedTuple):
    low: float
    high: float


class Difference(NamedTuple):
    """First share less the second, as a fraction (0.1: ten points)."""

    value: float
    interval: Interval

    @property
    def is_clear(self) -> bool:
        """Zero is outside the interval."""
        return self.interval.low > 0 or self.interval.high < 0


def wilson(share: Share, z: float = Z_95) -> Interval:
    """Wilson's score interval of one share, without continuity correction."""
    n, p = share.people, share.value
    centre = p + z * z / (2 * n)
    half = z * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    scale = 1 + z * z / n
    return Interval((centre - half) / scale, (centre + half) / scale)


def newcombe(first: Share, second: Share, z: float = Z_95) -> Difference:
    """R. G. Newcombe, Statistics in Medicine 17 (1998), 873-890, method 10: from the two Wilson intervals.

    Raises ValueError when a group is empty.
    """
    if first.people < 1 or second.people < 1:
        raise ValueError("newcombe: each group needs somebody")
    value = first.value - second.value
    one, two = wilson(first, z), wilson(second, z)
    below = sqrt((first.value - one.low) ** 2 + (two.high - second.value) ** 2)
    above = sqrt((one.high - first.value) ** 2 + (second.value - two.low) ** 2)
    return Difference(value, Interval(value - below, value + above))
