"""Datasets that were served and whose description cannot be read any more.

A slip in a file does not say that a dataset is gone, and what it meant to hide is not
known: its addresses answer 503, which harvesters and clients wait for, until the file
is mended. Files made of it stay where they are.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Final

from metadata.errors import CollectionBroken
from metadata.finding import Finding, Severity
from providers.store_model import Revision
from service.catalogue import Applied
from service.messages import text
from service.snapshot import Snapshot

_CODE: Final = "collection.broken"
_FILE: Final = re.compile(rb"/collections/([A-Za-z0-9_-]+)/download/")
"""Where a record says that a file of a collection is had."""


def held_back(
    unusable: Sequence[str],
    applied: Sequence[Applied],
    filed: Container[str],
    previous: Snapshot | None,
) -> Mapping[str, Finding]:
    """Return what is not to be answered as unknown, by id.

    Parameters
    ----------
    unusable
        Datasets whose description cannot be read.
    applied
        Records last published: of what they tell more is expected, whoever served it.
    filed
        Collections with files.
    previous
        What was served until now.
    """
    published = {each.revision.name: each.revision for each in applied}
    return {
        name: _finding(dataset_id)
        for dataset_id in unusable
        for name in (
            *_published(dataset_id, published, filed),
            *_served(dataset_id, previous),
        )
    }


def _published(
    dataset_id: str, published: Mapping[str, Revision], filed: Container[str]
) -> Iterator[str]:
    """Yield the ids that a dataset was published with.

    Those of its collections are in its record, whatever the description is now.
    """
    if dataset_id in published or dataset_id in filed:
        yield dataset_id
    if dataset_id in published:
        for name in _FILE.findall(published[dataset_id].content):
            yield name.decode("ascii")


def _served(dataset_id: str, previous: Snapshot | None) -> Iterator[str]:
    """Yield the ids under which a dataset and its collections were asked for."""
    if previous is None:
        return
    served = previous.datasets.get(dataset_id)
    if served is not None:
        yield dataset_id
        yield from (each.id for each in served.dataset.description.collections)
    subject = _subject(dataset_id)
    yield from (
        n for n, finding in previous.broken.items() if finding.subject == subject
    )


def require_readable(snapshot: Snapshot, dataset_id: str) -> None:
    """Refuse a dataset whose description cannot be read now.

    Raises
    ------
    CollectionBroken
        It was served before.
    """
    finding = snapshot.broken.get(dataset_id)
    if finding is not None and finding.subject == _subject(dataset_id):
        raise CollectionBroken(f"The description of {dataset_id} cannot be read now.")


def _subject(dataset_id: str) -> str:
    return f"datasets/{dataset_id}.yml"


def _finding(dataset_id: str) -> Finding:
    return Finding(
        severity=Severity.ERROR,
        code=_CODE,
        subject=_subject(dataset_id),
        element="",
        reason=text("broken.unreadable"),
        hint=text("broken.unreadable-hint"),
    )
