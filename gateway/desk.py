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
from rich.text import Text as Markup

from gateway.assembly import Progress as Told
from gateway.paragraphs import lines_of
from metadata.errors import PasserelleError
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


def _more(count: int, command: str) -> Text:
    return Text(
        f"… et {count} de plus de cette sorte ({command} les donne tous)",
        f"… and {count} more like it ({command} has them all)",
    )


class UnknownDataset(PasserelleError):
    """There is no description of that name."""


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
        _print(self.console, Markup(text.said_in(self.language), style=style))

    def complain(self, message: Text, hint: Text) -> None:
        """Print an error and its remedy."""
        said = Markup(message.said_in(self.language), style="bold red")
        _print(self.errors, said)
        remedy = hint.said_in(self.language)
        if remedy:
            _print(self.errors, Markup(f"→ {remedy}"), indent=2)

    def show(
        self,
        findings: Iterable[Finding],
        everywhere: str = "passerelle check --format json",
    ) -> None:
        """Print findings, the worst first; of many alike, the first few.

        Parameters
        ----------
        everywhere
            The command that gives them all.
        """
        rows = sorted(findings, key=lambda f: (_ORDER[f.severity], f.code, f.subject))
        for _, group in groupby(rows, lambda f: (f.severity, f.code)):
            alike = list(group)
            for finding in alike[:SHOWN]:
                self._show_one(finding)
            if len(alike) > SHOWN:
                style = _COLOURS[alike[0].severity]
                self.say(_more(len(alike) - SHOWN, everywhere), style=style)

    def _show_one(self, finding: Finding) -> None:
        """Print one finding: what and where, why, and the remedy."""
        severity = _SEVERITIES[finding.severity].said_in(self.language)
        colon = Text(" : ", ": ").said_in(self.language)
        where = " · ".join(filter(None, (finding.subject, _short(finding.element))))
        clause = finding.reference.partition(": http")[0]
        source = ", ".join(filter(None, (finding.code, clause)))
        head = f"{escape(where)} [dim]{escape(f'({source})')}[/dim]"
        style = _COLOURS[finding.severity]
        self._hang(f"{severity}{colon}", head, indent=2, style=style)
        self._hang("  ", escape(finding.reason.said_in(self.language)), indent=2)
        hint = finding.hint.said_in(self.language)
        if hint:
            self._hang("  → ", escape(hint), indent=4)

    def _hang(self, first: str, text: str, *, indent: int, style: str = "") -> None:
        """Print a paragraph whose first line begins with a mark, the others below."""
        said = Markup.from_markup(f"{first}{text}", style=style)
        _print(self.console, said, indent=indent)

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


def _print(console: Console, said: Markup, indent: int = 0) -> None:
    """Print a paragraph; lines after the first are indented."""
    for line in lines_of(console, said, indent):
        console.print(line, soft_wrap=True)


def _short(element: str) -> str:
    """Return a field as it is, and of a path through a record the last step only."""
    return element.rpartition("/")[2]


_ORDER = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
