"""The tables and limits of the platform, read from its rule file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

from metadata.checks.rules import RuleSet, RulesUnreadable, read_rules
from metadata.finding import Text

PLATFORM: Final = "data-gouv-17"
"""The rule file that counts today."""
NOT_SPECIFIED: Final = "notspecified"


@dataclass(frozen=True, kw_only=True)
class PlatformFrequency:
    """An update frequency, as the platform knows it."""

    name: str
    days: int | None
    """Within which an update is expected; `None`: none is."""
    label: Text


@dataclass(frozen=True, kw_only=True)
class PlatformLicence:
    """A licence that the platform knows, and by what it knows it."""

    name: str
    title: str
    url: str = ""
    titles: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Platform:
    """All that decides what the platform makes of a record."""

    rules: RuleSet
    criteria: Mapping[str, Text]
    """The nine criteria of the quality score, in the platform's order."""
    frequencies: Mapping[str, PlatformFrequency]
    """By their code in the EU's list."""
    roles: Mapping[str, str]
    """Role of ISO 19115 → the platform's."""
    agents: Mapping[str, str]
    """Property in DCAT → the platform's role, in the order it reads them."""
    reasons: Mapping[str, str]
    """Letter of Article 13(1) → the platform's reason."""
    categories: Mapping[str, str]
    """Address of a high-value category → the platform's word."""
    letters: Mapping[str, str]
    licences: tuple[PlatformLicence, ...]

    def limit(self, name: str) -> int:
        """Return a threshold."""
        return int(self.rules.limits[name])

    def licence_title(self, name: str) -> str:
        """Return the title of a licence; its identifier when there is none such."""
        found = (each.title for each in self.licences if each.name == name)
        return next(found, name)

    def frequency_label(self, name: str) -> Text:
        """Return the words for a frequency; its identifier when there is none such."""
        found = (each.label for each in self.frequencies.values() if each.name == name)
        return next(found, Text(name, name))


@lru_cache(maxsize=4)
def platform(name: str = PLATFORM) -> Platform:
    """Return the platform of a rule file that is shipped.

    Raises
    ------
    metadata.checks.rules.RulesUnreadable
        There is no such file, or a table in it is missing.
    """
    path = files("metadata").joinpath("rules", f"{name}.toml")
    try:
        content = path.read_text(encoding="utf-8")
    except OSError as error:
        message = f"There is no rule set {name}."
        raise RulesUnreadable(message) from error
    rules = read_rules(content)
    try:
        return _platform(rules, tomllib.loads(content))
    except (KeyError, TypeError) as error:
        message = f"Reading the rule set {name}: {error!r}"
        raise RulesUnreadable(message) from error


def _platform(rules: RuleSet, data: Mapping[str, Any]) -> Platform:
    return Platform(
        rules=rules,
        criteria=MappingProxyType(
            {name: Text(**words) for name, words in data["criteria"].items()}
        ),
        frequencies=MappingProxyType(
            {code: _frequency(row) for code, row in data["frequencies"].items()}
        ),
        roles=MappingProxyType(data["roles"]),
        agents=MappingProxyType(data["agents"]),
        reasons=MappingProxyType(data["reasons"]),
        categories=MappingProxyType(data["categories"]),
        letters=MappingProxyType(data["letters"]),
        licences=tuple(_licence(*row) for row in data["licences"].items()),
    )


def _frequency(row: Mapping[str, Any]) -> PlatformFrequency:
    label = Text(fr=row["fr"], en=row["en"])
    return PlatformFrequency(name=row["name"], days=row.get("days"), label=label)


def _licence(name: str, row: Mapping[str, Any]) -> PlatformLicence:
    return PlatformLicence(
        name=name,
        title=row["title"],
        url=row.get("url", ""),
        titles=tuple(row.get("titles", ())),
        urls=tuple(row.get("urls", ())),
    )
