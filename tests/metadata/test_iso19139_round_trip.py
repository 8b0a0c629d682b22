"""Any valid dataset gives a schema-valid record that reads back equal."""

from __future__ import annotations

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from metadata.content import plain, unwritable_characters
from metadata.iso19139 import (
    dataset_content,
    encode_dataset_record,
    encode_service_record,
    read_iso19139,
    service_content,
)
from metadata.schemas import schema_errors

TODAY = date(2026, 5, 4)
thoroughly = settings(deadline=None, max_examples=80)


@thoroughly
@given(data=st.data())
def test_any_dataset_encodes_to_a_valid_record_and_reads_back_equal(data, datasets):
    dataset = data.draw(datasets)
    record = encode_dataset_record(dataset, date_stamp=TODAY)
    assert schema_errors(record.content) == ()
    assert read_iso19139(record.content) == dataset_content(dataset)


@thoroughly
@given(data=st.data())
def test_any_service_encodes_to_a_valid_record_and_reads_back_equal(data, datasets):
    dataset = data.draw(datasets)
    record = encode_service_record(dataset, date_stamp=TODAY)
    assert schema_errors(record.content) == ()
    assert read_iso19139(record.content) == service_content(dataset)


@given(text=st.text())
def test_a_text_once_plain_stays_as_it_is_and_can_be_written(text):
    once = plain(text)
    assert plain(once) == once
    assert unwritable_characters(once) == ()


@given(text=st.text())
def test_only_characters_that_xml_cannot_hold_are_replaced(text):
    unwritable = set(unwritable_characters(text))
    kept = [c for c in text if c not in unwritable]
    left = [c for c in plain("|" + text + "|")[1:-1] if c != "\ufffd"]
    normalised = "".join(kept).replace("\r\n", "\n").replace("\r", "\n")
    assert "".join(left) == normalised.replace("\ufffd", "")
