"""Records are held against the real XML schemas, without any network."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from importlib.resources import files
from pathlib import Path

import pytest
from lxml import etree

from metadata import schemas
from metadata.iso19139 import encode_dataset_record, encode_service_record
from metadata.schemas import SchemasMissing, schema_errors
from metadata.xml import MalformedXml

TODAY = date(2026, 5, 4)


@pytest.fixture
def record(samples) -> bytes:
    return encode_dataset_record(samples["points"], date_stamp=TODAY).content


def test_a_record_is_valid(record):
    assert schema_errors(record) == ()


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        (b"gmd:abstract", b"gmd:abstrakt", "abstrakt"),
        (b"<gco:Date>2026-05-04<", b"<gco:Date>yesterday<", "yesterday"),
        (b"</gco:Decimal>", b"E</gco:Decimal>", "decimal"),
        (b"gml:id=", b"id=", "TimePeriod"),
        (b"gml/3.2", b"gml", "TimePeriod"),
        (b"http://www.isotc211.org/2005/gmx", b"http://example.org/gmx", "Anchor"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(record, old, new, named):
    assert old in record
    found = schema_errors(record.replace(old, new))
    assert any(named in error for error in found)
    assert all(error.startswith("line ") for error in found)


def test_every_error_is_listed(record):
    broken = record.replace(b"</gco:Decimal>", b"E</gco:Decimal>")
    assert len(schema_errors(broken)) == 4


def test_a_service_must_say_what_its_schema_demands(samples):
    service = encode_service_record(samples["points"], date_stamp=TODAY).content
    assert schema_errors(service) == ()
    assert schema_errors(service.replace(b"srv:serviceType>", b"srv:serviceKind>"))


@pytest.mark.parametrize("sample", ["points", "polygons-hvd", "table"])
def test_a_service_is_valid_by_the_schemas_it_declares_too(samples, sample):
    """The CSW ISO application profile, over the schemas of 2006."""
    profile = files("pycsw") / "plugins/profiles/apiso/schemas/ogc"
    path = Path(str(profile)) / "csw/2.0.2/profiles/apiso/1.0.0/apiso.xsd"
    gmx = Path(str(profile)) / "iso/19139/20060504/gmx/gmx.xsd"
    driver = f"""
      <xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
        <xs:import namespace="http://www.isotc211.org/2005/gmd"
                   schemaLocation="{path.as_uri()}"/>
        <xs:import namespace="http://www.isotc211.org/2005/gmx"
                   schemaLocation="{gmx.as_uri()}"/>
      </xs:schema>"""
    parser = etree.XMLParser(no_network=True)
    schema = etree.XMLSchema(etree.fromstring(driver, parser))
    record = encode_service_record(samples[sample], date_stamp=TODAY)
    schema.assertValid(etree.fromstring(record.content))


def test_text_that_is_no_xml_is_an_error_of_its_own():
    with pytest.raises(MalformedXml):
        schema_errors(b"<gmd:MD_Metadata")


def test_no_network_is_asked(record, monkeypatch):
    def refuse(*args: object) -> None:
        pytest.fail("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    schemas._compiled.cache_clear()
    assert schema_errors(record) == ()


def test_schemas_that_are_not_there_are_named(record, monkeypatch):
    monkeypatch.setattr(schemas, "_IMPORTS", (("gmd", "nowhere/gmd.xsd"),))
    schemas._compiled.cache_clear()
    with pytest.raises(SchemasMissing, match="nowhere"):
        schema_errors(record)
    monkeypatch.undo()
    schemas._compiled.cache_clear()
    assert schema_errors(record) == ()


def test_threads_get_the_errors_of_their_own_record(record):
    broken = record.replace(b"gmd:abstract", b"gmd:abstrakt")
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(schema_errors, [record, broken] * 50))
    assert found[::2] == [()] * 50
    assert len(set(found[1::2])) == 1
    assert found[1]


def test_a_thousand_records_are_validated_in_seconds(record):
    schema_errors(record)
    started = time.perf_counter()
    for _ in range(1_000):
        schema_errors(record)
    assert time.perf_counter() - started < 10
