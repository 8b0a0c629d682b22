"""Datasets that were served and whose description cannot be read any more.

A slip in a file does not say that a dataset is gone, and what it meant to hide is not
known: its addresses answer 503, which harvesters and clients wait for, until the file
is mended. Files made of it stay where they are.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence

from metadata.errors import CollectionBroken
from metadata.finding import Finding, Severity
from service.messages import text
from service.snapshot import Snapshot

_CODE = "collection.broken"


def held_back(
    unusable: Sequence[str], known: Container[str], previous: Snapshot | None
) -> Mapping[str, Finding]:
    """Return what is not to be answered as unknown, by id.

    Parameters
    ----------
    unusable
        Datasets whose description cannot be read.
    known
        Names of records last published and of collections with files: of these more
        is expected, whoever served them.
    previous
        What was served until now.
    """
    return {
        name: _finding(dataset_id)
        for dataset_id in unusable
        for name in _names(dataset_id, known, previous)
    }


def _names(
    dataset_id: str, known: Container[str], previous: Snapshot | None
) -> Iterator[str]:
    """Yield the ids under which a dataset and its collections were asked for."""
    if dataset_id in known:
        yield dataset_id
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
