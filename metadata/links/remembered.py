"""What earlier checks found at a link, said again without asking anybody."""

from __future__ import annotations

from typing import Final

from metadata.finding import Finding
from metadata.links.findings import link_findings
from metadata.links.history import Judged, LinkHistory
from metadata.links.judging import Verdict
from metadata.links.link import Link
from metadata.links.observation import Observation, Outcome

_NOT_KEPT: Final = "…"
"""In the place of a media type, which is not remembered."""


def remembered_findings(link: Link, history: LinkHistory) -> tuple[Finding, ...]:
    """Return what was wrong with a link when it was last looked at; may be empty."""
    seen = Observation(
        outcome=Outcome.ANSWERED,
        final=link.url,
        status=history.status,
        moved=history.moved,
        media_type=_NOT_KEPT,
    )
    verdict = Verdict(history.code, history.case)
    judged = Judged(link=link, found=seen, verdict=verdict, history=history)
    return tuple(link_findings([judged]))
