"""A plan is a pure comparison of what is wanted, what was sent and what is there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.outlets.outlet import Action, RemoteRecord
from gateway.publication.plan import Sent, guard, plan
from metadata.record import Record, RecordKind, fingerprint
from providers.store_model import Entry, EntryState, Operation

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def content(words: str) -> bytes:
    return f"<a>{words}</a>".encode()


def record(name: str, words: str) -> Record:
    return Record(
        identifier=name,
        dataset_id=name,
        kind=RecordKind.DATASET,
        content=content(words),
    )


def entry(name: str, *, sent: str = "", published: str = "") -> Entry:
    """A line of the ledger: what was last sent, and what was last read there."""
    return Entry(
        outlet="geo",
        record_identifier=name,
        dataset_id=name,
        kind=RecordKind.DATASET,
        operation=Operation.UPDATE,
        state=EntryState.DONE,
        fingerprint=fingerprint(content(sent)) if sent else "",
        published_fingerprint=fingerprint(content(published)) if published else "",
        intended_at=NOW,
    )


def remote(there: Mapping[str, str]) -> dict[str, RemoteRecord]:
    return {
        name: RemoteRecord(identifier=name, content=content(words))
        for name, words in there.items()
    }


NO_LINE: dict[str, str] = {}
WAS_SENT = {"sent": "old", "published": "old"}
CASES = {
    # wanted, ledger, there, action, action with --overwrite
    "new": ("new", NO_LINE, None, "create", "create"),
    "vanished": ("old", WAS_SENT, None, "create", "create"),
    "same": ("old", WAS_SENT, "old", "keep", "keep"),
    "same, and never sent by us": ("old", NO_LINE, "old", "keep", "keep"),
    "changed with us": ("new", WAS_SENT, "old", "update", "update"),
    "sent by a run that gave up": (
        "new",
        {"sent": "late", "published": "old"},
        "late",
        "update",
        "update",
    ),
    "not sent by a run that gave up": (
        "new",
        {"sent": "late", "published": "old"},
        "old",
        "update",
        "update",
    ),
    "edited over there": ("old", WAS_SENT, "edited", "conflict", "update"),
    "edited on both sides": ("new", WAS_SENT, "edited", "conflict", "update"),
    "of somebody else": ("new", NO_LINE, "theirs", "conflict", "update"),
    "unwanted": (None, WAS_SENT, "old", "delete", "delete"),
    "unwanted and edited": (None, WAS_SENT, "edited", "conflict", "delete"),
    "unwanted and gone": (None, WAS_SENT, None, None, None),
    "nobody's business": (None, NO_LINE, "theirs", None, None),
    "deleted once, and of somebody else now": (
        None,
        {"sent": "", "published": ""},
        "theirs",
        None,
        None,
    ),
}


@pytest.mark.parametrize("overwrite", [False, True], ids=["asking", "overwrite"])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_decides_each_case(case, overwrite: bool) -> None:
    wanted, line, there, *actions = case
    is_line = line is not NO_LINE
    made = plan(
        [record("r", wanted)] if wanted else [],
        Sent(
            {"r": entry("r", **line)} if is_line else {},
            remote({"r": there} if there else {}),
        ),
        outlet="geo",
        conflicts="overwrite" if overwrite else "report",
    )
    expected = actions[overwrite]
    assert [str(change.action) for change in made.changes] == (
        [expected] if expected else []
    )
    for change in made.changes:
        assert change.reason.fr
        assert change.reason.en


def test_forgets_what_is_unwanted_and_gone() -> None:
    sent = Sent({"r": entry("r", **WAS_SENT)}, {})
    assert plan([], sent, outlet="geo").vanished == ("r",)


def test_leaves_held_datasets_as_they_are() -> None:
    sent = Sent({"r": entry("r", **WAS_SENT)}, remote({"r": "old"}))
    made = plan([], sent, outlet="geo", held=["r"])
    assert [c.action for c in made.changes] == [Action.KEEP]


def test_puts_what_is_sent_first() -> None:
    sent = Sent(
        {name: entry(name, **WAS_SENT) for name in "bcd"},
        remote({"b": "old", "c": "old", "d": "edited"}),
    )
    wanted = [record("b", "old"), record("a", "new"), record("d", "new")]
    made = plan(wanted, sent, outlet="geo")
    assert [str(c.action) for c in made.changes] == [
        "create",
        "delete",
        "conflict",
        "keep",
    ]
    assert made.counts[Action.UPDATE] == 0
    assert made.published == 3


@pytest.mark.parametrize(
    ("deletes", "published", "allowed", "refused"),
    [
        (5, 5, None, False),
        (6, 6, None, True),
        (6, 59, None, True),
        (6, 60, None, False),
        (36, 366, None, False),
        (37, 366, None, True),
        (37, 366, 36, True),
        (37, 366, 37, False),
        (5, 5, 0, False),
        (0, 0, None, False),
    ],
)
def test_guard_refuses_more_than_five_and_than_a_tenth(
    deletes: int, published: int, allowed: int | None, refused: bool
) -> None:
    text = guard(deletes, published, allowed)
    assert (text is not None) == refused
    if text is not None:
        assert f"--allow-deletes {deletes}" in text.fr
        assert f"--allow-deletes {deletes}" in text.en


names = st.sampled_from("abcdef")
words = st.sampled_from(["one", "two", "three"])
contents = st.dictionaries(names, words)
lines = st.dictionaries(
    names, st.fixed_dictionaries({"sent": words, "published": words})
)


@given(contents, lines, contents, st.booleans())
@settings(deadline=None, max_examples=300)
def test_a_plan_that_was_carried_out_leaves_nothing_to_do(
    wanted: dict[str, str],
    ledger: dict[str, dict[str, str]],
    there: dict[str, str],
    overwrite: bool,
) -> None:
    records = [record(name, text) for name, text in wanted.items()]
    sent = Sent({n: entry(n, **line) for n, line in ledger.items()}, remote(there))
    rule = "overwrite" if overwrite else "report"
    made = plan(records, sent, outlet="geo", conflicts=rule)

    untouched = there.keys() - wanted.keys() - ledger.keys()
    assert not untouched & {change.identifier for change in made.changes}
    assert {c.identifier for c in made.changes if c.record} == wanted.keys()
    assert not overwrite or not made.of(Action.CONFLICT)

    after = dict(there)
    lines_after = dict(sent.entries)
    for change in made.changes:
        if change.action is Action.DELETE:
            del after[change.identifier]
            lines_after[change.identifier] = entry(change.identifier)
        elif change.action in {Action.CREATE, Action.UPDATE}:
            text = wanted[change.identifier]
            after[change.identifier] = text
            lines_after[change.identifier] = entry(
                change.identifier, sent=text, published=text
            )
    second = plan(records, Sent(lines_after, remote(after)), outlet="geo")
    assert {c.action for c in second.changes} <= {Action.KEEP, Action.CONFLICT}
    assert len(second.of(Action.CONFLICT)) == len(made.of(Action.CONFLICT))
