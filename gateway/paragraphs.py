"""Where a line is broken: between words, and never where French forbids it.

A colon, a semicolon and a closing guillemet stay with the word before them, an opening
guillemet with the one after. What is printed holds ordinary spaces, so that commands
are copied and logs searched as they are typed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from rich.console import Console
from rich.text import Text as Markup

_BOUND = re.compile("(?<=«) | (?=[»:;!?](?: |$|[.,)…]))", re.MULTILINE)
_GLUE = "\ue000"
"""Stands for a space that holds, while lines are broken; it is as wide as one."""


def lines_of(console: Console, said: Markup, indent: int = 0) -> Iterator[Markup]:
    """Yield a paragraph line by line; all but the first are indented.

    What no person sees on a screen (a file, a pipe, a journal) is not broken, unless
    ``COLUMNS`` says how wide it is.
    """
    if not console.is_terminal and "COLUMNS" not in os.environ:
        yield said
        return
    whole = said.copy()
    whole.plain = _BOUND.sub(_GLUE, said.plain)
    begin, *rest = whole.wrap(console, console.width) or [whole]
    yield _loosened(begin)
    if indent and rest:
        rest = _narrower(console, rest, indent)
    for line in rest:
        yield Markup(" " * indent) + _loosened(line)


def _narrower(console: Console, lines: list[Markup], indent: int) -> list[Markup]:
    """Return lines broken again, so that each has room for its indentation."""
    for line in lines:
        line.rstrip()
    joined = Markup(" ").join(lines)
    return list(joined.wrap(console, console.width - indent))


def _loosened(line: Markup) -> Markup:
    line.plain = line.plain.replace(_GLUE, " ")
    return line
