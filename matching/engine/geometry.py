"""Places on a sphere. Distances are great-circle distances in whole metres."""

import math

import numpy as np

from matching.engine.arrays import Bools, Floats, Ints
from matching.engine.compiled import compiled, counting_nothing

EARTH_RADIUS_M = 6_371_008.8  # mean radius, IUGG
SHORT = 1e-3  # squared chords, in squared radii, up to which three terms of the arcsine's series are exact to 1e-15
Points = tuple[Floats, Floats, Floats]


def has_place(lat: Floats, lon: Floats) -> Bools:
    """A place needs both coordinates."""
    return ~(np.isnan(lat) | np.isnan(lon))


@counting_nothing
def point(lat: float, lon: float) -> tuple[float, float, float]:
    """Cartesian coordinates in metres from the centre of the Earth."""
    phi, theta = math.radians(lat), math.radians(lon)
    flat = EARTH_RADIUS_M * math.cos(phi)
    return flat * math.cos(theta), flat * math.sin(theta), EARTH_RADIUS_M * math.sin(phi)


@counting_nothing
def arc(squared: float) -> int:
    """Length on the ground of a squared chord, rounded to the metre."""
    quarter = squared / (4 * EARTH_RADIUS_M * EARTH_RADIUS_M)
    if quarter < SHORT / 4:
        series = 1 + quarter * (1 / 6 + quarter * (3 / 40 + quarter * (5 / 112)))
        return int(math.sqrt(squared) * series + 0.5)
    return int(2 * EARTH_RADIUS_M * math.asin(min(math.sqrt(quarter), 1.0)) + 0.5)


@counting_nothing
def box_span(lat: float, radius_m: int) -> tuple[float, float]:
    """Half height and half width, in degrees, of a box that holds the circle; all around at a pole."""
    angle = (radius_m + 2) / EARTH_RADIUS_M
    phi = math.radians(lat)
    if abs(phi) + angle >= math.pi / 2 - 1e-9:
        return math.degrees(angle), 181.0
    ratio = math.sin(angle) / math.cos(phi)
    return math.degrees(angle), math.degrees(math.asin(min(ratio, 1.0))) + 1e-7


@compiled
def points(lat: Floats, lon: Floats) -> Points:
    xyz = np.empty((3, len(lat)))
    for i in range(len(lat)):
        xyz[0, i], xyz[1, i], xyz[2, i] = point(lat[i], lon[i])
    return xyz[0], xyz[1], xyz[2]


def squared_chord(a: Points, b: Points) -> Floats:
    dx, dy, dz = a[0] - b[0], a[1] - b[1], a[2] - b[2]
    result: Floats = dx * dx + dy * dy + dz * dz
    return result


@compiled
def arc_m(squared: Floats) -> Ints:
    arcs = np.empty(len(squared), np.int64)
    for i in range(len(squared)):
        arcs[i] = arc(squared[i])
    return arcs


@compiled
def box_spans(lat: Floats, radius_m: Ints) -> tuple[Floats, Floats]:
    spans = np.empty((2, len(lat)))
    for i in range(len(lat)):
        spans[0, i], spans[1, i] = box_span(lat[i], radius_m[i])
    return spans[0], spans[1]
