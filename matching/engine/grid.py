"""A grid of cells some 16 km wide over wherever there is something: what lies around a point is a few ranges."""

import math
from dataclasses import dataclass

import numpy as np

from matching.engine.arrays import Floats, Ints
from matching.engine.compiled import counting_nothing
from matching.engine.geometry import EARTH_RADIUS_M, box_span
from matching.engine.records import PARALLEL, Record, Records, records

CELL_DEGREES = 0.144  # 16 km of latitude
MOST_CELLS = 32_000_000  # over all domains; cells are widened until there are fewer
METRES_PER_DEGREE = EARTH_RADIUS_M * math.pi / 180


@dataclass(frozen=True, eq=False)
class Grid:
    """Row r spans latitudes r × height - 90 …; `parallels` has a record per row."""

    height: float
    parallels: Records

    @property
    def cells(self) -> int:
        return int(self.parallels["end"].max())

    def cells_of(self, lat: Floats, lon: Floats) -> Ints:
        """The cell of each place the grid was built for."""
        row = self.parallels[rows_of(lat, self.height, len(self.parallels))]
        cells: Ints = row["base"] + columns_of(lon, row["around"]) - row["first"]
        return cells


def build_grid(lat: Floats, lon: Floats, layers: int) -> Grid:
    """Cells wherever these places are; `layers` such grids stay below MOST_CELLS."""
    height = CELL_DEGREES
    while True:
        grid = Grid(height, _parallels(lat, lon, height))
        if grid.cells * layers <= MOST_CELLS or len(grid.parallels) == 1:
            return grid
        height *= 2


def _parallels(lat: Floats, lon: Floats, height: float) -> Records:
    count = max(1, math.ceil(180 / height))
    middle = np.radians((np.arange(count) + 0.5) * height - 90)
    around = np.maximum(1, np.floor(360 * np.maximum(np.cos(middle), 0) / height)).astype(np.int64)
    row = rows_of(lat, height, count)
    column = columns_of(lon, around[row])
    first, last = np.full(count, np.iinfo(np.int64).max), np.full(count, -1)
    np.minimum.at(first, row, column)
    np.maximum.at(last, row, column)
    end = np.cumsum(np.where(last < 0, 0, last - first + 1))
    base = np.concatenate([[0], end[:-1]])
    return records(PARALLEL, count, base=base, end=end, first=np.where(last < 0, 0, first), around=around)


def rows_of(lat: Floats, height: float, rows: int) -> Ints:
    return np.clip(np.floor((lat + 90) / height), 0, rows - 1).astype(np.int64)


def columns_of(lon: Floats, around: Ints) -> Ints:
    return np.clip(np.floor((lon + 180) / 360 * around), 0, around - 1).astype(np.int64)


@counting_nothing
def plan(parallels: Records, height: float, lat: float, lon: float, radius_m: int, ranges: Ints) -> int:
    """How many ranges of cells touch the circle. Each is a row of `ranges`: first cell, end, metres to the circle's
    centre at the least. From the middle outwards; two ranges for a row across the date line.
    """
    tall, wide = box_span(lat, radius_m)
    west, east = (lon - wide, lon + wide) if wide < 180 else (-180.0, 180.0)
    lowest, highest = row_of(parallels, height, lat - tall), row_of(parallels, height, lat + tall)
    middle = row_of(parallels, height, lat)
    count = 0
    for step in range(2 * max(highest - middle, middle - lowest) + 1):
        row = middle - (step + 1) // 2 if step % 2 else middle + step // 2
        if row < lowest or row > highest or parallels[row].base == parallels[row].end:
            continue
        south = row * height - 90
        away = int(max(south - lat, lat - south - height, 0.0) * METRES_PER_DEGREE)
        count = _add(parallels[row], max(west, -180.0), min(east, 180.0), away, ranges, count)
        if west < -180:
            count = _add(parallels[row], west + 360, 180.0, away, ranges, count)
        if east > 180:
            count = _add(parallels[row], -180.0, east - 360, away, ranges, count)
    return count


@counting_nothing
def row_of(parallels: Records, height: float, lat: float) -> int:
    return min(max(math.floor((lat + 90) / height), 0), len(parallels) - 1)


@counting_nothing
def column_of(lon: float, around: int) -> int:
    return min(math.floor((lon + 180) / 360 * around), around - 1)


@counting_nothing
def _add(parallel: Record, west: float, east: float, away: int, ranges: Ints, count: int) -> int:
    begin = column_of(west, parallel.around) - parallel.first
    end = column_of(east, parallel.around) - parallel.first + 1
    width = parallel.end - parallel.base
    begin, end = max(begin, 0), min(end, width)
    if begin >= end:
        return count
    ranges[count, 0], ranges[count, 1], ranges[count, 2] = parallel.base + begin, parallel.base + end, away
    return count + 1
