"""Places on a sphere. Distances are great-circle distances in whole metres."""

import numpy as np

from matching.engine.arrays import Bools, Floats, Ints

EARTH_RADIUS_M = 6_371_008.8  # mean radius, IUGG
Points = tuple[Floats, Floats, Floats]


def has_place(lat: Floats, lon: Floats) -> Bools:
    """A place needs both coordinates."""
    return ~(np.isnan(lat) | np.isnan(lon))


def points(lat: Floats, lon: Floats) -> Points:
    """Cartesian coordinates in metres from the centre of the Earth."""
    phi, theta = np.radians(lat), np.radians(lon)
    flat = EARTH_RADIUS_M * np.cos(phi)
    return flat * np.cos(theta), flat * np.sin(theta), EARTH_RADIUS_M * np.sin(phi)


def squared_chord(a: Points, b: Points) -> Floats:
    dx, dy, dz = a[0] - b[0], a[1] - b[1], a[2] - b[2]
    result: Floats = dx * dx + dy * dy + dz * dz
    return result


def arc_m(squared: Floats) -> Ints:
    """Length on the ground of a squared chord, rounded to the metre."""
    half = np.minimum(np.sqrt(squared) / (2 * EARTH_RADIUS_M), 1.0)
    return np.rint(2 * EARTH_RADIUS_M * np.arcsin(half)).astype(np.int64)


def squared_chord_of(arc: Ints) -> Floats:
    """Longest squared chord whose rounded arc may still be `arc`."""
    angle = np.minimum((arc + 1) / (2 * EARTH_RADIUS_M), np.pi / 2)
    result: Floats = (2 * EARTH_RADIUS_M * np.sin(angle)) ** 2
    return result


def box_spans(lat: Floats, radius_m: Ints) -> tuple[Floats, Floats]:
    """Half height and half width, in degrees, of a box that holds the circle; all around at a pole."""
    angle = (radius_m + 2) / EARTH_RADIUS_M
    holds_pole = np.abs(np.radians(lat)) + angle >= np.pi / 2 - 1e-9
    ratio = np.sin(np.minimum(angle, np.pi / 2)) / np.maximum(np.cos(np.radians(lat)), 1e-12)
    width = np.degrees(np.arcsin(np.minimum(ratio, 1.0))) + 1e-7
    return np.degrees(angle), np.where(holds_pole, 181.0, width)
