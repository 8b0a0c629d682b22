"""Requests that schemathesis makes up from the documents, good and bad ones."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest

EXAMPLES = 500
"""Requests of each run over data at least; there are four of them."""
OUTLETS = "^/(csw|oai|dcat|collections/catalogue|metrics|sitemap|records|datasets/.*)"
"""Paths that tell of records and of the service, and know nothing of a silo."""
SETTINGS = """\
[parameters]
"path.dataset" = "lieux"
"path.featureId" = "1"
"path.recordId" = "fr-229300082-jdd-00000000-0000-4000-8000-000000000551"

# A limit above the largest is taken for the largest (Part 1, 7.15.2).
[[operations]]
include-path-regex = "/(items|collections)$"
checks.negative_data_rejection.enabled = false

# POST is not named to those who may not create: clients that edit would try it.
[[operations]]
include-path-regex = "/items$"
checks.negative_data_rejection.enabled = false
checks.allow_header_conformance.enabled = false

# Whatever is wrong is told by 200 (OAI-PMH 2.0, 3.6).
[[operations]]
include-path-regex = "^/oai$"
checks.negative_data_rejection.enabled = false

# What is not offered is told by 501 (OWS Common 1.2, table 28).
[[operations]]
include-path-regex = "^/csw$"
checks.not_a_server_error.expected-statuses = ["2xx", "3xx", "4xx", 501]
"""
UNCHECKED = "positive_data_acceptance"
"""No schema can tell a valid filter or cursor."""


@pytest.mark.parametrize("root", ["", "/datasets/lieux"])
def test_whatever_is_asked_gets_an_answer_that_is_documented(
    service: httpx.Client, tmp_path: Path, root: str
) -> None:
    address = f"{str(service.base_url).rstrip('/')}{root}"
    chosen = ("--exclude-path-regex", OUTLETS, "--max-examples", "30")
    assert generated(address, tmp_path, "coverage,fuzzing", *chosen) >= EXAMPLES


def test_whatever_is_asked_of_the_outlets_gets_an_answer_that_is_documented(
    outlets: httpx.Client, tmp_path: Path
) -> None:
    address = str(outlets.base_url).rstrip("/")
    chosen = ("--include-path-regex", OUTLETS)
    assert generated(address, tmp_path, "coverage", *chosen) >= EXAMPLES


@pytest.fixture
def outlets(
    on_geopackage: Any,
    publish: Callable[[Any], None],
    serve: Callable[..., AbstractContextManager[httpx.Client]],
) -> Iterator[httpx.Client]:
    on_geopackage.describe("lieux", "places")
    publish(on_geopackage)
    with serve(on_geopackage) as client:
        yield client


def generated(address: str, tmp_path: Path, phases: str, *chosen: str) -> int:
    """Ask what schemathesis makes up; return how many requests those were."""
    settings, report = tmp_path / "schemathesis.toml", tmp_path / "report.json"
    settings.write_text(SETTINGS, encoding="utf-8")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli"),
            *("--config-file", str(settings), "run", f"{address}/api"),
            *("--url", address, "--phases", phases, "--mode", "all"),
            *("--seed", "93", "--workers", "1", *chosen),
            *("--exclude-checks", UNCHECKED, "--suppress-health-check", "all"),
            *("--no-color", "--request-timeout", "20"),
            *("--report", "json", "--report-json-path", str(report)),
        ],
        cwd=tmp_path,
        timeout=180,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8_000:] + done.stderr[-2_000:]
    found = json.loads(report.read_text("utf-8"))
    assert found["failures"] == found["errors"] == []
    assert found["operations"]["tested"] == found["operations"]["selected"] > 0
    return int(found["test_cases"]["generated"])
