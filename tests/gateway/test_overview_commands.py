"""`status` and `report`: the same numbers for people, spreadsheets and a director."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from lxml import html

from gateway.cli import command_line
from gateway.commands.report import ReportUnwritable
from metadata.finding import Language
from metadata.overview import TrendPoint
from metadata.overview_chart import trend_chart
from metadata.scores import Score
from providers.configuration import read_configuration
from providers.store import open_store

CONFIGURATION = """\
organisation:
  name: "Département <b>&</b> « co »"
  siren: "229300082"
  email: sig@example.org
  identifier_base: https://data.example.org/id
  licence: etalab-2.0
  themes: [au]
  topics: [boundaries]
service: {url: "http://127.0.0.1:8080"}
silos: {sig: ./silo}
outlets: {geo: {url: "http://127.0.0.1:9/csw"}}
"""


@pytest.fixture
def desk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write_layers: Callable[..., None]
) -> Path:
    """Two layers described, one of them approved, scores of two months."""
    write_layers(tmp_path / "silo" / "sig.gpkg", "communes", "écoles")
    file = tmp_path / "passerelle.yml"
    file.write_text(CONFIGURATION, encoding="utf-8")
    monkeypatch.setenv("PASSERELLE_CONFIG", str(file))
    run("survey")
    run("approve", "communes")
    store = open_store(read_configuration(file).store)
    for back, points in ((60, 5), (0, 7)):
        missing = tuple("abcdefghi"[: 9 - points])
        day = datetime.now(UTC).date() - timedelta(days=back)
        score = Score(dataset_id="communes", points=points, missing=missing)
        store.keep_scores([score], day=day)
    store.close()
    return tmp_path


def run(*arguments: str, language: Language = Language.ENGLISH) -> tuple[int, str]:
    """Run one command; return its exit code and what it printed."""
    result = CliRunner().invoke(
        command_line(language), arguments, standalone_mode=False
    )
    if result.exception is not None:
        raise result.exception
    return result.return_value or 0, result.stdout


@pytest.mark.usefixtures("desk")
class TestStatus:
    def test_it_says_the_numbers_and_the_score_of_a_month_ago(self) -> None:
        code, said = run("status")
        assert code == 0
        assert "Datasets: 2 (absent 1, draft 1). Broken links: 0." in said
        assert re.search(r"Mean score: 7\.00 / 9 \(on \S+ 5\.00\)", said)

    def test_it_speaks_french(self) -> None:
        said = run("status", language=Language.FRENCH)[1]
        assert "Score moyen : 7,00 / 9" in said
        assert "passerelle publish l'envoie" in " ".join(said.split())

    def test_only_what_is_wrong_is_printed_when_asked(self) -> None:
        assert "ecoles" in run("status")[1]
        said = run("status", "--wrong")[1]
        assert "ecoles" not in said
        assert "communes" in said

    def test_a_csv_has_a_line_for_each_record_at_each_outlet(self) -> None:
        said = run("status", "--format", "csv")[1]
        lines = list(csv.DictReader(io.StringIO(said)))
        found = [(row["dataset"], row["outlet"], row["record"]) for row in lines]
        assert found == [
            ("communes", "our own catalogue", "dataset"),
            ("communes", "our own catalogue", "service"),
            ("communes", "geo", "dataset"),
            ("ecoles", "", ""),
        ]
        assert (lines[0]["score"], lines[0]["score_before"]) == ("7", "5")


class TestReport:
    @pytest.fixture(params=list(Language))
    def page(self, desk: Path, request: pytest.FixtureRequest) -> str:
        file = desk / "rapport.html"
        assert run("report", "--html", str(file), language=request.param)[0] == 0
        assert sorted(p.name for p in desk.glob("*rapport*")) == ["rapport.html"]
        text = file.read_text("utf-8")
        assert html.document_fromstring(text).get("lang") == request.param
        return text

    def test_it_loads_nothing_and_leads_nowhere(self, page: str) -> None:
        root = html.document_fromstring(page)
        assert not root.xpath("//@src | //@href | //script | //link | //iframe")
        assert "@import" not in page
        assert "url(" not in page

    def test_it_says_who_when_and_what_was_gained(self, page: str) -> None:
        text = html.document_fromstring(page).text_content()
        assert "Département <b>&</b> « co »" in text
        assert datetime.now(UTC).date().isoformat() in text
        assert re.search(r"5[.,]00 → 7[.,]00", text)
        assert "communes" in text.lower()

    def test_it_prints_on_a4(self, page: str) -> None:
        assert "size: A4" in page

    def test_its_tables_have_heads_and_its_picture_a_name(self, page: str) -> None:
        root = html.document_fromstring(page)
        (picture,) = root.xpath("//*[local-name()='svg']")
        for name in picture.get("aria-labelledby").split():
            assert root.get_element_by_id(name).text
        for table in root.findall(".//table"):
            assert table.findall("./thead/tr/th")
            assert table.find("caption") is not None

    def test_json_has_figures_and_tasks(self, desk: Path) -> None:
        found = json.loads(run("report", "--format", "json")[1])
        assert found["gains"]["better"] == [
            {"dataset": "communes", "before": 5, "now": 7}
        ]
        assert found["tasks"][0]["datasets"]
        assert "datasets" not in found

    def test_another_day_may_be_compared_with(self, desk: Path) -> None:
        found = json.loads(
            run("report", "--since", "2020-01-01", "--format", "json")[1]
        )
        assert found["since"] == "2020-01-01"
        assert found["gains"]["mean_before"] is None

    def test_a_file_that_cannot_be_written_is_named(self, desk: Path) -> None:
        target = desk / "nowhere" / "rapport.html"
        with pytest.raises(ReportUnwritable) as caught:
            run("report", "--html", str(target))
        assert "nowhere" in caught.value.text.en
        assert caught.value.remedy.fr


class TestChart:
    TODAY = date(2026, 6, 15)

    def draw(self, *points: tuple[date, float], most: int = 9) -> Any:
        trend = [TrendPoint(day=d, datasets=3, mean=m) for d, m in points]
        drawn = trend_chart(
            trend, most=most, today=self.TODAY, language=Language.FRENCH
        )
        return html.fragment_fromstring(drawn) if drawn else None

    def test_nothing_known_is_not_drawn(self) -> None:
        assert self.draw() is None
        assert self.draw((date(2026, 7, 1), 5.0)) is None
        assert self.draw((date(2026, 5, 1), 5.0), most=0) is None

    def test_a_single_day_of_today_is_a_dot(self) -> None:
        drawn = self.draw((self.TODAY, 4.5))
        assert len(drawn.findall("circle")) == 1
        assert "4,50" in drawn.findtext("desc")

    def test_a_score_holds_until_the_next_and_up_to_today(self) -> None:
        drawn = self.draw((date(2026, 5, 15), 3.0), (date(2026, 6, 1), 9.0))
        path = drawn.find("path").get("d")
        numbers = [float(n) for n in re.findall(r"[\d.]+", path)]
        start, below, step, top, end = numbers
        assert start < step < end
        assert top < below

    def test_what_is_older_than_a_year_begins_the_line(self) -> None:
        drawn = self.draw(
            (date(2020, 1, 1), 1.0), (date(2024, 1, 1), 2.0), (self.TODAY, 8.0)
        )
        assert drawn.find("path").get("d").count("V") == 1
        assert "2,00" in drawn.findtext("desc")
