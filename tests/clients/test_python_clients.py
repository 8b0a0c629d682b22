"""Clients in Python, on the real server: GDAL (OAPIF), OWSLib, geopandas."""

from __future__ import annotations

import math
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import geopandas
import pyogrio
import pyproj
import pytest
import shapely
from owslib.ogcapi.features import Features

EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
ROWS = 2_345


class TestGdal:
    """GDAL's driver for OGC API Features, as QGIS scripts and ogr2ogr use it."""

    def read(self, site: Any, layer: str = "arbres", **options: Any) -> Any:
        return pyogrio.read_dataframe(f"OAPIF:{site.url}", layer=layer, **options)

    @pytest.mark.parametrize("root", ["", "/datasets/arbres"])
    def test_layers_are_the_collections(self, site: Any, root: str) -> None:
        layers = pyogrio.list_layers(f"OAPIF:{site.url}{root}").tolist()
        assert layers == [
            ["arbres", "Point"],
            ["parcs", "Polygon"],
            ["semis", "Point"],
        ]

    @pytest.mark.parametrize("page", [None, 100, 2_344, 2_345])
    def test_every_feature_comes_once_and_exactly(
        self, site: Any, page: int | None
    ) -> None:
        options = {} if page is None else {"PAGE_SIZE": page}
        with site.requests() as asked:
            found = self.read(site, **options)
        site.assert_trees(found)
        pages = [parse(line) for line in asked if "/items?" in line and "crs=" in line]
        assert len(pages) == math.ceil(ROWS / (page or 1_000))
        assert "cursor" not in pages[0]
        assert len({each["cursor"] for each in pages[1:]}) == len(pages) - 1
        assert all("offset" not in each for each in pages)
        assert all(line.endswith(" 200 OK") for line in asked)

    def test_many_points_come_in_five_requests_at_most(self, site: Any) -> None:
        address = f"OAPIF:{site.url}/datasets/arbres"
        with site.requests() as asked:
            found = pyogrio.read_dataframe(address, layer="semis")
        assert found["numero"].tolist() == site.points["numero"].tolist()
        mine = shapely.get_coordinates(found.geometry.array)
        assert (mine == shapely.get_coordinates(site.points.geometry.array)).all()
        items = [line for line in asked if "/items" in line]
        assert len(items) <= 5
        assert {parse(line)["limit"] for line in items[1:]} == {"10000"}

    def test_polygons_keep_their_holes(self, site: Any) -> None:
        found = self.read(site, "parcs").sort_values("nom")
        held = site.parks.sort_values("nom")
        assert found["nom"].tolist() == held["nom"].tolist()
        same = shapely.equals_exact(
            shapely.normalize(found.geometry.array),
            shapely.normalize(held.geometry.array),
        )
        assert same.all()

    @pytest.mark.parametrize(
        "crs", ["EPSG:2154", "EPSG:3857", "EPSG:4326", "OGC:CRS84"]
    )
    def test_a_chosen_crs_has_its_axes_in_the_right_order(
        self, site: Any, crs: str
    ) -> None:
        found = self.read(site, CRS=crs)
        assert found.crs.equals(pyproj.CRS(crs), ignore_axis_order=True)
        tolerance = 2e-8 if found.crs.is_geographic else 2e-3
        site.assert_trees(found, tolerance=tolerance)

    def test_the_box_is_the_servers_work(self, site: Any) -> None:
        box = (651_000.0, 6_861_000.0, 653_000.0, 6_863_000.0)
        with site.requests() as asked:
            found = self.read(site, bbox=box)
        inside = site.trees[site.trees.intersects(shapely.box(*box))]
        assert 0 < len(inside) < ROWS
        site.assert_trees(found, f"numero in {inside['numero'].tolist()}")
        last = parse(asked[-1])
        assert [float(each) for each in last["bbox"].split(",")] == list(box)
        assert last["bbox-crs"] == f"{EPSG}2154"

    @pytest.mark.parametrize(
        ("where", "condition"),
        [
            ("numero > 2000 AND hauteur < 300.5", "numero > 2000 and hauteur < 300.5"),
            ("nom = 'L''Île-Saint-Denis 7'", 'nom == "L\'Île-Saint-Denis 7"'),
            ("nom LIKE 'Œ%'", "nom.str.startswith('Œ', na=False)"),
            ("nom LIKE 'été 🌳%'", "nom.str.startswith('été 🌳', na=False)"),
            ("nom IS NULL", "nom.isna()"),
            ("NOT (numero > 5) OR nom IS NULL", "numero <= 5 or nom.isna()"),
            ("numero BETWEEN 3 AND 8", "3 <= numero <= 8"),
            ("plante >= '2021/01/01 00:00:00'", "plante >= '2021-01-01'"),
            ("plante >= '2021-01-01'", "plante >= '2021-01-01'"),
        ],
    )
    def test_conditions_are_the_servers_work(
        self, site: Any, where: str, condition: str
    ) -> None:
        with site.requests() as asked:
            root = f"OAPIF:{site.url}/datasets/arbres"
            found = pyogrio.read_dataframe(root, layer="arbres", where=where)
        assert len(found) < ROWS
        site.assert_trees(found, condition)
        last = parse(asked[-1])
        assert last["filter-lang"] == "cql-text"
        assert last["filter"]

    def test_the_service_root_answers_conditions_as_well(self, site: Any) -> None:
        found = self.read(site, where="nom LIKE 'Œ%' AND numero < 500")
        chosen = "nom.str.startswith('Œ', na=False) and numero < 500"
        site.assert_trees(found, chosen)


