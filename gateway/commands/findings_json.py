"""Findings as JSON, both languages in each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from metadata.finding import Finding, Text


def findings_json(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Return findings as plain data; an empty list without any."""
    return [
        {
            "severity": finding.severity.value,
            "code": finding.code,
            "subject": finding.subject,
            "element": finding.element,
            "reason": _both(finding.reason),
            "hint": _both(finding.hint),
            "reference": finding.reference,
        }
        for finding in findings
    ]


def _both(text: Text) -> dict[str, str]:
    return {"fr": text.fr, "en": text.en}
