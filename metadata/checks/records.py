"""Judges one record as the official INSPIRE validator would."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, TypeVar

from metadata.checks.evidence import ROOT, Evidence
from metadata.checks.inspire import REQUIREMENTS
from metadata.checks.rules import (
    INSPIRE_RULES,
    RuleSet,
    RulesUnreadable,
    flaw,
    rule_set,
)
from metadata.finding import Finding
from metadata.record import Record
from metadata.xml import MalformedXml, parse

T = TypeVar("T")
_WELL_FORMED: Final = "inspire.common.C.1"
_WHOLE_DOCUMENT: Final = frozenset({_WELL_FORMED, "inspire.common.C.2"})
"""All that can be asked of a document that is no metadata record."""


def check_record(record: Record, *, rules: RuleSet | None = None) -> Iterator[Finding]:
    """Yield every reason why the official validator would refuse a record.

    A document that is not well-formed is one finding, and so is one whose root is
    something else than a metadata record.

    Parameters
    ----------
    rules
        The rule set to judge by; without, the one that counts today.

    Raises
    ------
    metadata.checks.rules.RulesUnreadable
        The rule set names a requirement that no function judges.

    References
    ----------
    INSPIRE Metadata TG 2.0.1; official test suites ``metadata/2.0``, classes
    common, datasets-and-series, isdss, sds and ns.
    """
    chosen = rules or rule_set(INSPIRE_RULES)
    try:
        root = parse(record.content)
    except MalformedXml as error:
        broken = flaw("malformed", "/", found=error.message)
        yield chosen.rules[_WELL_FORMED].finding(broken, subject=record.dataset_id)
        return
    evidence = Evidence(record, root, chosen)
    for rule in chosen.concerning(record.kind):
        if root.tag != ROOT and rule.code not in _WHOLE_DOCUMENT:
            continue
        for found in requirement(REQUIREMENTS, rule.code)(evidence):
            yield rule.finding(found, subject=record.dataset_id)


def requirement(known: Mapping[str, T], code: str) -> T:
    """Return the function that judges a requirement.

    Raises
    ------
    RulesUnreadable
        None does.
    """
    if code not in known:
        message = f"No function judges the requirement {code}."
        raise RulesUnreadable(message)
    return known[code]
