"""What each dataset would be published as, and what the checks say: made once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from metadata.dataset import Dataset
from metadata.finding import Finding
from metadata.forms import FORMS, ISO
from metadata.judging import check_one
from metadata.links import Link, links_of


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """One dataset, held against the rules and encoded in every form."""

    fingerprints: Mapping[tuple[str, str], str]
    """Form and identifier of a record → its fingerprint."""
    findings: tuple[Finding, ...]
    links: tuple[Link, ...]
    """Those of the organisation among them."""


def judge(dataset: Dataset, *, today: date, forms: Iterable[str] = ()) -> Judgement:
    """Judge a dataset.

    Parameters
    ----------
    forms
        The forms that are wanted beside ISO records, by their names.
    """
    checked = check_one(dataset, today=today)
    found = {(ISO, r.identifier): r.fingerprint for r in checked.records}
    for form in forms:
        record = FORMS[form](dataset)
        found[form, record.identifier] = record.fingerprint
    return Judgement(
        fingerprints=found,
        findings=checked.findings,
        links=links_of(dataset, today=today),
    )


class Judgements:
    """Remembers what was judged, as long as dataset, day and forms are the same.

    One thread may judge while others read.
    """

    def __init__(self) -> None:
        self._made: dict[str, tuple[tuple[object, ...], Judgement]] = {}

    def judge(self, dataset: Dataset, *, today: date, forms: frozenset[str]) -> None:
        """Judge a dataset, unless that was done."""
        if self.known(dataset, today=today, forms=forms) is None:
            made = judge(dataset, today=today, forms=sorted(forms))
            self._made[dataset.id] = (dataset, today, forms), made

    def known(
        self, dataset: Dataset, *, today: date, forms: frozenset[str]
    ) -> Judgement | None:
        """Return what was judged of a dataset as it is now; `None`: nothing yet."""
        key, made = self._made.get(dataset.id, ((), None))
        if not key:
            return None
        same = key[0] is dataset or key[0] == dataset
        return made if same and key[1:] == (today, forms) else None

    def keep_to(self, names: Iterable[str]) -> None:
        """Forget all other datasets."""
        kept = set(names)
        self._made = {name: made for name, made in self._made.items() if name in kept}
