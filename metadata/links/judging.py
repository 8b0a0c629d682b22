"""Compares what was found at an address with what should be there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from urllib.parse import unquote

from metadata.checks.rules import rule_set
from metadata.links.link import WATCHING_RULES, Link, split
from metadata.links.observation import Observation, Outcome

GOOD: Final = "good"
_GONE: Final = frozenset({404, 410})
_REFUSED: Final = frozenset({401, 402, 403, 405, 406, 407, 451})
_WAIT: Final = 429
_FAILURES: Final = MappingProxyType(
    {
        Outcome.NO_NAME: "name",
        Outcome.NO_CONNECTION: "connection",
        Outcome.TIMEOUT: "timeout",
        Outcome.BROKEN_OFF: "answer",
        Outcome.REDIRECTS: "redirects",
    }
)
"""What may pass, and its name among the reasons."""
_WORDS: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


@dataclass(frozen=True)
class Verdict:
    """What an observation means for a link."""

    code: str
    """`GOOD`, or the code of the rule that it breaks; ``link.failing`` may pass."""
    case: str = ""
    """Which of the rule's reasons it is."""

    @property
    def may_pass(self) -> bool:
        """Whether it is a failure only if it stays."""
        return self.code == "link.failing"

    @property
    def is_known(self) -> bool:
        """Whether something was learnt of the link at all."""
        return self.code not in {"link.unchecked", "link.inside"}


def judge(link: Link, found: Observation) -> Verdict:
    """Return what was found, the gravest only.

    Where several trouble a link at once, the one that hides the others is told:
    a page that asks for a password has no media type worth comparing.
    """
    if found.outcome is Outcome.ANSWERED:
        return _of_answer(link, found)
    if found.outcome in _FAILURES:
        return Verdict("link.failing", _FAILURES[found.outcome])
    if found.outcome is Outcome.CERTIFICATE:
        return Verdict("link.certificate", found.detail)
    if found.outcome is Outcome.TLS:
        return Verdict("link.certificate", "tls")
    if found.outcome is Outcome.PRIVATE:
        return _of_private(found)
    cases = {Outcome.NOT_WEB: "scheme", Outcome.OTHER_PORT: "port"}
    return Verdict("link.unchecked", cases.get(found.outcome, "time"))


def as_expected(link: Link, found: Observation) -> bool:
    """Tell whether nothing is left to be asked."""
    unsaid = rule_set(WATCHING_RULES).lists["media_types_unsaid"]
    told = not link.media_types or found.media_type not in unsaid
    return judge(link, found).code == GOOD and told


def _of_answer(link: Link, found: Observation) -> Verdict:
    status = found.status
    if status in _GONE:
        return Verdict("link.broken", "gone")
    if status == _WAIT:
        return Verdict("link.unchecked", "busy")
    if status in _REFUSED:
        login = status == 401 or _at_login(found)  # noqa: PLR2004
        return Verdict("link.refused", "login" if login else "refused")
    if not found.is_answered_well:
        return Verdict("link.failing", "status")
    if _is_login(link, found):
        return Verdict("link.login", "login")
    return _of_content(link, found)


def _of_content(link: Link, found: Observation) -> Verdict:
    """Compare type, length and date."""
    lists = rule_set(WATCHING_RULES).lists
    wants_page = not link.media_types or bool(link.media_types & lists["pages"])
    if not wants_page and (found.is_page or found.media_type in lists["pages"]):
        return Verdict("link.type", "page")
    accepted = link.media_types | lists["media_types_unsaid"]
    if link.media_types and found.media_type not in accepted:
        return Verdict("link.type", "other")
    if link.length is not None and found.length not in {None, link.length}:
        return Verdict("link.length", "length")
    if link.day and found.modified and found.modified.date() != link.day:
        return Verdict("link.length", "date")
    return Verdict(GOOD)


def _is_login(link: Link, found: Observation) -> bool:
    """Tell whether one is asked for a password instead of being given something.

    Many pages have a small form to log in beside what they say: a field alone
    proves nothing. It does where one was sent elsewhere, or asked for a file.
    """
    if not link.own and found.redirects and _at_login(found):
        return True
    wants_file = bool(link.media_types) and "text/html" not in link.media_types
    return found.asks_password and (wants_file or _elsewhere(link.url, found.final))


def _at_login(found: Observation) -> bool:
    """Tell whether an address is one where a password is asked for."""
    parts = split(found.final)
    if parts is None:
        return False
    host = (parts.hostname or "").partition(".")[0]
    words = _WORDS.findall(unquote(f"{host}/{parts.path}").lower())
    return not rule_set(WATCHING_RULES).lists["login_words"].isdisjoint(words)


def _elsewhere(asked: str, final: str) -> bool:
    """Tell whether two addresses differ in more than scheme, www and last slash."""
    return _plain(asked) != _plain(final)


def _plain(url: str) -> tuple[str, str]:
    parts = split(url)
    if parts is None:
        return url, ""
    return (parts.hostname or "").removeprefix("www."), parts.path.rstrip("/")


def _of_private(found: Observation) -> Verdict:
    """Tell an address written as such from a name that leads to one."""
    parts = split(found.final)
    host = parts.hostname if parts else ""
    if host not in {found.detail, "localhost"}:
        return Verdict("link.inside", "name")
    return Verdict("link.private", "redirect" if found.redirects else "address")
