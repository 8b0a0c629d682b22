"""Part 2: coordinate reference systems by reference.

References
----------
OGC API – Features Part 2 (18-058r1), annex A; OGC Name Type Specification
(09-048r5).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pyproj
import shapely
from implementation import (
    CRS84,
    CRS84H,
    GEOJSON,
    Document,
    Implementation,
    box_of,
    geometry_of,
    ids,
)
from outcomes import Report, Skipped

CRS = "CRS (Part 2)"
CLASS = "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs"
NAME = re.compile(r"http://www\.opengis\.net/def/crs/([^/:]+)/([^/:]+)/([^/:]+)")
UNSUPPORTED = "http://www.opengis.net/def/crs/0/unsupported"
NEAR = 1e-6
"""Degrees that two ways there and back may differ: a decimetre."""


def check(tested: Implementation, report: Report) -> None:
    """Do the tests of the class, if it is declared."""
    with report.test(CRS, "/conf/crs declared"):
        if CLASS not in tested.conformance:
            raise Skipped("the class is not declared")
    if CLASS not in tested.conformance:
        return
    for collection in tested.collections:
        name = collection["id"]
        for where in ("/collections", f"/collections/{name}"):
            entry = entry_of(tested, name, where)
            discovery(entry, f"{name} in {where}", report)
        answers(tested, collection, report)
        boxes(tested, collection, report)


def entry_of(tested: Implementation, name: str, where: str) -> Any:
    """Return a collection as one of the two documents describes it."""
    document = tested.document(where)
    entries = document.get("collections", [document])
    return next(each for each in entries if each["id"] == name)


def discovery(entry: Document, subject: str, report: Report) -> None:
    """The lists of CRS."""
    with report.test(CRS, "/conf/crs/crs-uri", subject):
        for uri in (*entry["crs"], entry.get("storageCrs", CRS84)):
            assert NAME.fullmatch(uri), uri
    with report.test(CRS, "/conf/crs/default-crs", subject):
        assert entry["crs"][0] in {CRS84, CRS84H}, entry["crs"]
    with report.test(CRS, "/conf/crs/storageCrs", subject):
        if "storageCrs" not in entry:
            raise Skipped("no storageCrs")
        assert entry["storageCrs"] in entry["crs"]


def answers(tested: Implementation, collection: Document, report: Report) -> None:
    """The parameter `crs`, on features and on one feature."""
    name, page = collection["id"], tested.items(collection, limit="50")
    for where, address in addresses(tested, collection, page):
        for uri in collection["crs"]:
            subject = f"{name} {where} {uri}"
            with report.test(CRS, "/conf/crs/crs-parameter", subject):
                answer = tested.get(address, GEOJSON, crs=uri)
                assert answer.status_code == 200, answer.text[:300]
                assert answer.headers["content-crs"] == f"<{uri}>"
            with report.test(CRS, "/conf/crs/crs-parameter-transform", subject):
                require_same_places(
                    tested.document(address, GEOJSON),
                    tested.document(address, GEOJSON, crs=uri),
                    uri,
                )
        with report.test(CRS, "/conf/crs/crs-parameter-default", f"{name} {where}"):
            header = tested.get(address, GEOJSON).headers["content-crs"]
            assert header in {f"<{CRS84}>", f"<{CRS84H}>"}, header
        with report.test(CRS, "/conf/crs/crs-parameter-invalid", f"{name} {where}"):
            answer = tested.get(address, GEOJSON, crs=UNSUPPORTED)
            assert answer.status_code == 400, answer.status_code


def addresses(
    tested: Implementation, collection: Document, page: Document
) -> Iterator[tuple[str, str]]:
    address = tested.items_address(collection)
    yield "items", f"{address}{'&' if '?' in address else '?'}limit=50"
    if page["features"]:
        yield "item", tested.item_address(collection, page["features"][0]["id"])


def require_same_places(default: Any, other: Any, uri: str) -> None:
    """Two answers hold the same geometries, one in CRS84, one in another CRS.

    Coordinates stand in the axis order of the CRS (Part 2, clause 6.3).
    """
    back = pyproj.Transformer.from_crs(crs_of(uri), "OGC:CRS84")
    pairs = zip(features_of(default), features_of(other), strict=True)
    for mine, theirs in pairs:
        assert mine["id"] == theirs["id"]
        here, there = geometry_of(mine), geometry_of(theirs)
        assert (here is None) == (there is None)
        if here is not None:
            moved = shapely.transform(there, lambda c: transformed(back, c))
            found = abs(shapely.get_coordinates(here) - shapely.get_coordinates(moved))
            assert found.size == 0 or found.max() < NEAR, (mine["id"], found.max())


def features_of(document: Any) -> list[Any]:
    return [document] if document["type"] == "Feature" else document["features"]


def transformed(transformer: pyproj.Transformer, coordinates: Any) -> Any:
    x, y = transformer.transform(coordinates[:, 0], coordinates[:, 1])
    return shapely.get_coordinates(shapely.points(x, y))


def crs_of(uri: str) -> pyproj.CRS:
    found = NAME.fullmatch(uri)
    assert found is not None, uri
    authority, _, code = found.groups()
    return pyproj.CRS(f"{authority}:{code}")


def boxes(tested: Implementation, collection: Document, report: Report) -> None:
    """The parameter `bbox-crs`."""
    name = collection["id"]
    with report.test(CRS, "/conf/crs/bbox-crs-parameter-default", name):
        whole = ",".join(map(repr, box_of(collection)))
        assert ids(tested.everything(collection, bbox=whole)) == ids(
            tested.everything(collection, bbox=whole, **{"bbox-crs": CRS84})
        )
    with report.test(CRS, "/conf/crs/bbox-crs-parameter-invalid", name):
        answer = tested.get(
            tested.items_address(collection),
            GEOJSON,
            bbox="5,49,6,50",
            **{"bbox-crs": UNSUPPORTED},
        )
        assert answer.status_code == 400
    for uri in collection["crs"]:
        with report.test(CRS, "/conf/crs/bbox-crs-parameter", f"{name} {uri}"):
            require_same_inside(tested, collection, uri)


def require_same_inside(tested: Implementation, collection: Document, uri: str) -> None:
    """A box asked in a CRS finds what meets it there, and nothing else."""
    west, south, east, north = box_of(collection)
    quarter = (west, south, (west + east) / 2, (south + north) / 2)
    there = pyproj.Transformer.from_crs("OGC:CRS84", crs_of(uri))
    box = there.transform_bounds(*quarter) if uri != CRS84 else quarter
    text = ",".join(repr(float(each)) for each in box)
    answered = tested.everything(collection, bbox=text, **{"bbox-crs": uri})
    placed = {x["id"] for x in answered if geometry_of(x) is not None}
    meant = {
        feature["id"]
        for feature in tested.everything(collection, crs=uri)
        if geometry_of(feature) is not None
        and geometry_of(feature).intersects(shapely.box(*box))
    }
    assert placed == meant, placed ^ meant
