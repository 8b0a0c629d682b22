"""A record is given another date stamp without being encoded again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from metadata.record import Record, RecordKind

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "iso19139"
DAY = date(1999, 12, 31)


def records() -> Iterator[Record]:
    for file in sorted(GOLDEN.glob("*.xml")):
        yield Record(
            identifier=file.stem,
            dataset_id=file.stem,
            kind=RecordKind.DATASET,
            content=file.read_bytes(),
        )


@pytest.mark.parametrize(
    "record", list(records()), ids=lambda record: record.identifier
)
def test_only_its_stamp_is_another(record: Record) -> None:
    fingerprint = record.fingerprint
    dated = record.dated(DAY)
    assert dated.content.count(b"1999-12-31") == 1
    assert dated.fingerprint == fingerprint
    again = Record(
        identifier=dated.identifier,
        dataset_id=dated.dataset_id,
        kind=dated.kind,
        content=dated.content,
    )
    assert again.fingerprint == fingerprint  # computed anew
    stamp = record.content.split(b"<gmd:dateStamp>")[1].split(b"</gmd:dateStamp>")[0]
    day = date.fromisoformat(stamp.split(b">")[1].split(b"<")[0].decode())
    assert dated.dated(day) == record


def test_one_without_a_stamp_stays_as_it_is() -> None:
    record = Record(
        identifier="a", dataset_id="a", kind=RecordKind.DATASET, content=b'{"a": 1}'
    )
    assert record.dated(DAY) == record
