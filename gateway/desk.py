"""Where a command works: its language, its screen, its configuration, its clock."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from itertools import groupby
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from gateway.assembly import Progress as Told
from metadata.finding import Finding, Language, Severity, Text
from providers.configuration import (
    Configuration,
    configuration_path,
    read_configuration,
)
from providers.store import Store, open_store

SHOWN = 4
"""Findings of one kind that are printed; of the others, their number."""
_COLOURS = {
    Severity.ERROR: "bold red",
    Severity.WARNING: "yellow",
    Severity.INFO: "dim",
}
_SEVERITIES = {
    Severity.ERROR: Text("erreur", "error"),
    Severity.WARNING: Text("à voir", "warning"),
    Severity.INFO: Text("info", "info"),
}


def language_of(environment: Mapping[str, str]) -> Language:
    """Return the language of a locale: English where it says so, else French."""
    for name in ("PASSERELLE_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        value = environment.get(name, "").lower()
        if value:
            return Language.FRENCH if value.startswith("fr") else Language.ENGLISH
    return Language.ENGLISH


def _more(count: int) -> Text:
    return Text(
        f"… et {count} semblables (check --format json les donne tous)",
        f"… and {count} like it (check --format json has them all)",
    )


@dataclass
class Desk:
    """What every command needs; the store is opened when first asked for."""

    language: Language
    given: Path | None = None
    """The configuration named on the command line."""
    console: Console = field(default_factory=lambda: Console(soft_wrap=False))
    errors: Console = field(default_factory=lambda: Console(stderr=True))
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    @cached_property
    def configuration(self) -> Configuration:
        """The configuration, read once."""
        return read_configuration(configuration_path(self.given), os.environ)

    @cached_property
    def store(self) -> Store:
        """What survives, opened once."""
        return open_store(self.configuration.store)

    def close(self) -> None:
        """Close what was opened."""
        if "store" in self.__dict__:
            self.store.close()

    def say(self, text: Text, style: str = "") -> None:
        """Print one line."""
        self.console.print(escape(text.said_in(self.language)), style=style or None)

    def complain(self, message: Text, hint: Text) -> None:
        """Print an error and its remedy."""
        self.errors.print(escape(message.said_in(self.language)), style="bold red")
        remedy = hint.said_in(self.language)
        if remedy:
            self.errors.print(escape(f"→ {remedy}"))

    def show(self, findings: Iterable[Finding]) -> None:
        """Print findings, the worst first; of many alike, the first few."""
        rows = sorted(findings, key=lambda f: (_ORDER[f.severity], f.code, f.subject))
        for _, group in groupby(rows, lambda f: (f.severity, f.code)):
            alike = list(group)
            for finding in alike[:SHOWN]:
                self._show_one(finding)
            if len(alike) > SHOWN:
                self.say(_more(len(alike) - SHOWN), style=_COLOURS[alike[0].severity])

    def _show_one(self, finding: Finding) -> None:
        """Print one finding: what and where, why, and the remedy."""
        severity = _SEVERITIES[finding.severity].said_in(self.language)
        where = " · ".join(filter(None, (finding.subject, finding.element)))
        source = ", ".join(filter(None, (finding.code, finding.reference)))
        head = f"{severity}: {escape(where)} [dim]{escape(f'({source})')}[/dim]"
        self.console.print(head, style=_COLOURS[finding.severity])
        self.console.print(f"  {escape(finding.reason.said_in(self.language))}")
        hint = finding.hint.said_in(self.language)
        if hint:
            self.console.print(f"  → {escape(hint)}")

    @contextmanager
    def progress(self) -> Iterator[Told]:
        """Show a bar per silo while tables are measured."""
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(
            *columns,
            console=self.errors,
            transient=True,
            disable=not self.errors.is_terminal,
        ) as bars:
            tasks = {}

            def told(name: str, done: int, total: int) -> None:
                if name not in tasks:
                    tasks[name] = bars.add_task(escape(name), total=total)
                bars.update(tasks[name], completed=done, total=total)

            yield told


_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
