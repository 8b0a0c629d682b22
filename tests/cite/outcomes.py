"""What came of each test, and the table of all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import httpx

PASSED, FAILED, SKIPPED, KNOWN = "passed", "failed", "skipped", "known"
STATES = (PASSED, FAILED, SKIPPED, KNOWN)
KNOWN_FAILURES: frozenset[str] = frozenset()
"""What the service does not hold yet: told in the table, counted apart."""


class Skipped(Exception):
    """There is nothing that the test could be done on."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of one test on one resource."""

    group: str
    """The conformance class."""
    test: str
    """The abstract test, as the standard names it."""
    subject: str
    """What it was done on: a collection, a CRS."""
    state: str
    message: str = ""


class Report:
    """Collects outcomes, in the order of the tests."""

    def __init__(self) -> None:
        self.outcomes: list[Outcome] = []

    @contextmanager
    def test(self, group: str, test: str, subject: str = "") -> Iterator[None]:
        """Run one test: it fails by an assertion or by what HTTP or JSON says."""
        state, message = PASSED, ""
        try:
            yield
        except Skipped as skipped:
            state, message = SKIPPED, str(skipped)
        except (AssertionError, httpx.HTTPError, ValueError, LookupError) as error:
            state, message = FAILED, f"{type(error).__name__}: {error}"
            state = KNOWN if test in KNOWN_FAILURES else FAILED
        except (TypeError, AttributeError) as error:
            # an answer of another form than the standard's
            state, message = FAILED, f"{type(error).__name__}: {error}"
        self.outcomes.append(
            Outcome(
                group=group, test=test, subject=subject, state=state, message=message
            )
        )


def failures(outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Return what failed."""
    return [outcome for outcome in outcomes if outcome.state == FAILED]


def table(title: str, outcomes: Sequence[Outcome]) -> str:
    """Return how many passed, failed and were skipped, and why they failed."""
    counted = Counter((each.group, each.state) for each in outcomes)
    groups = list(dict.fromkeys(each.group for each in outcomes))
    width = max(len(name) for name in (*groups, title, "all"))
    lines = [f"{title:<{width}}  {'passed':>7}{'failed':>7}{'skipped':>8}{'known':>6}"]
    for group in groups:
        lines.append(_row(group, width, [counted[group, state] for state in STATES]))
    sums = Counter(each.state for each in outcomes)
    lines.append(_row("all", width, [sums[state] for state in STATES]))
    for each in outcomes:
        if each.state in {FAILED, KNOWN}:
            word = "FAILED" if each.state == FAILED else "KNOWN FAILURE"
            lines += ["", f"{word} {each.group} {each.test} {each.subject}"]
            lines.append(each.message)
    return "\n".join(lines)


def _row(name: str, width: int, numbers: Sequence[int]) -> str:
    passed, failed, skipped, known = numbers
    return f"{name:<{width}}  {passed:>7}{failed:>7}{skipped:>8}{known:>6}"


def as_json(outcomes: Sequence[Outcome]) -> list[dict[str, str]]:
    """Return outcomes for a file."""
    return [asdict(outcome) for outcome in outcomes]
