"""What is wrong with content, said so that it can be mended.

A `Finding` is never raised. Checks are generators of findings, so that every
problem is reported in one pass; one function at the edge decides what counts.
Messages are for the département, so they exist in French and in English.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Language(StrEnum):
    """A language that messages and pages exist in (ISO 639-1)."""

    FRENCH = "fr"
    ENGLISH = "en"


class Severity(StrEnum):
    """How much a finding weighs."""

    ERROR = "error"
    """The dataset may not be published."""
    WARNING = "warning"
    """It may, and somebody should look."""
    INFO = "info"
    """Good to know."""


@dataclass(frozen=True)
class Text:
    """One message in both languages."""

    fr: str
    en: str

    def said_in(self, language: Language) -> str:
        """Return the message in one language."""
        return self.fr if language is Language.FRENCH else self.en


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong, where, and what to do about it."""

    severity: Severity
    code: str
    """Stable name of the requirement, e.g. ``inspire.ds.1.4``."""
    subject: str
    """Identifier of the dataset, table or record that it is about."""
    element: str
    """The field of the description or the element of the record."""
    reason: Text
    """What was found."""
    hint: Text
    """The remedy."""
    reference: str = ""
    """Document and clause that demand it; may be empty."""


def has_errors(findings: Iterable[Finding]) -> bool:
    """Tell whether any finding forbids publishing."""
    return any(finding.severity is Severity.ERROR for finding in findings)
