"""Checks datasets, but for those that were judged as they are now, by this judge.

What a kept judgement rests on is told by one text (`providers.judgement_keys`): every
field of the dataset, the day, and the code and rules that judge. The records are
encoded each time, since they go out; that theirs are the fingerprints of those that
were judged is looked at too.
"""

from __future__ import annotations

from datetime import date

from metadata.dataset import Dataset
from metadata.forms import ISO
from metadata.judging import Checked, check_one, encoders
from metadata.record import Record
from providers.configuration import Configuration
from providers.overview import forms_wanted, keep_fresh
from providers.overview_judging import Judgement, Judgements, judgement_of
from providers.store import Store


class KeptChecks:
    """Checks datasets with what the store keeps, and keeps what it checked.

    Parameters
    ----------
    store
        Where judgements are kept.
    configuration
        Its outlets say which forms are judged too.
    """

    def __init__(self, store: Store, configuration: Configuration) -> None:
        self._store = store
        self._forms = forms_wanted(configuration)
        self._judgements = Judgements(store.judgements())
        self._seen: set[str] = set()

    def __call__(self, dataset: Dataset, *, today: date) -> Checked:
        """Check a dataset and the records it would have."""
        self._seen.add(dataset.id)
        kept = self._judgements.recall(dataset, today=today, forms=self._forms)
        if kept is not None:
            records = tuple(e(dataset, date_stamp=today) for e in encoders(dataset))
            if _is_of(kept, records):
                return Checked(kept.findings, records)
        checked = check_one(dataset, today=today)
        made = judgement_of(dataset, checked, today=today, forms=sorted(self._forms))
        self._judgements.note(dataset, made, today=today, forms=self._forms)
        return checked

    def keep(self) -> None:
        """Keep what was checked, and of these datasets only."""
        keep_fresh(self._judgements, self._store, self._seen)


def _is_of(kept: Judgement, records: tuple[Record, ...]) -> bool:
    """Tell whether a judgement is about these very records."""
    told = {name: v for (form, name), v in kept.fingerprints.items() if form == ISO}
    return told == {record.identifier: record.fingerprint for record in records}
