"""What is remembered of a link from one check to the next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from metadata.checks.rules import rule_set
from metadata.links.judging import GOOD, Verdict, judge
from metadata.links.link import WATCHING_RULES, Link
from metadata.links.observation import Observation


@dataclass(frozen=True, kw_only=True)
class LinkHistory:
    """One address over time."""

    url: str
    checked_at: datetime
    """When something was last learnt of it."""
    code: str
    """`GOOD`, or the rule that it last broke."""
    case: str
    status: int
    """HTTP; 0 without an answer."""
    failures: int = 0
    """Checks in a row that it did not pass, redirects apart."""
    broken_since: datetime | None = None
    """When the first of them was; `None` where it passed the last one."""
    good_at: datetime | None = None
    """When it last passed; `None`: never yet."""
    moved: str = ""
    """Where it has moved to for good; empty: nowhere."""


@dataclass(frozen=True, kw_only=True)
class Judged:
    """One link, what was found and what it means, what is remembered of it."""

    link: Link
    found: Observation
    verdict: Verdict
    history: LinkHistory | None
    """`None`: nothing is known of it yet."""


def after(
    before: LinkHistory | None, link: Link, found: Observation, *, now: datetime
) -> LinkHistory | None:
    """Return the history of a link with one more observation in it.

    Where nothing was learnt (no time, a private network), it stays as it was.
    """
    verdict = judge(link, found)
    if not verdict.is_known:
        return before
    passed = verdict.code in {GOOD, "link.length"}
    failing_before = before if before and before.failures else None
    since = failing_before.broken_since if failing_before else now
    return LinkHistory(
        url=link.url,
        checked_at=now,
        code=verdict.code,
        case=verdict.case,
        status=found.status,
        failures=0 if passed else (before.failures if before else 0) + 1,
        broken_since=None if passed else since,
        good_at=now if passed else before.good_at if before else None,
        moved=found.moved if passed else "",
    )


def is_broken(history: LinkHistory) -> bool:
    """Tell whether a link is to be called broken: for certain, or for long.

    Several checks within a few minutes see one and the same trouble, so they must
    also lie apart.
    """
    if history.code != "link.failing":
        return history.code not in {GOOD, "link.length", "link.refused"}
    limits = rule_set(WATCHING_RULES).limits
    lasting = history.checked_at - (history.broken_since or history.checked_at)
    apart = timedelta(hours=limits["failing_hours"])
    return history.failures >= limits["failures"] and lasting >= apart
