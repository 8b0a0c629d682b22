"""The OGC's own test suite, `ets-ogcapi-features10`: obtained, run, read.

References
----------
TEAM Engine's TestNG controller: a properties file with the arguments `iut` (the
landing page) and `noofcollections` (-1 for all); results as `testng-results.xml`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

from lxml import etree
from outcomes import FAILED, PASSED, SKIPPED, Outcome

HERE = Path(__file__).resolve().parent
CONTROLLER = "org.opengis.cite.ogcapifeatures10.TestNGController"
ARTIFACT = "org.opengis.cite:ets-ogcapi-features10:1.9"
VARIABLE = "PASSERELLE_CITE_JAR"
"""Names the suite with all it needs: one jar (`…-aio.jar`), or a class path."""
FETCHING, RUNNING = 600.0, 900.0
"""Seconds that Maven and the suite may take."""
_STATES = {"PASS": PASSED, "FAIL": FAILED, "SKIP": SKIPPED}


class Unavailable(Exception):
    """The suite cannot be had here; the message says why, and the remedy."""


def class_path(folder: Path) -> str:
    """Return where Java finds the suite and everything it needs.

    Raises
    ------
    Unavailable
        There is no Java, no Maven, or Maven cannot fetch the suite.
    """
    if shutil.which("java") is None:
        message = "Java is missing: apt-get install default-jre-headless maven"
        raise Unavailable(message)
    given = os.environ.get(VARIABLE, "")
    if given:
        missing = [part for part in given.split(":") if not Path(part).exists()]
        if missing:
            raise Unavailable(f"{VARIABLE} names {missing[0]}, which is not there")
        return given
    if shutil.which("mvn") is None:
        message = f"Maven is missing: apt-get install maven, or set {VARIABLE}"
        raise Unavailable(message)
    return _fetched(folder / "classpath")


def _fetched(target: Path) -> str:
    command = ["mvn", "-B", "-q", "-U", "-f", str(HERE / "pom.xml")]
    command += ["dependency:build-classpath", f"-Dmdep.outputFile={target}"]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=FETCHING,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise Unavailable(f"Maven took more than {FETCHING:g} s") from error
    if done.returncode or not target.exists():
        reason = "is not to be found" if _not_found(done.stdout) else "fails"
        raise Unavailable(
            f"{ARTIFACT} {reason} where Maven looks (exit status {done.returncode})."
            f" Build its all-in-one jar from its sources, and name it by {VARIABLE}."
        )
    return target.read_text("utf-8").strip()


def _not_found(said: str) -> bool:
    return "Could not find artifact" in said or "was not found" in said


def run_suite(url: str, classes: str, folder: Path) -> list[Outcome]:
    """Run the suite against a landing page; return what came of each test.

    Raises
    ------
    RuntimeError
        It ended without results.
    """
    properties = folder / "test-run-props.xml"
    properties.write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n<properties version="1.0">\n'
        f'  <entry key="iut">{escape(url)}</entry>\n'
        '  <entry key="noofcollections">-1</entry>\n</properties>\n',
        encoding="utf-8",
    )
    command = ["java", "-Djava.awt.headless=true", "-cp", classes, CONTROLLER]
    command += ["-o", str(folder), str(properties)]
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=RUNNING,
        check=False,
    )
    found = sorted(folder.rglob("testng-results.xml"))
    if not found:
        said = (done.stdout + done.stderr)[-2_000:]
        raise RuntimeError(f"the suite ended without results:\n{said}")
    outcomes = list(read_results(found[-1]))
    if not outcomes:
        raise RuntimeError("the suite did no test")
    return outcomes


def read_results(path: Path) -> Iterator[Outcome]:
    """Yield the outcomes in a result file of TestNG."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=True)
    root = etree.parse(path, parser).getroot()
    for test in root.iter("test"):
        for method in test.iter("test-method"):
            # what only prepares is no test, unless it fails
            if method.get("is-config") != "true" or method.get("status") == "FAIL":
                yield _outcome(test, method)


def _outcome(test: etree._Element, method: etree._Element) -> Outcome:
    parameters = [
        " ".join((value.text or "").split())[:120]
        for value in method.iterfind("params/param/value")
    ]
    message = method.findtext("exception/message") or ""
    if not message and method.find("exception") is not None:
        message = str(method.find("exception").get("class"))
    return Outcome(
        group=str(test.get("name")),
        test=method.get("description") or str(method.get("name")),
        subject=" | ".join(parameters),
        state=_STATES[str(method.get("status"))],
        message=message.strip(),
    )
