"""Programs that people have: GDAL's commands, QGIS, a JavaScript client in node."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import time
from functools import lru_cache
from pathlib import Path
from typing import Any

import httpx
import pyogrio
import pyproj
import pytest
import shapely

from metadata.file_formats import FORMATS
from service.negotiation import CSV, GML, JSONFG

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
LIBRARY = "node_modules/@camptocamp/ogc-client/dist/dist-node.js"
OGC_CLIENT = ROOT / ".state" / "clients" / LIBRARY
"""Where `./run test` puts it."""
QGIS_PYTHON = "/usr/bin/python3"
"""The interpreter that Debian builds QGIS for."""
EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
PNG = b"\x89PNG"


def told(*command: str | Path, **environment: str) -> str:
    """Run a program; return what it printed, or fail with what it complained of."""
    done = subprocess.run(
        [str(part) for part in command],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2_000:] + done.stderr[-2_000:]
    return done.stdout


class TestGdalCommands:
    """`ogrinfo` and `ogr2ogr`, of whatever version the machine has."""

    @pytest.fixture(autouse=True)
    def _present(self) -> None:
        if shutil.which("ogr2ogr") is None:
            pytest.skip("GDAL's commands are not installed (apt-get install gdal-bin)")

    def read(
        self, site: Any, folder: Path, *options: str, layer: str = "arbres"
    ) -> Any:
        """Copy a layer through `ogr2ogr`, and return the copy in order."""
        target = folder / "copy.gpkg"
        address = f"OAPIF:{site.url}/datasets/arbres"
        told("ogr2ogr", "-f", "GPKG", target, address, layer, *options)
        found = pyogrio.read_dataframe(target)
        return found.sort_values("numero", ignore_index=True)

    def test_layers_are_the_collections(self, site: Any) -> None:
        printed = told("ogrinfo", "-ro", f"OAPIF:{site.url}")
        for name in ("arbres", "parcs", "semis"):
            assert name in printed

    @pytest.mark.parametrize("page", [1_000, 5_000])
    def test_every_feature_comes_once(
        self, site: Any, tmp_path: Path, page: int
    ) -> None:
        with site.requests() as asked:
            found = self.read(site, tmp_path, "-oo", f"PAGE_SIZE={page}")
        site.assert_trees(found, tolerance=tolerance(found))
        assert all(line.endswith(" 200 OK") for line in asked)
        # One page tells the schema, the others are read.
        assert len([line for line in asked if "/items" in line]) <= 1 + -(
            -2_345 // page
        )

    def test_a_last_page_that_is_full_is_the_last(
        self, site: Any, tmp_path: Path
    ) -> None:
        with site.requests() as asked:
            found = self.read(site, tmp_path, "-oo", "PAGE_SIZE=469")
        site.assert_trees(found, tolerance=tolerance(found))
        assert len([line for line in asked if "/items" in line]) == 1 + 2_345 // 469

    def test_a_box_finds_what_is_inside(self, site: Any, tmp_path: Path) -> None:
        everything = self.read(site, tmp_path, "-oo", "PAGE_SIZE=5000")
        trees = site.trees.to_crs(everything.crs)
        west, south, east, north = trees.total_bounds
        box = (west, south, (west + east) / 2, (south + north) / 2)
        (tmp_path / "copy.gpkg").unlink()
        spat = ["-spat", *map(repr, map(float, box))]
        found = self.read(site, tmp_path, "-oo", "PAGE_SIZE=5000", *spat)
        inside = trees["numero"][trees.intersects(shapely.box(*box))].tolist()
        assert 0 < len(inside) < len(trees)
        site.assert_trees(found, f"numero in {inside}", tolerance(found))

    @pytest.mark.parametrize(
        ("where", "condition"),
        [
            ("numero > 2000 AND hauteur < 300.5", "numero > 2000 and hauteur < 300.5"),
            ("nom = 'L''Île-Saint-Denis 7'", 'nom == "L\'Île-Saint-Denis 7"'),
            ("nom IS NULL", "nom.isna()"),
        ],
    )
    def test_a_condition_finds_what_meets_it(
        self, site: Any, tmp_path: Path, where: str, condition: str
    ) -> None:
        options = ("-oo", "PAGE_SIZE=5000", "-where", where)
        found = self.read(site, tmp_path, *options)
        site.assert_trees(found, condition, tolerance(found))


def tolerance(found: Any) -> float:
    """Return a millimetre and a bit, in units of the CRS."""
    return 2e-8 if found.crs.is_geographic else 2e-3


@lru_cache(maxsize=1)
def has_qgis() -> bool:
    if not Path(QGIS_PYTHON).exists():
        return False
    asked = [QGIS_PYTHON, "-c", "import qgis.core"]
    return subprocess.run(asked, capture_output=True, check=False).returncode == 0


class TestQgis:
    """QGIS without a screen: load, filter, count, draw."""

    @pytest.fixture(autouse=True)
    def _present(self) -> None:
        if not has_qgis():
            pytest.skip("QGIS is not installed (apt-get install python3-qgis)")

    def read(self, site: Any, folder: Path, collection: str, *filters: str) -> Any:
        printed = told(
            *(QGIS_PYTHON, HERE / "qgis_reading.py"),
            *(f"{site.url}/datasets/arbres", collection, *filters),
            folder / "map.png",
            QT_QPA_PLATFORM="offscreen",
            XDG_RUNTIME_DIR=str(folder),
            HOME=str(folder),
        )
        return json.loads(printed.splitlines()[-1])

    def test_a_layer_is_read_filtered_and_drawn(
        self, site: Any, tmp_path: Path
    ) -> None:
        expression, subset = "nom LIKE 'Œ%' AND numero < 500", '"numero" > 2340'
        found = self.read(site, tmp_path, "arbres", expression, subset)
        trees = site.trees
        assert found["count"] == len(found["places"]) == len(trees)
        assert {"numero", "nom", "hauteur", "plante"} <= set(found["fields"])
        mine = [place[1:] for place in found["places"]]
        theirs = shapely.get_coordinates(trees.to_crs(found["crs"]).geometry.array)
        bound = 2e-8 if pyproj.CRS(found["crs"]).is_geographic else 2e-3
        assert abs(shapely.get_coordinates(shapely.points(mine)) - theirs).max() < bound
        chosen = trees["nom"].str.startswith("Œ", na=False) & (trees["numero"] < 500)
        assert found["expression"] == trees["numero"][chosen].tolist() != []
        assert found["accepted"] is True
        assert found["subset"] == [2341, 2342, 2343, 2344, 2345]
        assert found["painted"] > 5_000
        assert (tmp_path / "map.png").read_bytes()[:4] == PNG

    def test_many_points_come_in_large_pages(self, site: Any, tmp_path: Path) -> None:
        with site.requests() as asked:
            found = self.read(site, tmp_path, "semis", "numero < 4", '"numero" = 7')
        assert found["count"] == len(found["places"]) == len(site.points)
        assert found["expression"] == [1, 2, 3]
        assert found["subset"] == [7]
        first = [line for line in asked if "/items" in line and "cursor" not in line]
        assert any("limit=10000" in line for line in first)
        assert all(line.endswith(" 200 OK") for line in asked)


class TestOgcClient:
    """`@camptocamp/ogc-client`, as the portals of the regions use it."""

    @pytest.fixture
    def found(self, site: Any) -> Any:
        if shutil.which("node") is None or not OGC_CLIENT.exists():
            pytest.skip("node and npm are not installed (apt-get install nodejs npm)")
        last = f"{site.url}/collections/arbres/download/arbres.shp.zip"
        with httpx.Client(timeout=30) as client:
            for _ in range(600):  # the service makes the files by itself
                if client.head(last).status_code == 200:
                    break
                time.sleep(0.1)
        script = HERE / "ogc_client_reading.mjs"
        return json.loads(told("node", script, OGC_CLIENT, f"{site.url}/", "arbres"))

    def test_it_finds_the_collections_and_what_they_offer(self, found: Any) -> None:
        assert found["title"] == "Données d'essai"
        assert found["features"] is True
        assert found["collections"] == ["arbres", "parcs", "semis"]
        assert {"numero", "nom", "hauteur", "plante"} <= set(found["queryables"])
        assert found["storageCrs"] == f"{EPSG}2154"
        assert found["itemFormats"] == [
            "application/geo+json",
            "text/html",
            JSONFG.media_type,
            GML.media_type,
            CSV.media_type,
        ]
        assert set(found["bulkDownloadLinks"]) == {
            words.media_type for words in FORMATS.values()
        }

    def test_it_reads_items(self, found: Any, site: Any) -> None:
        names = [each["properties"]["nom"] for each in found["items"]]
        assert names == site.trees["nom"].tolist()[2:7]
        assert found["item"]["properties"] == found["items"][0]["properties"]

    def test_its_addresses_are_understood(self, found: Any, site: Any) -> None:
        assert found["status"] == 200, found["address"]
        box = shapely.box(650_000, 6_860_000, 655_000, 6_865_000)
        inside = site.trees[site.trees.intersects(box)]
        features = found["answer"]["features"]
        numbers = [each["properties"]["numero"] for each in features]
        assert numbers == inside["numero"].tolist()[1:4]
        x, y = features[0]["place"]["coordinates"]  # it likes JSON-FG best
        place = inside.geometry.iloc[1]
        assert abs(x - place.x) + abs(y - place.y) < 2e-3
