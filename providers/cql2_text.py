"""Filters as text or JSON, parsed into the plain tree of CQL2 JSON.

The text form is parsed by `cql2`, of which nothing but the parser is used. It is
written in a language that cannot be caught when its stack ends, and it reads
numbers as doubles; so nesting, length and whole numbers are looked at before.

References
----------
OGC 21-065r2 (CQL2), clause 10 (text) and 11 (JSON).
"""

from __future__ import annotations

import json
import re

import cql2

from metadata.errors import QueryError
from metadata.finding import Text

LONGEST = 65_536
"""Characters of a filter in CQL2 text."""
LONGEST_JSON = 1024 * 1024
"""Characters of a filter in CQL2 JSON, which may hold a detailed geometry."""
DEEPEST = 100
"""Levels of nesting of a filter."""
MOST_OPERATORS = 500
"""Operators of a filter."""
LARGEST_EXACT = 2**53
"""The largest whole number up to which a double knows every one."""
_QUOTED = re.compile(r"""'(?:[^'\\]|\\.|'')*'|"[^"]*\"""")
_TOKEN = re.compile(r"[^\W\d]\w*|\d[\w.]*|\S")
_NUMBER = re.compile(r"(?<![\w.])(\d{16,})(?:\.0*)?(?![\w.])")
_POSITION = re.compile(
    r"(?<=[(,])\s*{0}(?:\s+{0}){{1,3}}\s*(?=[,)])".format(
        r"[+-]?\d+(?:\.\d*)?(?:e[+-]?\d+)?"
    )
)
"""A position of a geometry, whose signs are no operators."""
_EXACT_DIGITS = len(str(LARGEST_EXACT))
_PREFIX = frozenset({"not", "-", "+"})
_OPENING, _CLOSING = frozenset("([{"), frozenset(")]}")
_OPERATORS = frozenset({"and", "or", "div", "+", "-", "*", "/", "%", "^"})
_TEXT_EXAMPLE = Text(
    "Exemple : nom LIKE 'Saint%' AND population > 1000",
    "Example: name LIKE 'Saint%' AND population > 1000",
)
_JSON_EXAMPLE = Text(
    'Exemple : {"op": "=", "args": [{"property": "nom"}, "Bobigny"]}',
    'Example: {"op": "=", "args": [{"property": "name"}, "Bobigny"]}',
)
_EXACT_HINT = Text(
    "Écrivez ce filtre en cql2-json, ou utilisez le paramètre du nom de la propriété.",
    "Write this filter in cql2-json, or use the parameter named like the property.",
)


def refused(reason: Text, hint: Text | str = "") -> QueryError:
    """Return the error of a filter that cannot be understood or answered."""
    return QueryError(reason, parameter="filter", hint=hint)


def parse_text(text: str) -> object:
    """Parse CQL2 text.

    Raises
    ------
    metadata.errors.QueryError
        It is too long, too deep, or no CQL2; or it holds a whole number that
        the parser would round.
    """
    _require_moderate(text)
    bare = _QUOTED.sub("''", text)
    for number in _NUMBER.findall(bare):
        if _is_rounded(number):
            raise refused(
                Text(
                    f"Le nombre {number[:40]} dépasse 2^53 et serait arrondi.",
                    f"The number {number[:40]} is beyond 2^53 and would be rounded.",
                ),
                _EXACT_HINT,
            )
    try:
        tree: object = cql2.parse_text(text).to_json()
    except (cql2.ParseError, cql2.ValidationError, ValueError) as error:
        raise _unreadable("CQL2 text", _where(error), _TEXT_EXAMPLE) from error
    return tree


def _is_rounded(number: str) -> bool:
    """Tell whether the parser would round digits; Python reads no endless ones."""
    digits = number.lstrip("0")
    return len(digits) > _EXACT_DIGITS or int(digits or "0") > LARGEST_EXACT


def parse_json(text: str) -> object:
    """Parse CQL2 JSON; whole numbers stay exact.

    Raises
    ------
    metadata.errors.QueryError
        It is too long, too deep, or no JSON.
    """
    _require_short(text, LONGEST_JSON)
    try:
        tree: object = json.loads(text)
    except RecursionError as error:
        raise _too_deep() from error
    except ValueError as error:
        raise _unreadable("CQL2 JSON", str(error), _JSON_EXAMPLE) from error
    if _is_deep(tree):
        raise _too_deep()
    return tree


def _is_deep(tree: object) -> bool:
    """Tell whether a plain tree has more levels than a filter may have."""
    level = [tree]
    for _ in range(DEEPEST):
        level = [
            inner
            for node in level
            if isinstance(node, dict | list)
            for inner in (node.values() if isinstance(node, dict) else node)
        ]
        if not level:
            return False
    return True


def _where(error: Exception) -> str:
    """Return the first line of the parser's message that names a place."""
    lines = [line.strip(" |-=>") for line in str(error).splitlines()]
    return "; ".join(line for line in (lines[0], lines[-1]) if line)[:300]


def _unreadable(language: str, reason: str, example: Text) -> QueryError:
    return refused(
        Text(f"Le filtre n'est pas du {language} : {reason}",
             f"The filter is not {language}: {reason}"),
        example,
    )  # fmt: skip


def _require_short(text: str, most: int) -> None:
    if len(text) > most:
        raise refused(
            Text(f"Le filtre a {len(text)} caractères ; {most} au plus.",
                 f"The filter has {len(text)} characters; {most} at most."),
            Text(f"En CQL2 JSON, envoyé par POST, {LONGEST_JSON} sont admis.",
                 f"In CQL2 JSON, sent by POST, {LONGEST_JSON} are allowed."),
        )  # fmt: skip


def _too_deep() -> QueryError:
    return refused(
        Text(f"Le filtre est imbriqué sur plus de {DEEPEST} niveaux.",
             f"The filter is nested more than {DEEPEST} levels deep."),
        Text("« and » et « or » prennent plus de deux conditions.",
             "“and” and “or” take more than two conditions."),
    )  # fmt: skip


def _require_moderate(text: str) -> None:
    """Refuse what is longer, deeper or more composed than any person writes."""
    _require_short(text, LONGEST)
    if nesting(text) > DEEPEST:
        raise _too_deep()
    words = _TOKEN.findall(_POSITION.sub("0", text.lower()))
    if sum(word in _OPERATORS for word in words) > MOST_OPERATORS:
        raise too_composed()


def too_composed() -> QueryError:
    """Return the error of a filter with too many operators."""
    return refused(
        Text(f"Le filtre a plus de {MOST_OPERATORS} opérateurs.",
             f"The filter has more than {MOST_OPERATORS} operators."),
        Text("Utilisez IN pour une liste de valeurs.", "Use IN for a list of values."),
    )  # fmt: skip


def nesting(text: str) -> int:
    """Return how deep a parser may have to go, quotation marks not regarded.

    Brackets count, and so do signs and ``NOT`` that stand before one another.
    """
    deepest, depth, run = 0, 0, 0
    outer: list[int] = []
    for token in _TOKEN.findall(text.lower()):
        if token in _OPENING:
            outer.append(run + 1)
            depth += run + 1
            run = 0
        elif token in _CLOSING:
            depth -= outer.pop() if outer else 0
            run = 0
        else:
            run = run + 1 if token in _PREFIX else 0
        deepest = max(deepest, depth + run)
        if deepest > DEEPEST:
            break
    return deepest
