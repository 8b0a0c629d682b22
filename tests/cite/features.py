"""Part 1: features, their parameters, and one feature.

References
----------
OGC API – Features Part 1: Core corrigendum (17-069r4), annex A.2.7 and A.2.8.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import shapely
from core import CORE, require_links
from implementation import (
    GEOJSON,
    HTML,
    Document,
    Implementation,
    box_of,
    geometry_of,
    ids,
    with_rel,
)
from outcomes import Report, Skipped

BOXES = {
    "meridian": (-1.5, 50.0, 1.5, 53.0),
    "equator": (-80.0, -5.0, -70.0, 5.0),
    "antimeridian": (177.0, 65.0, -177.0, 70.0),
    "north pole": (-180.0, 85.0, 180.0, 90.0),
    "south pole": (-180.0, -90.0, 180.0, -85.0),
    "world": (-180.0, -90.0, 180.0, 90.0),
}
UNPLACED = "/conf/core/fc-bbox-response, features without geometry"
COUNTED = 25_000
"""More features than this are not counted page by page."""


def check(tested: Implementation, report: Report) -> None:
    """Do the tests of every collection's features."""
    for collection in tested.collections:
        name = collection["id"]
        with report.test(CORE, "/conf/core/fc-op", name):
            tested.items(collection)
        page_of(tested, collection, {}, report)
        boxes(tested, collection, report)
        limits(tested, collection, report)
        times(tested, collection, report)
        refusals(tested, collection, report)
        one_feature(tested, collection, report)


def page_of(
    tested: Implementation,
    collection: Document,
    parameters: Mapping[str, str],
    report: Report,
) -> None:
    """The tests of a page of features, whatever was asked."""
    asked = " ".join(f"{key}={value}" for key, value in parameters.items())
    subject = f"{collection['id']} {asked}".strip()
    before = datetime.now(UTC) - timedelta(seconds=1)
    page: Any = {}
    with report.test(CORE, "/conf/core/fc-response", subject):
        page = tested.items(collection, **parameters)
        assert page["type"] == "FeatureCollection"
        assert isinstance(page["features"], list)
    with report.test(CORE, "/conf/core/fc-links", subject):
        require_links(page["links"], GEOJSON, HTML)
        incomplete = [x for x in page["links"] if not {"rel", "type"} <= x.keys()]
        assert not incomplete, incomplete
    with report.test(CORE, "/conf/core/fc-timeStamp", subject):
        stamp = datetime.fromisoformat(present(page, "timeStamp"))
        assert before <= stamp <= datetime.now(UTC) + timedelta(seconds=1), stamp
    with report.test(CORE, "/conf/core/fc-numberReturned", subject):
        assert present(page, "numberReturned") == len(page["features"])
    with report.test(CORE, "/conf/core/fc-numberMatched", subject):
        matched = present(page, "numberMatched")
        if matched > COUNTED:
            raise Skipped(f"{matched} features are too many to be counted here")
        rest = {key: value for key, value in parameters.items() if key != "limit"}
        found = ids(tested.everything(collection, **rest))
        assert len(set(found)) == len(found) == matched, (len(found), matched)
    with report.test(CORE, "/conf/core/crs84", subject):
        for feature in page["features"]:
            geometry = geometry_of(feature)
            if geometry is not None and not geometry.is_empty:
                west, south, east, north = geometry.bounds
                assert -180 <= west <= east <= 180, feature["id"]
                assert -90 <= south <= north <= 90, feature["id"]


def present(page: Document, member: str) -> Any:
    if member not in page:
        raise Skipped(f"no {member}")
    return page[member]