class TestOwslib:
    """OWSLib, as Python scripts use it."""

    @pytest.fixture
    def client(self, site: Any) -> Features:
        return Features(f"{site.url}/")

    def test_documents_are_found_by_their_links(self, client: Features) -> None:
        assert client.feature_collections() == ["arbres", "parcs", "semis"]
        assert client.collection("arbres")["storageCrs"] == f"{EPSG}2154"
        assert "/collections/{collectionId}/items" in client.api()["paths"]
        classes = client.conformance()["conformsTo"]
        assert "http://www.opengis.net/spec/cql2/1.0/conf/cql2-text" in classes

    def test_queryables_are_the_columns(self, client: Features, site: Any) -> None:
        found = client.collection_queryables("arbres")["properties"]
        columns = set(site.trees.columns)
        assert columns - {"geom"} <= set(found) <= columns | {"fid", "geometry"}

    def test_pages_follow_each_other(self, client: Features) -> None:
        found: list[int] = []
        cursor: dict[str, str] = {}
        while cursor or not found:
            page = client.collection_items("arbres", limit=1_000, **cursor)
            assert page["numberMatched"] == ROWS
            found += [each["properties"]["numero"] for each in page["features"]]
            following = [each for each in page["links"] if each["rel"] == "next"]
            cursor = (
                {"cursor": parse(following[0]["href"])["cursor"]} if following else {}
            )
        assert found == list(range(1, ROWS + 1))

    def test_a_box_is_longitude_and_latitude(self, client: Features, site: Any) -> None:
        box = [2.33, 48.85, 2.36, 48.88]
        page = client.collection_items("arbres", bbox=box, limit=10_000)
        inside = site.trees.to_crs(4326).intersects(shapely.box(*box))
        assert 0 < inside.sum() < ROWS
        numbers = [each["properties"]["numero"] for each in page["features"]]
        assert numbers == site.trees["numero"][inside].tolist()

    def test_filters_are_cql2_text(self, client: Features, site: Any) -> None:
        page = client.collection_items(
            "arbres",
            limit=10_000,
            filter="CASEI(nom) LIKE CASEI('éPINAY%') AND plante < DATE('2016-01-01')",
            **{"filter-lang": "cql2-text"},
        )
        trees = site.trees
        chosen = trees["nom"].str.startswith("Épinay", na=False) & (
            trees["plante"].map(str).str[:10] < "2016-01-01"
        )
        assert 0 < chosen.sum() < ROWS
        numbers = [each["properties"]["numero"] for each in page["features"]]
        assert numbers == trees["numero"][chosen].tolist()

    def test_one_feature_is_found_by_its_identifier(self, client: Features) -> None:
        page = client.collection_items("arbres", limit=1, offset=4)
        feature = page["features"][0]
        found = client.collection_item("arbres", str(feature["id"]))
        assert found["properties"] == feature["properties"]
        assert found["geometry"] == feature["geometry"]

    def test_refusals_say_why(self, client: Features) -> None:
        with pytest.raises(RuntimeError, match=r'"parameter": "colour"'):
            client.collection_items("arbres", colour="green")


def test_geopandas_reads_the_download(site: Any) -> None:
    found = geopandas.read_file(
        f"{site.url}/collections/arbres/download/arbres.geojson"
    )
    assert found.crs == pyproj.CRS(4326)
    site.assert_trees(found, tolerance=2e-8)


def parse(line: str) -> dict[str, str]:
    """Return the parameters of an address, or of a line of the log."""
    return dict(parse_qsl(urlsplit(line.split(" ", maxsplit=1)[0]).query))
