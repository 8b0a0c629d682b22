"""The names that a language has elsewhere, by its ISO 639-2/B code.

ISO 19139 says ``fre``, HTML and RDF say ``fr`` (BCP 47 wants the shortest code),
the Publications Office of the EU says ``FRA`` (ISO 639-3).
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

_TAGS: Final = MappingProxyType(
    {
        "bul": "bg",
        "hrv": "hr",
        "cze": "cs",
        "dan": "da",
        "dut": "nl",
        "eng": "en",
        "est": "et",
        "fin": "fi",
        "fre": "fr",
        "ger": "de",
        "gre": "el",
        "hun": "hu",
        "gle": "ga",
        "ice": "is",
        "ita": "it",
        "lav": "lv",
        "lit": "lt",
        "mlt": "mt",
        "nor": "no",
        "pol": "pl",
        "por": "pt",
        "rum": "ro",
        "slo": "sk",
        "slv": "sl",
        "spa": "es",
        "swe": "sv",
    }
)
_TERMINOLOGICAL: Final = MappingProxyType(
    {
        "cze": "CES",
        "dut": "NLD",
        "fre": "FRA",
        "ger": "DEU",
        "gre": "ELL",
        "ice": "ISL",
        "rum": "RON",
        "slo": "SLK",
    }
)
"""Those of which ISO 639-2 has a bibliographic code that is another."""
_AUTHORITY: Final = "http://publications.europa.eu/resource/authority/language/"


def language_tag(code: str) -> str:
    """Return the BCP 47 tag (RFC 5646, clause 2.2.1); the code itself if unknown."""
    return _TAGS.get(code, code)


def language_address(code: str) -> str:
    """Return the address of a language in the EU's list; empty without a code."""
    return _AUTHORITY + _TERMINOLOGICAL.get(code, code.upper()) if code else ""
