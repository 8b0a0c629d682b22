"""Lines are broken where French allows it, and only where a person reads them."""

from __future__ import annotations

import io

import pytest
from rich.console import Console
from rich.text import Text as Markup

from gateway.paragraphs import lines_of

SENTENCE = "Donnez « themes: [au] » sous « organisation » : voilà ; est-ce tout ?"


def lines(
    text: str, width: int, indent: int = 0, *, terminal: bool = True
) -> list[str]:
    console = Console(file=io.StringIO(), width=width, force_terminal=terminal)
    return [line.plain for line in lines_of(console, Markup(text), indent)]


@pytest.mark.parametrize("indent", [0, 4])
@pytest.mark.parametrize("width", range(24, 60))
def test_no_line_begins_or_ends_with_a_mark_that_belongs_to_the_other(
    width: int, indent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)

    found = lines(SENTENCE, width, indent)

    assert max(map(len, (line.rstrip() for line in found))) <= width
    assert " ".join(" ".join(found).split()) == SENTENCE
    for line in found:
        assert line.lstrip()[0] not in "»:;?"
        assert line.rstrip()[-1] != "«"
    assert all(line.startswith(" " * indent) for line in found[1:])


def test_what_goes_into_a_file_is_not_broken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)

    assert lines(SENTENCE, 30, terminal=False) == [SENTENCE]


def test_a_file_is_as_wide_as_columns_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "30")

    assert len(lines(SENTENCE, 30, terminal=False)) > 1


def test_colours_stay_on_their_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    console = Console(file=io.StringIO(), width=20, force_terminal=True)
    said = Markup.from_markup("sous « organisation » [dim](dans le fichier)[/dim]")

    *_, last = lines_of(console, said)

    [span] = last.spans
    assert last.plain[span.start : span.end].endswith("fichier)")
