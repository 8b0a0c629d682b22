"""Closed lists of values: INSPIRE themes, topics, licences, languages and so on.

Each list is a data file beside this module (``codelists/*.toml``), because the
registers behind them move at their own pace. The addresses are those of the
registers; nothing here is fetched.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from metadata.finding import Language, Text


@dataclass(frozen=True, kw_only=True)
class CodedValue:
    """One entry of a code list."""

    code: str
    """What descriptions hold."""
    uri: str
    """Its address in the register; http, as the INSPIRE validator demands."""
    fr: str
    """Label in French."""
    en: str
    """Label in English."""

    @property
    def label(self) -> Text:
        """The label in both languages."""
        return Text(fr=self.fr, en=self.en)

    def label_in(self, language: Language) -> str:
        """Return the label in one language."""
        return self.label.said_in(language)


@dataclass(frozen=True, kw_only=True)
class Licence(CodedValue):
    """A licence that data may be published under, or that it is not known."""

    spdx: str
    """SPDX identifier; empty when SPDX has none."""
    page: str
    """Address of its text, for people."""
    text: str
    """The exact title by which catalogues recognise it; empty when it is none."""


def _rows(name: str) -> Mapping[str, Mapping[str, str]]:
    content = files("metadata").joinpath("codelists", f"{name}.toml").read_bytes()
    return tomllib.loads(content.decode("utf-8"))


def _values(name: str) -> Mapping[str, CodedValue]:
    rows = _rows(name).items()
    return MappingProxyType({code: CodedValue(code=code, **row) for code, row in rows})


def _licences() -> Mapping[str, Licence]:
    rows = _rows("licences").items()
    return MappingProxyType({code: Licence(code=code, **row) for code, row in rows})


THEMES: Final = _values("themes")
"""The 34 INSPIRE themes by their code (``au``, ``hy``…)."""
TOPICS: Final = _values("topics")
"""The 19 ISO 19115 topic categories."""
LICENCES: Final = _licences()
"""Licences by the key that descriptions hold (``etalab-2.0``…)."""
FREQUENCIES: Final = _values("frequencies")
"""ISO 19115 maintenance frequencies; the URIs are those of the EU's list."""
HVD_CATEGORIES: Final = _values("hvd_categories")
"""High-value dataset categories (Regulation (EU) 2023/138)."""
SPATIAL_SCOPES: Final = _values("spatial_scopes")
"""INSPIRE spatial scopes."""
ACCESS_LIMITATIONS: Final = _values("access_limitations")
"""INSPIRE limitations on public access: letters ``a``…``h``, and ``none``."""
LANGUAGES: Final = _values("languages")
"""ISO 639-2/B codes that a record may be written in."""
