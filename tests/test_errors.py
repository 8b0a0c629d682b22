"""The tree of errors drawn in `metadata.errors` is the tree there is."""

from __future__ import annotations

import importlib
import pkgutil
import re

import gateway
import metadata
import providers
import service
from metadata import errors
from metadata.errors import PasserelleError


def subclasses(kind: type) -> set[type]:
    below = {one for direct in kind.__subclasses__() for one in subclasses(direct)}
    return below | set(kind.__subclasses__())


def test_every_error_is_drawn_where_it_stands():
    for package in (metadata, providers, service, gateway):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not re.search(r"\.(migrations|__main__)", module.name):
                importlib.import_module(module.name)
    drawn = {
        name: (len(indent) - 4) // 2
        for indent, name in re.findall(
            r"^( +)([A-Z]\w+) {2,}\S", errors.__doc__, re.MULTILINE
        )
    }
    depths = {
        one.__name__: len(one.__mro__) - len(PasserelleError.__mro__)
        for one in subclasses(PasserelleError)
        if one.__module__.split(".")[0]
        in {"metadata", "providers", "service", "gateway"}
    }

    assert drawn == depths
