"""Carries out a plan at one outlet: intent, send, look, settle.

The ledger has the intent before anything is sent. What an outlet answers is
never the last word: after each transaction we look, and a change is done when
what is there is what was meant. What is left of a batch that was refused or
that broke off is sent again one by one, so that one bad record does not stop
the others; after an unclear outcome it is never sent without looking first.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from gateway.outlets.http import LoginRefused, OutcomeUnclear
from gateway.outlets.outlet import (
    Action,
    Change,
    OrderPending,
    Outcome,
    Outlet,
    Receipt,
    RemoteRecord,
)
from gateway.outlets.pacing import Halt
from gateway.publication.comparison import first_difference
from gateway.publication.ledger import Ledger
from gateway.publication.plan import Plan
from metadata.errors import OutletError, OutletRefused
from metadata.finding import Text
from providers.store_model import Operation

logger = logging.getLogger(__name__)

UNCLEAR_IN_A_ROW = 3
"""After so many orders without a clear outcome, the outlet counts as lost."""
_DONE = Text("relue et conforme", "read back, as meant")
_GONE = Text("n'y est plus, comme voulu", "not there any more, as meant")
_ABSENT = Text(
    "envoyée sans erreur, mais absente à la relecture",
    "sent without an error, but not there when read back",
)
_STILL_THERE = Text(
    "suppression envoyée sans erreur, mais la fiche est toujours là",
    "delete sent without an error, but the record is still there",
)


class Delivery:
    """One plan on its way to one outlet."""

    def __init__(
        self, outlet: Outlet, ledger: Ledger, halt: Halt | None = None
    ) -> None:
        self._outlet = outlet
        self._ledger = ledger
        self._halt = halt or Halt()
        self._unclear = 0
        self.in_doubt: frozenset[str] = frozenset()
        """Records of an order that was sent and not looked at since."""

    def carry_out(self, plan: Plan) -> Iterator[Receipt]:
        """Send every change of a plan, in batches of one kind.

        Raises
        ------
        metadata.errors.OutletError
            The outlet is lost or refuses us altogether; what was not settled by
            then stays in the ledger as an intent, or was never sent.
        """
        for action in (Action.CREATE, Action.UPDATE, Action.DELETE):
            rest = iter(plan.of(action))
            while batch := tuple(islice(rest, self._outlet.batch)):
                yield from self._send(Operation(action.value), batch)

    def _send(self, operation: Operation, batch: Sequence[Change]) -> Iterator[Receipt]:
        """Send one batch, and what is left of it again."""
        problem, there = self._try(operation, batch)
        settled = [c for c in batch if _is_as_meant(c, there)]
        left = [c for c in batch if not _is_as_meant(c, there)]
        self._ledger.done(settled)
        for change in settled:
            logger.info("%s: %s %s", self._outlet.name, operation, change.identifier)
            yield _done(change)
        hopeful = len(batch) > 1 or isinstance(problem, OutcomeUnclear)
        for change in left:
            if isinstance(problem, OrderPending):
                yield self._pending(change, problem)
            elif hopeful and not _is_there_otherwise(change, there):
                yield self._send_once_more(operation, change)
            else:
                yield self._fail(change, there, problem)

    def _send_once_more(self, operation: Operation, change: Change) -> Receipt:
        """Send one change that was looked for in vain, alone."""
        problem, there = self._try(operation, [change])
        if not _is_as_meant(change, there):
            if isinstance(problem, OrderPending):
                return self._pending(change, problem)
            return self._fail(change, there, problem)
        self._ledger.done([change])
        return _done(change)

    def _try(
        self, operation: Operation, batch: Sequence[Change]
    ) -> tuple[OutletError | None, Mapping[str, RemoteRecord]]:
        """Send a batch once; return what it complained of and what is there now.

        Raises
        ------
        metadata.errors.OutletError
            The login is refused, it cannot be looked at, nothing has come of the
            last few orders, or somebody stopped it all.
        """
        self._halt.check()
        self._ledger.intend(operation, batch)
        problem: OutletError | None = None
        self.in_doubt = frozenset(change.identifier for change in batch)
        try:
            self._outlet.apply(operation, batch)
        except LoginRefused:
            self.in_doubt = frozenset()
            raise
        except (OutletRefused, OutcomeUnclear, OrderPending) as error:
            problem = error
        self._unclear = self._unclear + 1 if isinstance(problem, OutcomeUnclear) else 0
        there = self._outlet.look([change.identifier for change in batch])
        self.in_doubt = frozenset()
        if problem is not None and self._unclear >= UNCLEAR_IN_A_ROW:
            raise problem
        return problem, there

    def _pending(self, change: Change, problem: OrderPending) -> Receipt:
        """Say that a change is under way; the ledger goes on holding its intent."""
        logger.info("%s: %s: %s", self._outlet.name, change.identifier, problem.text.en)
        return Receipt(change=change, outcome=Outcome.PENDING, message=problem.text)

    def _fail(
        self,
        change: Change,
        there: Mapping[str, RemoteRecord],
        problem: OutletError | None,
    ) -> Receipt:
        """Write down that a change did not take effect, and why."""
        found = there.get(change.identifier)
        if problem is None or _is_there_otherwise(change, there):
            message = _difference(change, found)
        else:
            message = problem.text
        self._ledger.failed(change, found, message)
        logger.warning("%s: %s: %s", self._outlet.name, change.identifier, message.en)
        return Receipt(change=change, outcome=Outcome.FAILED, message=message)


def _done(change: Change) -> Receipt:
    """Return the receipt of a change that was looked for and found as meant."""
    message = _GONE if change.record is None else _DONE
    return Receipt(change=change, outcome=Outcome.DONE, message=message)


def _is_as_meant(change: Change, there: Mapping[str, RemoteRecord]) -> bool:
    """Tell whether what is there is what a change is for."""
    found = there.get(change.identifier)
    if change.record is None or found is None:
        return change.record is None and found is None
    return found.fingerprint == change.record.fingerprint


def _is_there_otherwise(change: Change, there: Mapping[str, RemoteRecord]) -> bool:
    """Tell whether a new record arrived, but as something other than was meant.

    To insert it again would be refused, and for a reason that explains nothing.
    """
    if change.action is not Action.CREATE or change.identifier not in there:
        return False
    return not _is_as_meant(change, there)


def _difference(change: Change, found: RemoteRecord | None) -> Text:
    """Say how what was read back differs from what was meant."""
    if found is None:
        return _ABSENT
    if change.record is None:
        return _STILL_THERE
    where = first_difference(change.record.content, found.content)
    return Text(
        f"relue autre qu'envoyée : {where}", f"read back other than sent: {where}"
    )
