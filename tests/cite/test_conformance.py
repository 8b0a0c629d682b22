"""Conformance on real data, and whether the suites see what is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

RUN = Path(__file__).resolve().parent / "run.py"
OURS, THEIRS = "abstract test suites", "OGC suite"
LACKING = 3
KNOWN: set[str] = set()
"""What is not held yet."""

pytestmark = pytest.mark.cite


def asked(folder: Path, *arguments: str) -> tuple[int, dict[str, Any], str]:
    """Run the command; return its exit status, its outcomes and what it printed."""
    report = folder / "outcomes.json"
    done = subprocess.run(
        [sys.executable, str(RUN), "--json", str(report), *arguments],
        capture_output=True,
        text=True,
        timeout=1_500,
        check=False,
    )
    found = json.loads(report.read_text("utf-8")) if report.exists() else {}
    return done.returncode, found, done.stdout + done.stderr


def states(outcomes: list[dict[str, str]], state: str) -> set[str]:
    return {each["test"] for each in outcomes if each["state"] == state}


@pytest.mark.parametrize("silo", ["geopackage", "postgis"])
def test_the_abstract_tests_pass_on_each_silo(
    request: pytest.FixtureRequest, tmp_path: Path, silo: str
) -> None:
    database = request.getfixturevalue("postgis") if silo == "postgis" else ""
    status, found, printed = asked(tmp_path, "--own", "--database", database)
    assert status == 0, printed[-6_000:]
    outcomes = found[OURS]
    assert states(outcomes, "failed") == set()
    assert states(outcomes, "known") == KNOWN
    passed = [each for each in outcomes if each["state"] == "passed"]
    assert len(passed) > 400
    groups = {each["group"] for each in passed}
    assert {"Core", "GeoJSON", "HTML", "OpenAPI 3.0", "CRS (Part 2)"} <= groups
    assert "fc-time-response" in " ".join(each["test"] for each in passed)


def test_the_suite_of_the_ogc_passes(tmp_path: Path) -> None:
    status, found, printed = asked(tmp_path, "--official")
    if status == LACKING:
        pytest.skip(printed.strip().splitlines()[-1])
    assert status == 0, printed[-6_000:]
    assert states(found[THEIRS], "failed") == set()
    assert len(states(found[THEIRS], "passed")) > 20


RESULTS = """\
<testng-results skipped="1" failed="1" total="4" passed="2">
 <suite name="ogcapi-features-1.0">
  <test name="Core">
   <class name="org.opengis.cite.LandingPage">
    <test-method status="PASS" signature="init()" name="init" is-config="true"/>
    <test-method status="PASS" name="landing" description="Abstract Test 3"/>
    <test-method status="FAIL" name="items" description="Abstract Test 13">
     <params><param index="0"><value><![CDATA[communes]]></value></param></params>
     <exception class="java.lang.AssertionError">
      <message><![CDATA[Expected 200 but was 500]]></message>
     </exception>
    </test-method>
   </class>
  </test>
  <test name="CRS - Part 2">
   <class name="org.opengis.cite.Crs">
    <test-method status="SKIP" name="crs"/>
   </class>
  </test>
 </suite>
