"""How much one request may ask for, so that none holds up the others."""

from __future__ import annotations

from typing import Final

from service.csw.problems import invalid

BODY: Final = 256 * 1024
"""Bytes of a request that is posted."""
RECORDS: Final = 500
"""Records of one page; a client that asks for more gets so many."""
DEFAULT_RECORDS: Final = 10
DEPTH: Final = 24
"""Operators of a filter within each other."""
NODES: Final = 256
"""Operators of a filter."""
TEXT_SEARCHES: Final = 8
"""Searches of all text in one filter: each looks at every record."""
LITERAL: Final = 1000
"""Characters of a literal."""
NUMBERS: Final = 2000
"""Numbers of a geometry."""
IDENTIFIERS: Final = 500
"""Records asked for by identifier at once."""
SORT_KEYS: Final = 8


class Budget:
    """Counts what a filter asks for while it is read."""

    def __init__(self) -> None:
        self._nodes = 0
        self._searches = 0

    def node(self, depth: int) -> None:
        """Count one operator at a depth.

        Raises
        ------
        service.csw.problems.CswProblem
            Too many of them, or too deep.
        """
        self._nodes += 1
        if depth > DEPTH:
            raise invalid("Constraint", "csw.filter-deep", limit=DEPTH)
        if self._nodes > NODES:
            raise invalid("Constraint", "csw.filter-large", limit=NODES)

    def text_search(self) -> None:
        """Count one search of all text.

        Raises
        ------
        service.csw.problems.CswProblem
            Too many of them.
        """
        self._searches += 1
        if self._searches > TEXT_SEARCHES:
            raise invalid("Constraint", "csw.filter-searches", limit=TEXT_SEARCHES)

    @staticmethod
    def literal(text: str) -> str:
        """Return a literal that is not too long.

        Raises
        ------
        service.csw.problems.CswProblem
            It is.
        """
        if len(text) > LITERAL:
            raise invalid("Literal", "csw.literal-long", limit=LITERAL)
        return text
