"""The rooms import downwards only, and `metadata` stays light and pure."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LAYERS = {
    "metadata": {"metadata"},
    "providers": {"metadata", "providers"},
    "service": {"metadata", "providers", "service"},
    "gateway": {"metadata", "providers", "service", "gateway"},
}
"""Each room, and the rooms that it may import."""
LIGHT = {"lxml", "pyproj"}
"""What `metadata` may use besides the standard library."""
YAML = {"pydantic", "pydantic_core", "yaml", "ruamel"}
"""What it may use where it reads and writes what a person states."""
MODULES = sorted(
    path.relative_to(ROOT) for room in LAYERS for path in (ROOT / room).rglob("*.py")
)


def imported(source: str, package: str) -> Iterator[str]:
    """Yield the first segment of every import, also of those inside functions."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (name.name.partition(".")[0] for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield package if node.level else str(node.module).partition(".")[0]
        elif _imports_by_name(node):
            yield str(node.args[0].value).partition(".")[0]  # type: ignore[attr-defined]


def _imports_by_name(node: ast.AST) -> bool:
    """Whether it is ``import_module("…")`` or ``__import__("…")``."""
    if not isinstance(node, ast.Call) or not node.args:
        return False
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    return name in {"import_module", "__import__"} and isinstance(
        node.args[0], ast.Constant
    )


def upwards(path: Path, source: str) -> set[str]:
    """Return the rooms that a module may not import, and does."""
    room = path.parts[0]
    return (set(imported(source, room)) & set(LAYERS)) - LAYERS[room]


def heavy(path: Path, source: str) -> set[str]:
    """Return what a module of `metadata` may not import, and does."""
    allowed = LIGHT | {"metadata"} | set(sys.stdlib_module_names)
    if path.name.startswith("description"):
        allowed |= YAML
    return set(imported(source, "metadata")) - allowed


@pytest.mark.parametrize("path", MODULES, ids=str)
def test_a_module_imports_downwards_only(path: Path) -> None:
    assert upwards(path, (ROOT / path).read_text("utf-8")) == set()


@pytest.mark.parametrize(
    "path", [path for path in MODULES if path.parts[0] == "metadata"], ids=str
)
def test_metadata_uses_light_libraries_only(path: Path) -> None:
    assert heavy(path, (ROOT / path).read_text("utf-8")) == set()


def test_every_room_is_looked_at() -> None:
    assert {path.parts[0] for path in MODULES} == set(LAYERS)


@pytest.mark.parametrize(
    ("path", "source", "found"),
    [
        ("metadata/a.py", "import providers.survey", {"providers"}),
        ("providers/a.py", "from gateway.outlets.csw.outlet import x", {"gateway"}),
        ("service/a.py", "def f():\n    from gateway import cli", {"gateway"}),
        ("service/a.py", "import_module('gateway.cli')", {"gateway"}),
        ("service/a.py", "from providers import database", set()),
        ("gateway/a.py", "from . import csw\nimport service.app", set()),
    ],
)
def test_an_upward_import_is_found(path: str, source: str, found: set[str]) -> None:
    assert upwards(Path(path), source) == found


@pytest.mark.parametrize(
    ("path", "source", "found"),
    [
        ("metadata/a.py", "import psycopg2, lxml.etree", {"psycopg2"}),
        ("metadata/a.py", "from pydantic import TypeAdapter", {"pydantic"}),
        ("metadata/description.py", "from pydantic import TypeAdapter", set()),
    ],
)
def test_a_heavy_import_is_found(path: str, source: str, found: set[str]) -> None:
    assert heavy(Path(path), source) == found
