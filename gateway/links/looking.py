"""Looks at one link: by HEAD, and by GET where HEAD does not settle it.

Some servers refuse HEAD (405, 501), others answer it wrongly: 403 or 404 where GET
finds something, another type, no length. So what HEAD says is believed only where
it is what was expected of a file; everything else is asked for again by GET, of
which no more than the beginning is read.
"""

from __future__ import annotations

from typing import Final

from gateway.links.exchange import Deadline
from gateway.links.following import Follower
from metadata.links import Link, Observation, Outcome, as_expected

_SETTLED: Final = frozenset(
    {
        Outcome.NO_NAME,
        Outcome.NO_CONNECTION,
        Outcome.CERTIFICATE,
        Outcome.TLS,
        Outcome.PRIVATE,
        Outcome.NOT_WEB,
        Outcome.OTHER_PORT,
    }
)
"""What another method would not change."""
_TOO_MANY: Final = 429
_NO_SUCH_RANGE: Final = 416
_PAGES: Final = frozenset({"text/html", "application/xhtml+xml"})


def look(follower: Follower, link: Link) -> Observation:
    """Return what is at a link; what others serve as a page is read to see which."""
    deadline = Deadline(follower.limits.link)
    head = follower.follow("HEAD", link.url, deadline)
    if head.outcome in _SETTLED or head.status == _TOO_MANY:
        return head
    if as_expected(link, head) and (link.own or head.media_type not in _PAGES):
        return head
    found = follower.follow("GET", link.url, deadline, ranged=True)
    if found.status == _NO_SUCH_RANGE:
        return follower.follow("GET", link.url, deadline)
    return found
