"""The command `survey`: measures silos and drafts what is new."""

from __future__ import annotations

from collections.abc import Iterable

from gateway.assembly import keep
from gateway.desk import Desk
from gateway.drafting import draft_new_tables
from metadata.description import read_descriptions
from metadata.finding import Text, has_errors
from providers.survey import Surveyed, survey_silo


def survey_silos(desk: Desk, names: Iterable[str]) -> int:
    """Measure the silos named, draft their new tables; return the exit code."""
    parts = [_measure(desk, name) for name in names]
    findings = [finding for part in parts for finding in part.findings]
    desk.show(findings)
    drafted = draft_new_tables(
        desk.configuration,
        read_descriptions(desk.configuration.datasets),
        [survey for part in parts for survey in part.surveys],
        desk.language,
    )
    for new in drafted:
        desk.say(Text(f"Brouillon : {new.path}", f"Draft: {new.path}"))
    count = len(drafted)
    desk.say(
        Text(
            f"{count} brouillons nouveaux. Ensuite : passerelle check, puis approve.",
            f"{count} new drafts. Next: passerelle check, then approve.",
        )
    )
    return 1 if has_errors(findings) else 0


def _measure(desk: Desk, name: str) -> Surveyed:
    """Measure one silo behind a progress bar, and keep what was measured."""
    silo = desk.configuration.silos[name]
    with desk.progress() as told:
        surveyed = survey_silo(
            silo, now=desk.now, progress=lambda done, total: told(name, done, total)
        )
    keep(desk.store, surveyed.surveys)
    count = len(surveyed.surveys)
    desk.say(Text(f"{name} : {count} tables mesurées.", f"{name}: {count} measured."))
    return surveyed
