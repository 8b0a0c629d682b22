"""Says once what two checks find: a fact that is missing shows in the record, too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from metadata.checks.rules import HOUSE_RULES, rule_set
from metadata.finding import Finding, Severity


def without_repeats(
    of_dataset: Iterable[Finding], of_records: Iterable[Finding]
) -> Iterator[Finding]:
    """Yield the findings of records that those of their dataset do not say already.

    Which finding says what is in the rule set (``covers``). An error is covered by an
    error only, so that nothing that forbids publishing is lost.

    Parameters
    ----------
    of_dataset
        What `metadata.checks.check_dataset` yields for one dataset.
    of_records
        What `metadata.checks.check_record` yields for its records.
    """
    rules = rule_set(HOUSE_RULES).rules
    covered = {
        code
        for finding in of_dataset
        if finding.severity is Severity.ERROR
        for code in rules[finding.code].covers
    }
    yield from (finding for finding in of_records if finding.code not in covered)
