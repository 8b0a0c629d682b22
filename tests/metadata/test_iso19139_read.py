"""Our records are understood whatever a catalogue did to their layout."""

from __future__ import annotations

from datetime import date

import pytest
from lxml import etree

from metadata.iso19139 import (
    NotARecord,
    dataset_content,
    encode_dataset_record,
    encode_service_record,
    read_iso19139,
)
from metadata.xml import MalformedXml

TODAY = date(2026, 5, 4)


@pytest.fixture
def record(samples) -> bytes:
    return encode_dataset_record(samples["polygons-hvd"], date_stamp=TODAY).content


def test_indentation_does_not_count(record, samples):
    root = etree.fromstring(record)
    for element in root.iter():
        if len(element) == 0 and element.text:
            element.text = f"\n      {element.text}\n    "
        element.tail = "\n\t"
    read = read_iso19139(etree.tostring(root))
    assert read == dataset_content(samples["polygons-hvd"])


def test_prefixes_do_not_count(record, samples):
    changed = record
    for old, new in ((b"gmd", b"a"), (b"gco", b"b"), (b"gmx", b"c"), (b"gml", b"d")):
        for mark in (b"<", b"</", b" ", b"xmlns:"):
            end = b"=" if mark == b"xmlns:" else b":"
            changed = changed.replace(mark + old + end, mark + new + end)
    assert b"<a:MD_Metadata" in changed
    assert read_iso19139(changed) == dataset_content(samples["polygons-hvd"])


def test_a_change_is_seen(record, samples):
    changed = record.replace(b"25000", b"50000")
    assert read_iso19139(changed) != dataset_content(samples["polygons-hvd"])


def test_the_date_stamp_is_no_part_of_the_content(samples):
    first, second = (
        encode_dataset_record(samples["table"], date_stamp=date(2026, 1, day))
        for day in (1, 2)
    )
    assert read_iso19139(first.content) == read_iso19139(second.content)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'codeListValue="series"', b'codeListValue="software"'),
        (b'codeListValue="originator"', b'codeListValue="friend"'),
        (b">2.2800<", b">west<"),
        (b">25000<", b">many<"),
        (b">false<", b">perhaps<"),
        (b"MD_DataIdentification", b"MD_Identification"),
    ],
)
def test_what_ours_never_hold_is_named(record, old, new):
    assert old in record
    with pytest.raises(NotARecord, match="fr-229300082-jdd-"):
        read_iso19139(record.replace(old, new))


def test_an_operation_without_address_is_named(samples):
    service = encode_service_record(samples["points"], date_stamp=TODAY).content
    broken = service.replace(b"srv:connectPoint", b"srv:dependsOn")
    with pytest.raises(NotARecord, match="connectPoint"):
        read_iso19139(broken)


def test_another_document_is_no_record():
    with pytest.raises(NotARecord, match="html"):
        read_iso19139(b"<html/>")


def test_what_is_no_xml_is_no_record():
    with pytest.raises(MalformedXml):
        read_iso19139(b"503 Service Unavailable")
