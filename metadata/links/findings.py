"""Says what is wrong with links, with the remedy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from metadata.checks.rules import flaw, rule_set
from metadata.finding import Finding
from metadata.links.history import Judged, is_broken
from metadata.links.judging import GOOD
from metadata.links.link import ORGANISATION, WATCHING_RULES, split


def link_findings(judged: Iterable[Judged]) -> Iterator[Finding]:
    """Yield what is wrong with each link, and where it has moved."""
    for each in judged:
        if each.verdict.code != GOOD:
            yield _finding(each, *_named(each))
        elif each.found.moved:
            yield _finding(each, "link.redirected", "moved")


def service_silent(url: str) -> Finding:
    """Say that our own service does not answer."""
    rule = rule_set(WATCHING_RULES).rules["links.offline"]
    found = flaw("service", "service.url", url=url)
    return rule.finding(found, subject=ORGANISATION)


def network_silent(hosts: int) -> Finding:
    """Say that no foreign server answers."""
    rule = rule_set(WATCHING_RULES).rules["links.offline"]
    return rule.finding(flaw("network", "", hosts=str(hosts)), subject=ORGANISATION)


def unmeasured(dataset_id: str) -> Finding:
    """Say that the links of our own are not known yet."""
    rule = rule_set(WATCHING_RULES).rules["links.unmeasured"]
    return rule.finding(flaw("tables", "collections"), subject=dataset_id)


def _named(judged: Judged) -> tuple[str, str]:
    """Return code and case: what failed for long enough is broken."""
    verdict, history = judged.verdict, judged.history
    if verdict.may_pass and history and is_broken(history):
        return "link.broken", verdict.case
    return verdict.code, verdict.case


def _finding(judged: Judged, code: str, case: str) -> Finding:
    rule = rule_set(WATCHING_RULES).rules[code]
    link = judged.link
    whose = "own" if link.own else ""
    whose = "organisation" if link.dataset_id == ORGANISATION else whose
    if whose and whose in rule.hints:
        rule = replace(rule, hints={**rule.hints, case: rule.hints[whose]})
    found = flaw(case, link.element, **_values(judged, case))
    return rule.finding(found, subject=link.dataset_id)


def _values(judged: Judged, case: str) -> dict[str, str]:
    """Return what was found, by the names that the rules' words use."""
    link, found, history = judged.link, judged.found, judged.history
    parts = split(found.final)
    since = history.broken_since if history else None
    needed = int(rule_set(WATCHING_RULES).limits["failures"])
    expected, seen = _compared(judged, case)
    return {
        "url": without_login(link.url),
        "final": without_login(found.final),
        "host": parts.hostname or "" if parts else "",
        "moved": without_login(found.moved),
        "status": str(found.status),
        "address": found.detail,
        "failures": str(history.failures if history else 1),
        "since": since.date().isoformat() if since else "",
        "needed": str(needed),
        "expected": expected,
        "found": seen,
    }


def _compared(judged: Judged, case: str) -> tuple[str, str]:
    """Return what should be there and what is, of what is compared."""
    link, found = judged.link, judged.found
    if case == "length":
        return str(link.length), str(found.length)
    if case == "date":
        day = found.modified.date().isoformat() if found.modified else ""
        return (link.day.isoformat() if link.day else ""), day
    return link.expected, found.media_type


def without_login(url: str) -> str:
    """Return an address without the user and the password that stand in it."""
    scheme, mark, rest = url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}{mark}{host.rpartition('@')[2]}{slash}{path}"
