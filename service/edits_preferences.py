"""What whoever edits would rather have: the feature in the answer, strictness.

References
----------
RFC 7240 (``Prefer``, ``Preference-Applied``); OGC API Features Part 4 (20-002,
draft), “Return Resource Representation in Response” and “Handling Preference”.
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request


def read_preferences(request: Request) -> Mapping[str, str]:
    """Return the preferences of a request, names and values in small letters.

    The first of a name counts; parameters of a preference are passed over.
    """
    found: dict[str, str] = {}
    for value in request.headers.getlist("prefer"):
        for each in value.lower().split(","):
            name, _, wanted = each.partition(";")[0].partition("=")
            found.setdefault(name.strip(), wanted.strip().strip('"'))
    return found


def wants_feature(request: Request) -> bool:
    """Tell whether the feature is wanted in the answer."""
    return read_preferences(request).get("return") == "representation"


def applied(request: Request, *, feature: bool = False) -> dict[str, str]:
    """Return the header that says which preferences were followed; `{}` for none.

    What is sent is always handled strictly, so that is followed whenever asked for.

    Parameters
    ----------
    feature
        Whether the feature is in the answer.
    """
    found = ["return=representation"] if feature else []
    if read_preferences(request).get("handling") == "strict":
        found.append("handling=strict")
    return {"Preference-Applied": ", ".join(found)} if found else {}
