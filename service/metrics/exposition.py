"""The numbers of all workers as text.

References
----------
Prometheus, Exposition formats, text format 0.0.4.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from service.metrics.cells import Told
from service.metrics.families import FAMILIES, Kind

MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_SUM: Final = "sum"
_Numbers = Mapping[tuple[str, ...], float]
"""By the values of the labels."""


def exposition(told: Iterable[Told]) -> str:
    """Return what all workers tell, as text."""
    found = _gathered(told)
    return "".join(
        line
        for name in FAMILIES
        if name in found
        for line in _family(name, found[name])
    )


def _gathered(told: Iterable[Told]) -> Mapping[str, _Numbers]:
    """Add up counters and histograms; keep the gauges of workers that are alive."""
    found: dict[str, dict[tuple[str, ...], float]] = defaultdict(dict)
    for each in told:
        for key, number in each.numbers.items():
            name, labels = key[0], key[1:]
            family = FAMILIES.get(name)
            if family is None or math.isnan(number):
                continue
            if family.kind is not Kind.GAUGE:
                found[name][labels] = found[name].get(labels, 0.0) + number
            elif each.alive:
                found[name][*labels, str(each.worker)] = number
    return found


def _family(name: str, numbers: _Numbers) -> Iterator[str]:
    """Yield the lines of one metric."""
    family = FAMILIES[name]
    yield f"# HELP {name} {_escaped(family.help)}\n"
    yield f"# TYPE {name} {family.kind}\n"
    if family.kind is Kind.HISTOGRAM:
        yield from _histograms(name, family.labels, numbers)
        return
    for labels, number in sorted(numbers.items()):
        yield _line(name, _pairs(family.labels, labels), number)


def _histograms(name: str, labels: Sequence[str], numbers: _Numbers) -> Iterator[str]:
    """Yield the lines of a histogram: its buckets each hold all below them."""
    grouped: dict[tuple[str, ...], dict[str, float]] = defaultdict(dict)
    for key, number in numbers.items():
        grouped[key[:-1]][key[-1]] = number
    for values, parts in sorted(grouped.items()):
        pairs, count = _pairs(labels, values), 0.0
        total = parts.pop(_SUM, 0.0)
        for bound in sorted(parts, key=float):
            count += parts[bound]
            yield _line(f"{name}_bucket", [*pairs, f'le="{bound}"'], count)
        yield _line(f"{name}_sum", pairs, total)
        yield _line(f"{name}_count", pairs, count)


def _pairs(labels: Sequence[str], values: Sequence[str]) -> list[str]:
    return [
        f'{label}="{_escaped(value, quoted=True)}"'
        for label, value in zip(labels, values, strict=True)
    ]


def _line(name: str, pairs: Sequence[str], number: float) -> str:
    inside = f"{{{','.join(pairs)}}}" if pairs else ""
    whole = number.is_integer() and abs(number) < 2**53
    return f"{name}{inside} {int(number) if whole else repr(number)}\n"


def _escaped(text: str, *, quoted: bool = False) -> str:
    text = text.replace("\\", "\\\\").replace("\n", "\\n")
    return text.replace('"', '\\"') if quoted else text
