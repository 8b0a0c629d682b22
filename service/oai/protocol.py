"""The requests: six verbs with their arguments, each given once (clause 3.1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from service.oai.problems import Code, OaiProblem

_SHOWN: Final = 60
"""Characters of a wrong value in a message."""


class Verb(StrEnum):
    """What is asked for."""

    IDENTIFY = "Identify"
    LIST_METADATA_FORMATS = "ListMetadataFormats"
    LIST_SETS = "ListSets"
    LIST_IDENTIFIERS = "ListIdentifiers"
    LIST_RECORDS = "ListRecords"
    GET_RECORD = "GetRecord"


@dataclass(frozen=True)
class _Arguments:
    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    exclusive: frozenset[str] = frozenset()


_SELECTION: Final = _Arguments(
    required=frozenset({"metadataPrefix"}),
    optional=frozenset({"from", "until", "set"}),
    exclusive=frozenset({"resumptionToken"}),
)
_ARGUMENTS: Final[Mapping[Verb, _Arguments]] = MappingProxyType(
    {
        Verb.IDENTIFY: _Arguments(),
        Verb.LIST_METADATA_FORMATS: _Arguments(optional=frozenset({"identifier"})),
        Verb.LIST_SETS: _Arguments(exclusive=frozenset({"resumptionToken"})),
        Verb.LIST_IDENTIFIERS: _SELECTION,
        Verb.LIST_RECORDS: _SELECTION,
        Verb.GET_RECORD: _Arguments(
            required=frozenset({"identifier", "metadataPrefix"})
        ),
    }
)


@dataclass(frozen=True)
class OaiRequest:
    """One request whose arguments fit its verb."""

    verb: Verb
    arguments: Mapping[str, str]
    """Without the verb."""


def read_request(pairs: Sequence[tuple[str, str]]) -> OaiRequest:
    """Read the arguments of a request, in the order sent.

    Raises
    ------
    OaiProblem
        badVerb: none, an unknown one, or several. badArgument: an unknown argument,
        one that comes twice or is missing, or another beside a resumption token.
    """
    verb = _verb([value for name, value in pairs if name == "verb"])
    given = [(name, value) for name, value in pairs if name != "verb"]
    arguments = dict(given)
    if len(arguments) < len(given):
        raise _bad("an argument is given more than once")
    _check(verb, arguments)
    return OaiRequest(verb, MappingProxyType(arguments))


def _verb(values: Sequence[str]) -> Verb:
    if len(values) != 1:
        message = "exactly one verb is wanted"
        raise OaiProblem(Code.BAD_VERB, message)
    try:
        return Verb(values[0])
    except ValueError as error:
        message = f"there is no verb “{values[0][:_SHOWN]}”"
        raise OaiProblem(Code.BAD_VERB, message) from error


def _check(verb: Verb, arguments: Mapping[str, str]) -> None:
    """Refuse arguments that do not fit a verb."""
    known, given = _ARGUMENTS[verb], arguments.keys()
    unknown = given - known.required - known.optional - known.exclusive
    if unknown:
        raise _bad(f"{verb} has no argument “{min(unknown)[:_SHOWN]}”")
    if given & known.exclusive:
        if len(given) > 1:
            raise _bad("resumptionToken stands alone")
        return
    missing = known.required - given
    if missing:
        raise _bad(f"{verb} needs {', '.join(sorted(missing))}")


def _bad(reason: str) -> OaiProblem:
    return OaiProblem(Code.BAD_ARGUMENT, reason)
