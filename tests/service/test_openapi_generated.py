"""Requests that schemathesis makes up from the documents, good and bad ones."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

EXAMPLES = 500
"""Requests of each run at least; there are four runs."""
SETTINGS = """\
[parameters]
"path.dataset" = "lieux"
"path.featureId" = "1"

# A limit above the largest is taken for the largest (Part 1, 7.15.2).
[[operations]]
include-path-regex = "/(items|collections)$"
checks.negative_data_rejection.enabled = false
"""
UNCHECKED = "positive_data_acceptance"
"""No schema can tell a valid filter or cursor."""


@pytest.mark.parametrize("root", ["", "/datasets/lieux"])
def test_whatever_is_asked_gets_an_answer_that_is_documented(
    service: httpx.Client, tmp_path: Path, root: str
) -> None:
    settings, report = tmp_path / "schemathesis.toml", tmp_path / "report.json"
    settings.write_text(SETTINGS, encoding="utf-8")
    address = f"{str(service.base_url).rstrip('/')}{root}"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli"),
            *("--config-file", str(settings), "run", f"{address}/api"),
            *("--url", address, "--phases", "coverage,fuzzing", "--mode", "all"),
            *("--seed", "93", "--max-examples", "30", "--workers", "1"),
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
    assert found["operations"]["tested"] == found["operations"]["total"] > 0
    assert found["test_cases"]["generated"] >= EXAMPLES
