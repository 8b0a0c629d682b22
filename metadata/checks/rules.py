"""Rule sets: what is demanded, how much it weighs, and the words for it, as data.

A rule set is a file ``metadata/rules/<name>.toml``. It names each requirement by
its code, with the clause that demands it, the kinds of record it concerns, and in
French and English one reason for each way of failing it and the remedy. It also
holds the closed lists and the limits that the functions compare with. What a
requirement *means* is a function; when the rules move, a file with another version
is put beside, and the functions that are still right go on serving.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

from metadata.errors import PasserelleError
from metadata.finding import Finding, Severity, Text

INSPIRE_RULES: Final = "inspire-2024.0.1"
"""The rule set by which records are judged today."""
HOUSE_RULES: Final = "passerelle-1"
"""The rule set of what Passerelle itself demands."""
_SHOWN = 200
"""Characters of a found value that a message repeats."""
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


class RulesUnreadable(PasserelleError):
    """A rule set that is not there, or that cannot be used as it stands."""


class Statement(str):
    """What a person copies from a message, told to the end."""

    __slots__ = ()


@dataclass(frozen=True)
class Flaw:
    """One way in which something fails a requirement."""

    case: str
    """Which of the rule's reasons it is."""
    element: str
    """The field of the description, or the XPath of the element."""
    values: Mapping[str, str | Text] = field(default_factory=dict)
    """What was found, by the names that the rule's words use."""


def flaw(case: str, element: str, **values: str | Text) -> Flaw:
    """Return a flaw, the values given by name."""
    return Flaw(case, element, MappingProxyType(values))


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One requirement, as a rule set states it."""

    code: str
    severity: Severity
    reference: str
    """Document and clause; empty where only Passerelle demands it."""
    applies: frozenset[str]
    """Kinds of record (`metadata.record.RecordKind`); empty for all."""
    reasons: Mapping[str, Text]
    """What to say for each way of failing it."""
    hints: Mapping[str, Text]
    """The remedy for each; the one named ``""`` serves for the others."""
    covers: frozenset[str] = frozenset()
    """Codes of the requirements on records that fail by the same fact."""

    def finding(self, found: Flaw, *, subject: str) -> Finding:
        """Return what to tell a person about a flaw."""
        hint = self.hints.get(found.case) or self.hints[""]
        values = {"subject": subject, "element": found.element, **found.values}
        return Finding(
            severity=self.severity,
            code=self.code,
            subject=subject,
            element=found.element,
            reason=_filled(self.reasons[found.case], values),
            hint=_filled(hint, values),
            reference=self.reference,
        )


@dataclass(frozen=True, kw_only=True)
class RuleSet:
    """All the rules of one version of one document."""

    name: str
    version: str
    source: str
    """Where the rules come from."""
    rules: Mapping[str, Rule]
    """By code, in the order in which they are judged."""
    manual: Mapping[str, Rule]
    """Requirements that only a person can judge: no function decides them."""
    lists: Mapping[str, frozenset[str]]
    """Closed lists of values, by name."""
    limits: Mapping[str, float]
    """Thresholds, by name."""

    def concerning(self, kind: str) -> Iterator[Rule]:
        """Yield the rules for one kind of record, in their order."""
        for rule in self.rules.values():
            if not rule.applies or kind in rule.applies:
                yield rule


@lru_cache(maxsize=8)
def rule_set(name: str) -> RuleSet:
    """Return a rule set that is shipped, e.g. ``inspire-2024.0.1``.

    Raises
    ------
    RulesUnreadable
        There is none of that name, or it cannot be used.
    """
    path = files("metadata").joinpath("rules", f"{name}.toml")
    try:
        content = path.read_text(encoding="utf-8")
    except OSError as error:
        message = f"There is no rule set {name}."
        raise RulesUnreadable(message) from error
    return read_rules(content)


def read_rules(content: str) -> RuleSet:
    """Read a rule set from its TOML text.

    Raises
    ------
    RulesUnreadable
        It is not TOML, or a rule lacks a reason, a remedy or a clause.
    """
    try:
        data = tomllib.loads(content)
        document = data["document"]
        return RuleSet(
            name=data["name"],
            version=data["version"],
            source=data["source"],
            rules=_rules(data["rules"], document),
            manual=_rules(data.get("manual", {}), document),
            lists=_lists(data.get("lists", {})),
            limits=MappingProxyType(dict(data.get("limits", {}))),
        )
    except (tomllib.TOMLDecodeError, KeyError, TypeError, ValueError) as error:
        message = f"Reading a rule set: {error!r}"
        raise RulesUnreadable(message) from error


def _rules(rows: Mapping[str, Any], document: str) -> Mapping[str, Rule]:
    return MappingProxyType(
        {code: _rule(code, row, document) for code, row in rows.items()}
    )


def _rule(code: str, row: Mapping[str, Any], document: str) -> Rule:
    hints = {"": row["hint"], **row.get("hints", {})}
    return Rule(
        code=code,
        severity=Severity(row.get("severity", "error")),
        reference=", ".join(filter(None, (document, row["clause"]))),
        applies=frozenset(row.get("applies", ())),
        reasons=_texts(row["reasons"]),
        hints=_texts(hints),
        covers=frozenset(row.get("covers", ())),
    )


def _texts(rows: Mapping[str, Mapping[str, str]]) -> Mapping[str, Text]:
    return MappingProxyType(
        {case: Text(fr=words["fr"], en=words["en"]) for case, words in rows.items()}
    )


def _lists(rows: Mapping[str, list[str]]) -> Mapping[str, frozenset[str]]:
    return MappingProxyType({name: frozenset(row) for name, row in rows.items()})


def _filled(words: Text, values: Mapping[str, str | Text]) -> Text:
    return Text(
        fr=words.fr.format_map({n: _shown(v, "fr") for n, v in values.items()}),
        en=words.en.format_map({n: _shown(v, "en") for n, v in values.items()}),
    )


def _shown(value: str | Text, language: str) -> str:
    """Return a value fit for a message: one line, printable, not too long."""
    words = getattr(value, language) if isinstance(value, Text) else value
    words = " ".join(_UNPRINTABLE.sub("\ufffd", " ".join(words.split())).split())
    whole = len(words) <= _SHOWN or isinstance(value, Statement)
    return words if whole else words[: _SHOWN - 1] + "…"
