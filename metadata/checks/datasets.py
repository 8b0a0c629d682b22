"""Judges a dataset before any XML: whether it is complete, and honest."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Final

from metadata.checks.model import REQUIREMENTS
from metadata.checks.model.judged import Judged
from metadata.checks.rules import HOUSE_RULES, rule_set
from metadata.dataset import Dataset
from metadata.finding import Finding

ORGANISATION: Final = "passerelle.yml"
"""Subject of what is wrong with the organisation, whichever dataset shows it."""
_OF_ALL: Final = ("organisation.", "service.")
"""How the codes begin of what is stated there once for all datasets."""


def check_dataset(dataset: Dataset, *, today: date) -> Iterator[Finding]:
    """Yield what is missing, what cannot be, and where stated and measured disagree.

    The description is taken as it stands: words that a survey proposed count for
    nothing before a person approved them. What is wrong with the organisation comes
    with each of its datasets, as equal findings about ``passerelle.yml``.

    Parameters
    ----------
    today
        The day on which dates are in the future or in the past.
    """
    rules = rule_set(HOUSE_RULES)
    judged = Judged(dataset, today, rules)
    for code, judge in REQUIREMENTS.items():
        rule = rules.rules[code]
        subject = ORGANISATION if code.startswith(_OF_ALL) else dataset.id
        for found in judge(judged):
            yield rule.finding(found, subject=subject)
