"""Parts what may go out from what is held, and gives it every form that is asked for.

What `publish` and `watch` do between looking at the silos and telling the outlets.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from gateway.assembly import (
    Assembled,
    CheckOne,
    as_last_dated,
    check_everything,
)
from metadata.dataset import Dataset
from metadata.finding import Finding, has_errors
from metadata.forms import FORMS
from metadata.judging import Checked, check_one
from metadata.record import Record
from metadata.stated import Description, Status
from providers.configuration import Configuration
from providers.store import Store


@dataclass(frozen=True, kw_only=True)
class Ready:
    """What may go out today."""

    datasets: tuple[Dataset, ...]
    """Those due and without an error."""
    held: frozenset[str]
    """Datasets that cannot be judged, or have an error: left as they are."""
    findings: tuple[Finding, ...]
    """Why some are held, and what else was found of those published."""
    encoded: Mapping[str, tuple[Record, ...]] = field(repr=False)
    """The records of each dataset, as they were checked: dated today."""

    def records(self, store: Store) -> tuple[Record, ...]:
        """Return them as ISO records, each with the date that it last changed."""
        fresh = [r for dataset in self.datasets for r in self.encoded[dataset.id]]
        last = store.last_stamps([record.identifier for record in fresh])
        return tuple(as_last_dated(record, last) for record in fresh)

    def forms(self, configuration: Configuration) -> Mapping[str, tuple[Record, ...]]:
        """Encode them for the outlets that take no ISO records, if there are any."""
        types = {outlet.type for outlet in configuration.outlets.values()}
        return {
            name: tuple(encode(dataset) for dataset in self.datasets)
            for name, encode in FORMS.items()
            if name in types
        }


def sort_out(found: Assembled, *, today: date, check: CheckOne = check_one) -> Ready:
    """Part what may go out from what is held, and say why it is.

    Parameters
    ----------
    check
        Checks one dataset.
    """
    due = [d for d in found.described.datasets if d.has_record(today)]
    encoded: dict[str, tuple[Record, ...]] = {}

    def keeping(dataset: Dataset, *, today: date) -> Checked:
        checked = check(dataset, today=today)
        encoded[dataset.id] = checked.records
        return checked

    everything = check_everything(due, today=today, check=keeping)
    flaws = [f for f in everything if has_errors([f])]
    wrong = {finding.subject for finding in flaws}
    if wrong - {d.id for d in due}:
        wrong = {d.id for d in due}  # of the organisation: it stands in every record
    return Ready(
        datasets=tuple(d for d in due if d.id not in wrong),
        held=frozenset({*found.described.held, *found.descriptions.unusable, *wrong}),
        findings=tuple(dict.fromkeys((*_of_published(found), *flaws))),
        encoded=encoded,
    )


def _of_published(found: Assembled) -> Iterator[Finding]:
    """Yield what was found on the way, but for drafts: they are not to go out."""
    drafts = [d for d in found.by_id.values() if d.status is Status.DRAFT]
    others = [d for d in found.by_id.values() if d.status is not Status.DRAFT]
    passed_over = subjects(drafts) - subjects(others)
    yield from (f for f in found.findings if f.subject not in passed_over)


def subjects(descriptions: Iterable[Description]) -> set[str]:
    """Return the names under which findings speak of datasets and their tables."""
    return {
        name
        for d in descriptions
        for name in (d.id, *(str(c.source) for c in d.collections))
    }
