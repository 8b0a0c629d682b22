"""Links: which a dataset has, what each should be, and what was found at it.

Pure: who asks the servers is `gateway.links`, what is remembered is in the store.
A link is called broken when that is certain (404, 410), or when it failed several
times in a row over a day at least; what may be a passing trouble is said to be so.
"""

from metadata.links.findings import link_findings
from metadata.links.history import Judged, LinkHistory, after, is_broken
from metadata.links.judging import Verdict, as_expected, judge
from metadata.links.link import Link, is_own, links_of
from metadata.links.observation import Observation, Outcome

__all__ = [
    "Judged",
    "Link",
    "LinkHistory",
    "Observation",
    "Outcome",
    "Verdict",
    "after",
    "as_expected",
    "is_broken",
    "is_own",
    "judge",
    "link_findings",
    "links_of",
]
