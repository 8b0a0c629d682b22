"""What each dataset would be published as, and what the checks say: made once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from types import MappingProxyType
from typing import Final

from metadata.dataset import Dataset
from metadata.forms import FORMS, ISO
from metadata.judging import Checked, check_one
from metadata.links import links_of
from providers.judgement_keys import rests_on
from providers.judgement_text import Judgement, decoded, encoded
from providers.store_judgements import KeptJudgement

__all__ = ["Judgement", "Judgements", "judge", "judgement_of"]

_NOTHING: Final[Mapping[str, KeptJudgement]] = MappingProxyType({})


def judge(dataset: Dataset, *, today: date, forms: Iterable[str] = ()) -> Judgement:
    """Judge a dataset.

    Parameters
    ----------
    forms
        The forms that are wanted beside ISO records, by their names.
    """
    return judgement_of(
        dataset, check_one(dataset, today=today), today=today, forms=forms
    )


def judgement_of(
    dataset: Dataset, checked: Checked, *, today: date, forms: Iterable[str]
) -> Judgement:
    """Return the judgement of a dataset that was checked already."""
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

    Parameters
    ----------
    kept
        What was judged by others before, by dataset: it serves where it rests on
        the very same.
    """

    def __init__(self, kept: Mapping[str, KeptJudgement] = _NOTHING) -> None:
        self._kept = kept
        self._fresh: list[KeptJudgement] = []
        self._made: dict[str, tuple[tuple[object, ...], Judgement]] = {}

    def take(self, kept: Mapping[str, KeptJudgement]) -> None:
        """Go by what others judged meanwhile."""
        self._kept = kept

    def fresh(self) -> tuple[KeptJudgement, ...]:
        """Return what was judged since the last time, to be kept."""
        found, self._fresh = tuple(self._fresh), []
        return found

    def judge(self, dataset: Dataset, *, today: date, forms: frozenset[str]) -> None:
        """Judge a dataset, unless that was done."""
        if self.known(dataset, today=today, forms=forms) is None:
            made = self.recall(dataset, today=today, forms=forms)
            if made is None:
                made = judge(dataset, today=today, forms=sorted(forms))
                self.note(dataset, made, today=today, forms=forms)
            self._made[dataset.id] = (dataset, today, forms), made

    def recall(
        self, dataset: Dataset, *, today: date, forms: frozenset[str]
    ) -> Judgement | None:
        """Return what others judged of a dataset as it is now; `None`: nothing."""
        kept = self._kept.get(dataset.id)
        if kept is None or kept.key != rests_on(dataset, today=today, forms=forms):
            return None
        return decoded(kept.content)

    def note(
        self,
        dataset: Dataset,
        made: Judgement,
        *,
        today: date,
        forms: frozenset[str],
    ) -> None:
        """Have a judgement kept for others."""
        key = rests_on(dataset, today=today, forms=forms)
        self._fresh.append(
            KeptJudgement(dataset_id=dataset.id, key=key, content=encoded(made))
        )

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
