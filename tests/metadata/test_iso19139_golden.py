"""Records as they are meant to be, one file each; `--bless` rewrites them."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from lxml import etree

from metadata.iso19139 import encode_dataset_record, encode_service_record

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "iso19139"
TODAY = date(2026, 5, 4)


def record_of(samples, name):
    if name == "service":
        return encode_service_record(samples["polygons-hvd"], date_stamp=TODAY)
    return encode_dataset_record(samples[name], date_stamp=TODAY)


def canonical(content: bytes) -> bytes:
    parser = etree.XMLParser(remove_blank_text=True, no_network=True)
    return etree.tostring(etree.fromstring(content, parser), method="c14n")


@pytest.mark.parametrize(
    "name", ["points", "polygons-hvd", "restricted", "table", "service"]
)
def test_a_record_is_as_it_was_blessed(samples, name, bless):
    content = record_of(samples, name).content
    path = GOLDEN / f"{name}.xml"
    if bless:
        path.write_bytes(content)
    assert canonical(content) == canonical(path.read_bytes())


@pytest.mark.parametrize("name", ["points", "service"])
def test_the_same_dataset_gives_the_same_bytes(samples, name):
    assert record_of(samples, name).content == record_of(samples, name).content


def test_only_the_date_stamp_differs_from_day_to_day(samples):
    first = encode_dataset_record(samples["points"], date_stamp=date(2026, 1, 1))
    second = encode_dataset_record(samples["points"], date_stamp=date(2026, 1, 2))
    assert first.content != second.content
    assert first.fingerprint == second.fingerprint
    assert first.content.replace(b"2026-01-01", b"2026-01-02") == second.content
