"""A dataset under judgement."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from metadata.checks.rules import Flaw, RuleSet
from metadata.dataset import Dataset
from metadata.stated import Description, Organisation, Proposal, Status


@dataclass(frozen=True)
class Judged:
    """One dataset, the day, and the rule set that judges it."""

    dataset: Dataset
    today: date
    rules: RuleSet

    @property
    def stated(self) -> Description:
        """What a person stated."""
        return self.dataset.description

    @property
    def organisation(self) -> Organisation:
        """Who runs this Passerelle."""
        return self.dataset.organisation

    @property
    def offered(self) -> Proposal:
        """What approving would still use; empty for all but drafts."""
        is_draft = self.stated.status is Status.DRAFT
        return self.stated.proposed if is_draft else Proposal()


Requirement = Callable[[Judged], Iterator[Flaw]]
"""A function that judges one requirement on a dataset."""
