"""The text that a portal shows of a dataset: its abstract, and what has no field."""

from __future__ import annotations

from metadata.content import RecordContent
from metadata.dcat_terms import LIMITATION, PURPOSE, REFERENCE_SYSTEM
from metadata.finding import Language, Text


def described(content: RecordContent) -> str:
    """Return the abstract, then purpose, limitations and reference systems."""
    identification = content.identification
    french = content.language == "fre"
    language = Language.FRENCH if french else Language.ENGLISH

    def said(sentence: Text, *values: str) -> str:
        known = [value for value in values if value]
        return sentence.said_in(language).format(", ".join(known)) if known else ""

    systems = [system.text for system in content.reference_systems if system.href]
    parts = (
        identification.abstract,
        said(PURPOSE, identification.purpose),
        said(LIMITATION, *identification.limitations),
        said(REFERENCE_SYSTEM, *systems),
    )
    return "\n\n".join(part for part in parts if part)
