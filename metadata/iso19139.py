"""ISO 19139 records: encoding a `Dataset`, and reading a record back.

Two pure steps each way. `dataset_content` and `service_content` say what a
record holds, `encode` writes it, `read_iso19139` is the inverse of `encode`::

    Dataset ── dataset_content() ─► RecordContent ── encode() ─► bytes
                                    RecordContent ◄─ read_iso19139() ─┘

Every test of the INSPIRE validator for datasets, series and network services is
meant to pass (Metadata TG 2.0), in the form that the CNIG guide 2.0 gives to it
and that data.gouv.fr understands. Left out: multilingual records, raster and
topology, feature catalogues.
"""

from __future__ import annotations

from datetime import date

from metadata.dataset import Dataset
from metadata.iso19139_content import dataset_content, service_content
from metadata.iso19139_read import NotARecord, read_iso19139
from metadata.iso19139_write import encode
from metadata.record import Record, RecordKind

__all__ = [
    "NotARecord",
    "dataset_content",
    "encode",
    "encode_dataset_record",
    "encode_service_record",
    "read_iso19139",
    "service_content",
]


def encode_dataset_record(dataset: Dataset, *, date_stamp: date) -> Record:
    """Return the ISO 19139 record of a dataset or series.

    Parameters
    ----------
    dataset
        Whatever is missing in it is missing in the record, see
        `metadata.iso19139_content`; the record is schema-valid all the same.
    date_stamp
        The day on which the record was made or last changed.
    """
    content = dataset_content(dataset)
    return Record(
        identifier=content.identifier,
        dataset_id=dataset.id,
        kind=content.kind,
        content=encode(content, date_stamp),
    )


def encode_service_record(dataset: Dataset, *, date_stamp: date) -> Record:
    """Return the ISO 19139 record of the dataset's download service.

    Only a dataset whose data are served has one, see `Dataset.serves_data`.

    Parameters
    ----------
    dataset
        The data that the service gives access to.
    date_stamp
        The day on which the record was made or last changed.
    """
    content = service_content(dataset)
    return Record(
        identifier=content.identifier,
        dataset_id=dataset.id,
        kind=RecordKind.SERVICE,
        content=encode(content, date_stamp),
    )