</testng-results>
"""
SUITE = """\
import java.nio.file.*;
public class TestNGController {
    public static void main(String[] arguments) throws Exception {
        String asked = Files.readString(Path.of(arguments[2]));
        if (!asked.contains("key=\\"iut\\">http://127.0.0.1:9/<")) System.exit(9);
        Path folder = Path.of(arguments[1], "testng", "0");
        Files.createDirectories(folder);
        Path results = folder.resolve("testng-results.xml");
        Files.copy(Path.of(System.getenv("RESULTS")), results);
    }
}
"""


def test_the_results_of_a_java_suite_are_read_and_make_the_exit_status(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "org" / "opengis" / "cite" / "ogcapifeatures10"
    package.mkdir(parents=True)
    source = package / "TestNGController.java"
    source.write_text(f"package org.opengis.cite.ogcapifeatures10;\n{SUITE}", "utf-8")
    try:
        subprocess.run(["javac", str(source)], check=True, timeout=120)
    except FileNotFoundError:
        pytest.skip("there is no Java compiler here")
    results = tmp_path / "results.xml"
    results.write_text(RESULTS, encoding="utf-8")
    monkeypatch.setenv("PASSERELLE_CITE_JAR", str(tmp_path))
    monkeypatch.setenv("RESULTS", str(results))
    arguments = ("--official", "--url", "http://127.0.0.1:9/")
    status, found, printed = asked(tmp_path, *arguments)
    assert status == 1, printed
    assert [(each["group"], each["state"]) for each in found[THEIRS]] == [
        ("Core", "passed"),
        ("Core", "failed"),
        ("CRS - Part 2", "skipped"),
    ]
    assert "FAILED Core Abstract Test 13 communes\nExpected 200 but was 500" in printed
    results.write_text(RESULTS.replace("FAIL", "PASS"), encoding="utf-8")
    assert asked(tmp_path, *arguments)[0] == 0


def test_a_suite_that_cannot_be_had_is_said_and_is_no_success(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PASSERELLE_CITE_JAR", str(tmp_path / "nowhere.jar"))
    arguments = ("--official", "--url", "http://127.0.0.1:9/")
    status, found, printed = asked(tmp_path, *arguments)
    assert status == LACKING
    assert found == {}
    assert "PASSERELLE_CITE_JAR" in printed or "Java is missing" in printed


def spoiled(path: str, answer: httpx.Response) -> tuple[int, bytes]:
    """Return an answer of the service as a worse one would give it."""
    document = answer.json() if "json" in answer.headers["content-type"] else None
    if "unknownQueryParameter" in path:
        return 200, b"{}"
    if path.split("?", maxsplit=1)[0] == "/":
        document["links"] = [x for x in document["links"] if x["rel"] != "conformance"]
    elif path.split("?", maxsplit=1)[0] == "/collections":
        document["collections"][0]["links"][0].pop("type")
        document["collections"][0]["extent"]["spatial"]["bbox"] = [[2.4, 48.9, 2.5, 49]]
    elif "/items?" in path and "2154" in path and document and "features" in document:
        document["features"] = document["features"][1:]
    elif document is None:
        return answer.status_code, answer.content
    return answer.status_code, json.dumps(document).encode()


@contextmanager
def spoiling(upstream: str) -> Iterator[str]:
    """A worse service in front of a good one."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            accept = {"accept": self.headers["accept"]}
            answer = httpx.get(f"{upstream}{self.path}", headers=accept, timeout=30)
            status, content = spoiled(self.path, answer)
            here = f"http://127.0.0.1:{self.server.server_address[1]}".encode()
            content = content.replace(upstream.encode(), here)
            self.send_response(status)
            for name in ("content-type", "content-crs"):
                if name in answer.headers:
                    self.send_header(name, answer.headers[name])
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()


@pytest.fixture
def upstream(tmp_path: Path) -> Iterator[str]:
    """The service on real data, started as the command starts it."""
    program = (
        f"import sys; sys.path.insert(0, {str(RUN.parent)!r})\n"
        "from pathlib import Path\nfrom instance import serving\n"
        "with serving(Path(sys.argv[1])) as url:\n"
        "    print(url, flush=True)\n    sys.stdin.read()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "upstream")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield process.stdout.readline().strip().rstrip("/")
        process.stdin.close()
        process.wait(40)


def test_a_worse_service_fails_where_it_is_worse(tmp_path: Path, upstream: str) -> None:
    with spoiling(upstream) as url:
        status, found, printed = asked(tmp_path, "--own", "--url", url)
    assert status == 1, printed[-3_000:]
    assert {
        "/conf/core/root-success",
        "/conf/core/query-param-unknown",
        "/conf/core/fc-md-items-links",
        "/conf/core/fc-md-extent",
        "/conf/core/sfc-md-success",
        "/conf/crs/crs-parameter-transform",
        "/conf/crs/bbox-crs-parameter",
    } <= states(found[OURS], "failed")
    assert "/conf/core/f-op" in states(found[OURS], "passed")
