"""Numbers and links of items as headers, for forms that have no place for them.

References
----------
OGC API Features Part 1 (17-069r4), clauses 7.16.2 and 8.4 (``OGC-NumberMatched``,
``OGC-NumberReturned``); RFC 8288 (``Link``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import quote

from service.links import Link

MOST_LINKS: Final = 3_000
"""Characters of links in a header; those to other pages are sent all the same."""


def count_headers(matched: int | None, returned: int) -> dict[str, str]:
    """Return how many features match, where that is known, and how many are sent."""
    found = {"OGC-NumberReturned": str(returned)}
    if matched is not None:
        found["OGC-NumberMatched"] = str(matched)
    return found


def link_header(links: Sequence[Link]) -> dict[str, str]:
    """Return links as a header, as many as fit, those to other pages first."""
    paging = [_link(each) for each in links if each["rel"] in {"next", "prev"}]
    size = sum(map(len, paging))
    for each in links:
        text = _link(each)
        if text not in paging and size + len(text) <= MOST_LINKS:
            paging.append(text)
            size += len(text)
    return {"Link": ", ".join(paging)} if paging else {}


def _link(link: Link) -> str:
    title = quote(link["title"], safe="")
    parts = [f"<{link['href']}>", f'rel="{link["rel"]}"', f'type="{link["type"]}"']
    parts.append(f"title*=UTF-8''{title}")
    if "method" in link:
        parts.append(f'method="{link["method"]}"')
    return "; ".join(parts)
