"""One dataset, encoded and held against the rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Protocol

from metadata.checks import check_dataset, check_record, without_repeats
from metadata.dataset import Dataset
from metadata.finding import Finding
from metadata.iso19139 import encode_dataset_record, encode_service_record
from metadata.record import Record
from metadata.stated import Access


class Encoder(Protocol):
    """What turns a dataset into one of its records."""

    def __call__(self, dataset: Dataset, *, date_stamp: date) -> Record:
        """Encode it, dated as told."""


def encoders(dataset: Dataset) -> tuple[Encoder, ...]:
    """Return what encodes a dataset.

    Internal data have no record, and data that are not open have no service.
    """
    if dataset.description.access is Access.INTERNAL:
        return ()
    if dataset.description.access is Access.OPEN:
        return (encode_dataset_record, encode_service_record)
    return (encode_dataset_record,)


@dataclass(frozen=True)
class Checked:
    """One dataset with its records, held against the rules."""

    findings: tuple[Finding, ...]
    records: tuple[Record, ...]


def check_one(dataset: Dataset, *, today: date) -> Checked:
    """Check a dataset and the records it would have.

    What a dataset lacks is not said of its records again.
    """
    own = tuple(check_dataset(dataset, today=today))
    records = tuple(e(dataset, date_stamp=today) for e in encoders(dataset))
    flaws = (flaw for record in records for flaw in check_record(record))
    return Checked((*own, *without_repeats(own, flaws)), records)