def boxes(tested: Implementation, collection: Document, report: Report) -> None:
    """The parameter `bbox`."""
    name = collection["id"]
    with report.test(CORE, "/conf/core/fc-bbox-definition", name):
        schema = require_style(tested.parameter(collection, "bbox"))["schema"]
        assert schema["type"] == "array"
        assert schema["items"]["type"] == "number"
        sizes = schema.get("oneOf") or [schema]
        found = [(each["minItems"], each["maxItems"]) for each in sizes]
        assert found in ([(4, 4), (6, 6)], [(4, 6)]), found
    everything = tested.everything(collection)
    placed = [x for x in everything if has_geometry(x)]
    unplaced = {x["id"] for x in everything if geometry_of(x) is None}
    for subject, box in named_boxes(collection):
        parameters = {"bbox": ",".join(map(repr, box))}
        page_of(tested, collection, parameters, report)
        with report.test(CORE, "/conf/core/fc-bbox-response", f"{name} {subject}"):
            answered = set(ids(tested.everything(collection, **parameters)))
            inside = {x["id"] for x in placed if meets(geometry_of(x), box)}
            assert answered - unplaced == inside, (answered - unplaced) ^ inside
        if unplaced:
            with report.test(CORE, UNPLACED, f"{name} {subject}"):
                assert unplaced <= answered, unplaced - answered


def named_boxes(collection: Document) -> Iterator[tuple[str, tuple[float, ...]]]:
    try:
        west, south, east, north = box_of(collection)
    except Skipped:
        return
    yield "extent", (west, south, east, north)
    yield "quarter", (west, south, (west + east) / 2, (south + north) / 2)
    yield from BOXES.items()


def has_geometry(feature: Document) -> bool:
    geometry = geometry_of(feature)
    return geometry is not None and not geometry.is_empty


def meets(geometry: Any, box: tuple[float, ...]) -> bool:
    """Whether a geometry meets a box, which may cross the antimeridian."""
    west, south, east, north = box
    parts = [shapely.box(west, south, east, north)]
    if west > east:
        parts = [shapely.box(west, south, 180, north)]
        parts.append(shapely.box(-180, south, east, north))
    return any(geometry.intersects(part) for part in parts)


def limits(tested: Implementation, collection: Document, report: Report) -> None:
    """The parameter `limit`."""
    name = collection["id"]
    with report.test(CORE, "/conf/core/fc-limit-definition", name):
        schema = require_style(tested.parameter(collection, "limit"))["schema"]
        assert schema["type"] == "integer"
        assert 1 <= schema["minimum"] <= schema.get("default", schema["minimum"])
        assert schema.get("default", 0) <= schema.get("maximum", schema["default"])
    schema = tested.parameter(collection, "limit")["schema"]
    most = schema.get("maximum", 10_000)
    for limit in (schema["minimum"], 3, most, most + 1):
        page_of(tested, collection, {"limit": str(limit)}, report)
        with report.test(CORE, "/conf/core/fc-limit-response", f"{name} {limit}"):
            found = tested.items(collection, limit=str(limit))["features"]
            assert len(found) <= min(limit, most), len(found)


def times(tested: Implementation, collection: Document, report: Report) -> None:
    """The parameter `datetime`."""
    name = collection["id"]
    with report.test(CORE, "/conf/core/fc-time-definition", name):
        parameter = require_style(tested.parameter(collection, "datetime"))
        assert parameter["schema"]["type"] == "string"
    with report.test(CORE, "/conf/core/fc-time-response", f"{name} without times"):
        if "temporal" in collection.get("extent", {}):
            raise Skipped("has times")
        everywhere = ids(tested.everything(collection))
        assert (
            ids(tested.everything(collection, datetime="2020-01-01/..")) == everywhere
        )
    for text, matches in intervals(collection):
        parameters = {"datetime": text}
        page_of(tested, collection, parameters, report)
        with report.test(CORE, "/conf/core/fc-time-response", f"{name} {text}"):
            column = time_column(tested, collection)
            found = set(ids(tested.everything(collection, **parameters)))
            meant = {
                feature["id"]
                for feature in tested.everything(collection)
                if feature["properties"][column] is None
                or matches(*span(feature["properties"][column]))
            }
            assert found == meant, found ^ meant


