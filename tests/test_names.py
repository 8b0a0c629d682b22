"""The plain import names are ours alone, and no test folder shadows them."""

from __future__ import annotations

from importlib.metadata import packages_distributions
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
NAMES = ("metadata", "providers", "service", "gateway")


@pytest.mark.parametrize("name", NAMES)
def test_no_other_distribution_installs_the_name(name: str) -> None:
    assert set(packages_distributions().get(name, ())) <= {"passerelle"}


def test_a_name_that_another_distribution_installs_is_seen() -> None:
    assert packages_distributions()["lxml"] == ["lxml"]


@pytest.mark.parametrize("name", NAMES)
def test_the_name_imports_this_checkout(name: str) -> None:
    spec = find_spec(name)
    assert spec is not None
    assert spec.origin == str(ROOT / name / "__init__.py")


def test_no_test_folder_is_a_package() -> None:
    assert list((ROOT / "tests").rglob("__init__.py")) == []


def test_the_configuration_folder_holds_no_python() -> None:
    assert list((ROOT / "pygeoapi-config").rglob("*.py")) == []
