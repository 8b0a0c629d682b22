"""What a publish came to, per outlet and per record, and its exit code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from gateway.outlets.outlet import Outcome, Receipt
from gateway.publication.plan import Plan
from metadata.errors import OutletUnreachable, PasserelleError
from metadata.finding import Finding, Text, has_errors
from providers.store_model import SnapshotChange


class ExitCode(IntEnum):
    """What the command line says to scripts; the greatest of several counts."""

    AS_MEANT = 0
    REFUSED = 1
    UNREACHABLE = 2


_WRONG = frozenset(
    {
        Outcome.REFUSED,
        Outcome.FAILED,
        Outcome.NOT_SENT,
        Outcome.PENDING,
        Outcome.UNKNOWN,
    }
)


@dataclass(frozen=True, kw_only=True)
class OutletResult:
    """What became of one outlet's plan."""

    outlet: str
    plan: Plan | None = None
    """`None`: the outlet could not be looked at."""
    receipts: tuple[Receipt, ...] = ()
    """One per change of the plan."""
    refusal: Text | None = None
    """Why the whole plan was refused, by the guard."""
    problem: PasserelleError | None = None
    """What stopped it: unreachable, refusing us altogether, or a failure of ours."""
    findings: tuple[Finding, ...] = ()
    """What it would not take as it is meant; those datasets are left as they are."""

    @property
    def counts(self) -> Mapping[Outcome, int]:
        """How many changes came to which outcome, zeros included."""
        counted = Counter(receipt.outcome for receipt in self.receipts)
        return {outcome: counted[outcome] for outcome in Outcome}

    @property
    def exit_code(self) -> ExitCode:
        """What this outlet alone would exit with."""
        if isinstance(self.problem, OutletUnreachable):
            return ExitCode.UNREACHABLE
        wrong = any(receipt.outcome in _WRONG for receipt in self.receipts)
        stopped = self.problem is not None or self.refusal is not None
        if wrong or stopped or has_errors(self.findings):
            return ExitCode.REFUSED
        return ExitCode.AS_MEANT


@dataclass(frozen=True, kw_only=True)
class SnapshotResult:
    """What became of our own catalogue: the records that others harvest from us."""

    change: SnapshotChange
    records: int
    """Records in it afterwards."""
    refusal: Text | None = None
    """Why it was left as it is, by the guard."""


@dataclass(frozen=True, kw_only=True)
class PublishResult:
    """What a publish came to."""

    outlets: tuple[OutletResult, ...]
    snapshot: SnapshotResult | None = None
    """`None`: left alone, since single outlets were named."""
    dry_run: bool = False
    interrupted: bool = False
    """Whether somebody stopped it; what was under way came to its end."""

    @property
    def exit_code(self) -> ExitCode:
        """0 everything as meant, 1 something refused, 2 an outlet unreachable."""
        codes = [outlet.exit_code for outlet in self.outlets]
        if self.snapshot is not None and self.snapshot.refusal is not None:
            codes.append(ExitCode.REFUSED)
        return max(codes, default=ExitCode.AS_MEANT)