def intervals(
    collection: Document,
) -> Iterator[tuple[str, Callable[[datetime, datetime], bool]]]:
    """Yield an instant and intervals within the extent, with what they match.

    What matches is told from the first and the last moment of a feature.
    """
    temporal = collection.get("extent", {}).get("temporal")
    if temporal is None or None in temporal["interval"][0]:
        return
    start, end = (datetime.fromisoformat(each) for each in temporal["interval"][0])
    first, last = start + (end - start) / 4, start + (end - start) / 2
    day = first.date()
    midnight = datetime.combine(day, time(), UTC)
    yield stamp(start), lambda x, y: x <= start <= y
    yield f"{stamp(first)}/{stamp(last)}", lambda x, y: x <= last and y >= first
    yield f"{stamp(first)}/..", lambda _, y: y >= first
    yield f"../{stamp(last)}", lambda x, _: x <= last
    yield f"/{stamp(last)}", lambda x, _: x <= last
    yield f"{day}/..", lambda _, y: y >= midnight
    # not in the standard, but the test suite of the OGC asks it
    after = midnight + timedelta(days=401)
    yield f"{day}/P400D", lambda x, y: x < after and y >= midnight


def stamp(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def span(text: str) -> tuple[datetime, datetime]:
    """Return the first and the last moment of a day or an instant, in UTC."""
    if "T" not in text:
        day = date.fromisoformat(text)
        first = datetime.combine(day, time(), UTC)
        return first, datetime.combine(day, time.max, UTC)
    found = datetime.fromisoformat(text)
    moment = found if found.tzinfo else found.replace(tzinfo=UTC)
    return moment, moment


def time_column(tested: Implementation, collection: Document) -> str:
    """Return the property that is the primary instant (Part 5)."""
    schema = tested.document(f"/collections/{collection['id']}/schema")
    for name, column in schema["properties"].items():
        if column.get("x-ogc-role") == "primary-instant":
            return str(name)
    raise Skipped("which property `datetime` is about is not said")


def refusals(tested: Implementation, collection: Document, report: Report) -> None:
    """Parameters that are wrong, and such as do not exist."""
    name, address = collection["id"], tested.items_address(collection)
    for wrong in (
        {"limit": "unlimited"},
        {"limit": "-1"},
        {"bbox": "1,2,3"},
        {"bbox": "a,b,c,d"},
        {"datetime": "yesterday"},
    ):
        subject = f"{name} {wrong}"
        with report.test(CORE, "/conf/core/query-param-invalid", subject):
            assert tested.get(address, GEOJSON, **wrong).status_code == 400
    with report.test(CORE, "/conf/core/query-param-unknown", name):
        answer = tested.get(address, GEOJSON, unknownQueryParameter93="1")
        assert answer.status_code == 400


def one_feature(tested: Implementation, collection: Document, report: Report) -> None:
    """Features by their identifiers."""
    name = collection["id"]
    found = tested.items(collection, limit="100")["features"]
    with report.test(CORE, "/conf/core/f-op", name):
        if not found:
            raise Skipped("no features")
        for feature in found[::10]:
            alone = tested.document(
                tested.item_address(collection, feature["id"]), GEOJSON
            )
            for member in ("id", "geometry", "properties"):
                assert alone[member] == feature[member], member
    with report.test(CORE, "/conf/core/f-op", f"{name} that is not there"):
        address = tested.item_address(collection, "no such feature/93")
        assert tested.get(address, GEOJSON).status_code == 404
    with report.test(CORE, "/conf/core/f-links", name):
        if not found:
            raise Skipped("no features")
        address = tested.item_address(collection, found[0]["id"])
        links = tested.document(address, GEOJSON)["links"]
        require_links(links, GEOJSON, HTML)
        assert with_rel(links, "collection")
        incomplete = [link for link in links if not {"rel", "type"} <= link.keys()]
        assert not incomplete, incomplete


def require_style(parameter: Any) -> Any:
    """A parameter stands in the query, may be left out, and is not exploded."""
    assert parameter["in"] == "query"
    assert not parameter.get("required", False)
    assert parameter["style"] == "form", parameter
    assert parameter.get("explode", False) is False, parameter
    return parameter
