"""What a watch says: one line for each outcome, and for a trouble only once.

A trouble has a name; it is said when it begins and when it is another, and that it is
over when it is.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from metadata.errors import DescriptionError, PasserelleError
from metadata.finding import Finding, Language, Text, has_errors


class Teller:
    """Says things in one language, through a logger."""

    def __init__(self, language: Language, logger: logging.Logger) -> None:
        self._language, self._logger = language, logger
        self._troubles: dict[str, Text | str] = {}

    def say(self, text: Text) -> None:
        """Say an outcome."""
        self._logger.info("%s", self._line(text))

    def warn(self, text: Text) -> None:
        """Say an outcome that somebody must act on."""
        self._logger.warning("%s", self._line(text))

    def trouble(self, name: str, text: Text, *, kind: str = "") -> None:
        """Say what is wrong, unless that was said already.

        Parameters
        ----------
        kind
            What it is, where the words vary: a server that stops says it in
            several ways, and is away once.
        """
        known = kind or text
        if self._troubles.get(name) != known:
            self._troubles[name] = known
            self.warn(text)

    def over(self, name: str, text: Text | None = None) -> None:
        """Say that a trouble is over, if there was one."""
        if self._troubles.pop(name, None) is not None and text is not None:
            self.say(text)

    def findings(self, scope: str, findings: Iterable[Finding]) -> None:
        """Say each error once, for as long as it lasts.

        Parameters
        ----------
        scope
            Who found them: what it finds no more is over.
        """
        start = f"finding/{scope}/"
        errors = {
            f"{start}{f.code}/{f.subject}/{f.element}": f
            for f in findings
            if has_errors([f])
        }
        for name in [n for n in self._troubles if n.startswith(start)]:
            if name not in errors:
                del self._troubles[name]
        for name, finding in errors.items():
            self.trouble(name, told_finding(finding))

    def _line(self, text: Text) -> str:
        """Return one line, whatever was quoted in it."""
        return " ".join(text.said_in(self._language).split())


def told_finding(finding: Finding) -> Text:
    """Return a finding as one line: what, why, and the remedy."""
    where = " · ".join(filter(None, (finding.subject, finding.element)))
    reason, hint = finding.reason, finding.hint
    return Text(
        f"{where} : {reason.fr}" + (f" → {hint.fr}" if hint.fr else ""),
        f"{where}: {reason.en}" + (f" → {hint.en}" if hint.en else ""),
    )


def told_error(error: PasserelleError) -> Text:
    """Return an error and its remedy as one line."""
    if isinstance(error, DescriptionError):
        told = [told_finding(finding) for finding in error.findings]
        return Text("; ".join(t.fr for t in told), "; ".join(t.en for t in told))
    text, remedy = error.text, error.remedy
    return Text(
        text.fr + (f" → {remedy.fr}" if remedy.fr else ""),
        text.en + (f" → {remedy.en}" if remedy.en else ""),
    )
