"""Records as GeoJSON: any of them has what the standard wants."""

from __future__ import annotations

import json
from datetime import date

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from metadata.iso19139 import dataset_content, service_content
from metadata.ogcrecord import ogc_record
from metadata.stated import Access, Link

UPDATED = date(2026, 5, 4)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_any_record_is_a_feature_with_the_core_members(datasets, data):
    dataset = data.draw(datasets)
    for content in (dataset_content(dataset), service_content(dataset)):
        record = json.loads(json.dumps(ogc_record(content, UPDATED)))
        assert record["type"] == "Feature"
        assert record["id"] == content.identifier
        assert {"geometry", "time", "conformsTo", "links"} <= record.keys()
        assert record["properties"]["title"] == content.identification.title
        assert record["properties"]["updated"] == "2026-05-04"
        assert all(link["href"] and link["rel"] for link in record["links"])
        if record["geometry"] is not None:
            box = content.identification.extent
            shape = shapely.from_geojson(json.dumps(record["geometry"]))
            corners = (box.west, box.south, box.east, box.north)
            assert shape.bounds == tuple(map(float, corners))


def test_each_way_to_the_data_has_its_relation(make_dataset):
    page = Link(url="https://www.example.org/notice.pdf", title="Notice")
    record = ogc_record(dataset_content(make_dataset(links=(page,))), UPDATED)
    assert [(link["rel"], link.get("type")) for link in record["links"]] == [
        ("service", "application/json"),
        ("enclosure", "application/geo+json"),
        ("enclosure", "application/geopackage+sqlite3"),
        ("enclosure", "text/csv"),
        ("enclosure", None),  # no media type of FlatGeobuf is registered
        ("enclosure", "application/vnd.apache.parquet"),
        ("enclosure", "application/vnd.shp"),
        ("alternate", "text/html"),
        ("about", None),
        ("license", None),
    ]


@pytest.mark.parametrize(
    ("access", "said"), [(Access.OPEN, "open"), (Access.RESTRICTED, "restricted")]
)
def test_access_is_said(make_dataset, access, said):
    dataset = make_dataset(access=access, access_limitation="h")
    record = ogc_record(dataset_content(dataset), UPDATED)
    assert record["properties"]["accessRights"] == said
