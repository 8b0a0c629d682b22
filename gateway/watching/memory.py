"""What was checked and encoded at the last round, of datasets that are as they were.

Of a thousand datasets one changes at a time; the others are neither checked nor encoded
again, as long as day, description and survey are the same.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from gateway.assembly import dated_records, record_identifiers
from metadata.dataset import Dataset
from metadata.judging import Checked, check_one
from metadata.record import Record
from providers.store import Store
from providers.store_revisions import Stamp

Stamps = tuple[Stamp | None, ...]


@dataclass(frozen=True)
class _Encoded:
    dataset: Dataset
    day: date
    stamps: Stamps
    records: tuple[Record, ...]


class Memory:
    """Checks and encodes datasets, those that changed only."""

    def __init__(self) -> None:
        self._checked: dict[str, tuple[Dataset, date, Checked]] = {}
        self._encoded: dict[str, _Encoded] = {}

    def check(self, dataset: Dataset, *, today: date) -> Checked:
        """Check a dataset, unless it was found as it is now today."""
        before = self._checked.get(dataset.id)
        if before is not None and before[:2] == (dataset, today):
            return before[2]
        checked = check_one(dataset, today=today)
        self._checked[dataset.id] = dataset, today, checked
        return checked

    def keep_to(self, names: Collection[str]) -> None:
        """Forget all other datasets."""
        self._checked = {n: c for n, c in self._checked.items() if n in names}
        self._encoded = {n: e for n, e in self._encoded.items() if n in names}

    def records(
        self, datasets: Iterable[Dataset], store: Store, *, today: date
    ) -> tuple[Record, ...]:
        """Encode datasets that may go out, each record as it was last dated."""
        every = tuple(datasets)
        names = [name for d in every for name in record_identifiers(d)]
        last = store.last_stamps(names)
        fresh: dict[str, _Encoded] = {}
        for dataset in every:
            stamps = tuple(last.get(name) for name in record_identifiers(dataset))
            before = self._encoded.get(dataset.id)
            if before is None or (before.dataset, before.day, before.stamps) != (
                dataset,
                today,
                stamps,
            ):
                encoded = dated_records(dataset, last, today=today)
                before = _Encoded(dataset, today, stamps, encoded)
            fresh[dataset.id] = before
        self._encoded = fresh
        return tuple(r for encoded in fresh.values() for r in encoded.records)
