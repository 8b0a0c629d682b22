"""What a survey may find wrong, in both languages, with the remedy.

The sentences are data (``words/survey_findings.toml``), so that they can be
read and corrected side by side; a code that is not there cannot be reported.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from metadata.finding import Finding, Severity, Text
from metadata.measured import Source

_NOTHING: Mapping[str, object] = MappingProxyType({})
_FILE = "words/survey_findings.toml"


@lru_cache(maxsize=1)
def sentences() -> Mapping[str, Mapping[str, Any]]:
    """Return the entries of the file by code, without the prefix ``survey.``."""
    text = files("providers").joinpath(_FILE).read_text(encoding="utf-8")
    return tomllib.loads(text)


def survey_finding(
    code: str,
    subject: object,
    names: Mapping[str, object] = _NOTHING,
    *,
    element: str = "",
    severity: Severity | None = None,
    in_file: bool = False,
    **values: object,
) -> Finding:
    """Compose one finding of a survey.

    Parameters
    ----------
    code
        Its name below ``survey.``, e.g. ``no-key``.
    subject
        The source, or the name of the silo.
    severity
        Another one than the file says.
    in_file
        Give the remedy for a layer of a file, where it is another one.
    names, values
        What stands in the braces of the sentences.

    Raises
    ------
    KeyError
        The code, or a value that its sentences need, does not exist.
    """
    entry = sentences()[code]
    values = {**names, **values}
    remedy = entry.get("hint_in_file", entry["hint"]) if in_file else entry["hint"]
    return Finding(
        severity=severity or Severity(entry["severity"]),
        code=f"survey.{code}",
        subject=str(subject),
        element=element or entry.get("element", ""),
        reason=_filled(entry["reason"], values),
        hint=_filled(remedy, values),
        reference=entry.get("reference", ""),
    )


def sql_names(source: Source, column: str = "") -> Mapping[str, str]:
    """Return the names of a table as statements of a remedy need them.

    ``sql_…`` are quoted identifiers, ``text_…`` quoted strings; `column` itself
    stands as it is, for the sentences.
    """
    schema, table = source.container, source.table
    return {
        "column": column,
        "sql_schema": _quoted(schema, '"'),
        "sql_table": ".".join(_quoted(part, '"') for part in (schema, table)),
        "sql_column": _quoted(column, '"'),
        "text_schema": _quoted(schema, "'"),
        "text_table": _quoted(table, "'"),
        "text_column": _quoted(column, "'"),
    }


def _quoted(name: str, mark: str) -> str:
    """Quote a name for a person to paste; statements of ours are never built so."""
    return f"{mark}{name.replace(mark, 2 * mark)}{mark}"


def _filled(entry: Mapping[str, str], values: Mapping[str, object]) -> Text:
    return Text(fr=entry["fr"].format(**values), en=entry["en"].format(**values))
