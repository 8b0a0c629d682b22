"""The trend of the mean score as SVG: nothing from elsewhere, and no script."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from lxml import etree

from metadata.finding import Language, Text
from metadata.overview import TrendPoint

_NAMESPACE: Final = "http://www.w3.org/2000/svg"
_WIDTH, _HEIGHT = 480, 180
_LEFT, _RIGHT, _TOP, _BOTTOM = 34, 12, 12, 28
_INK, _SOFT, _LINE = "#0b4f6c", "#4a5a63", "#cfd8dc"
_STEPS: Final = 3
"""Lines across, above the zero."""
_TITLE: Final = Text(
    "Score moyen par jeu, sur {most}", "Mean score per dataset, of {most}"
)
_SAID: Final = Text(
    "De {first} le {start} à {last} le {end}.",
    "From {first} on {start} to {last} on {end}.",
)
YEAR: Final = timedelta(days=366)


def trend_chart(
    trend: Sequence[TrendPoint],
    *,
    most: int,
    today: date,
    language: Language,
    title: Text = _TITLE,
) -> str:
    """Return the mean score over the last year as an SVG element, or nothing.

    A score holds until the next: the line goes in steps, up to today. Its title and
    description say the same to those who do not see it.

    Parameters
    ----------
    most
        The points that may be had.
    title
        What is drawn, `most` in it.
    """
    shown = _last_year(trend, today)
    if not shown or not most:
        return ""
    svg = etree.Element(f"{{{_NAMESPACE}}}svg", nsmap={None: _NAMESPACE})  # type: ignore[dict-item]
    svg.set("viewBox", f"0 0 {_WIDTH} {_HEIGHT}")
    svg.set("role", "img")
    svg.set("aria-labelledby", "trend-title trend-said")
    svg.set("class", "trend")
    name = title.said_in(language).format(most=most)
    _add(svg, "title", id="trend-title").text = name
    _add(svg, "desc", id="trend-said").text = _said(shown, today, language)
    for step in range(_STEPS + 1):
        _grid(svg, most * step / _STEPS, most, language)
    start = shown[0].day
    _dates(svg, start, today)
    _curve(svg, shown, start, today, most)
    return etree.tostring(svg, encoding="unicode")


def decimal(value: float, language: Language, digits: int = 2) -> str:
    """Return a number as a language writes it."""
    said = f"{value:.{digits}f}"
    return said.replace(".", ",") if language is Language.FRENCH else said


def _last_year(trend: Sequence[TrendPoint], today: date) -> list[TrendPoint]:
    """Return the days of the last year, and the one that held when it began."""
    first = today - YEAR
    before = [each for each in trend if each.day <= first][-1:]
    return [*before, *(each for each in trend if first < each.day <= today)]


def _said(shown: Sequence[TrendPoint], today: date, language: Language) -> str:
    return _SAID.said_in(language).format(
        first=decimal(shown[0].mean, language),
        start=shown[0].day.isoformat(),
        last=decimal(shown[-1].mean, language),
        end=today.isoformat(),
    )


def _grid(svg: etree._Element, value: float, most: int, language: Language) -> None:
    y = _y(value, most)
    _add(
        svg,
        "line",
        x1=str(_LEFT),
        x2=str(_WIDTH - _RIGHT),
        y1=y,
        y2=y,
        stroke=_LINE,
    )
    label = _label(svg, x=str(_LEFT - 6), y=y, anchor="end", dy="4")
    label.text = decimal(value, language, 0 if value == int(value) else 1)


def _dates(svg: etree._Element, start: date, today: date) -> None:
    y = str(_HEIGHT - 8)
    _label(svg, x=str(_LEFT), y=y, anchor="start").text = start.isoformat()
    if today > start:
        last = _label(svg, x=str(_WIDTH - _RIGHT), y=y, anchor="end")
        last.text = today.isoformat()


def _label(
    svg: etree._Element, *, x: str, y: str, anchor: str, dy: str = "0"
) -> etree._Element:
    label = _add(svg, "text", x=x, y=y, dy=dy, fill=_SOFT)
    label.set("text-anchor", anchor)
    label.set("font-size", "13")
    return label


def _curve(
    svg: etree._Element,
    shown: Sequence[TrendPoint],
    start: date,
    today: date,
    most: int,
) -> None:
    """Draw the steps, and a dot where they end."""
    steps = [f"M{_x(shown[0].day, start, today)},{_y(shown[0].mean, most)}"]
    for point in shown[1:]:
        steps.append(f"H{_x(point.day, start, today)}V{_y(point.mean, most)}")
    end = _x(today, start, today)
    curve = _add(svg, "path", d=f"{''.join(steps)}H{end}", fill="none", stroke=_INK)
    curve.set("stroke-width", "2.5")
    _add(svg, "circle", cx=end, cy=_y(shown[-1].mean, most), r="4", fill=_INK)


def _x(day: date, start: date, today: date) -> str:
    whole = max((today - start).days, 1)
    share = (day - start).days / whole if today > start else 1.0
    return f"{_LEFT + share * (_WIDTH - _LEFT - _RIGHT):.1f}"


def _y(value: float, most: int) -> str:
    return f"{_HEIGHT - _BOTTOM - value / most * (_HEIGHT - _TOP - _BOTTOM):.1f}"


def _add(parent: etree._Element, name: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, f"{{{_NAMESPACE}}}{name}", attributes)
