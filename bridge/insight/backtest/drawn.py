"""The charts of a backtest: what each shows, in a sentence, and the drawing."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from bridge.insight.backtest.report_of import CurvePoint, Figures, Month, Report, Sweep
from bridge.insight.backtest.wording import month, percent, rule
from bridge.insight.charts import Chart, Series, chart

Part = Callable[[Figures], float | None]

RATE, PRECISION, RECALL, BASE = "Cases alerted", "Precision", "Recall", "Came out badly"

_PARTS: tuple[tuple[str, str, Part], ...] = (
    (PRECISION, "c1", lambda of: of.precision.value if of.precision else None),
    (RECALL, "c2", lambda of: of.recall.value if of.recall else None),
    (RATE, "c3", lambda of: of.rate.value if of.rate else None),
)
_BASE: tuple[str, str, Part] = (BASE, "c4", lambda of: of.base.value if of.base else None)


class Drawn(Struct, frozen=True, kw_only=True):
    """A chart with its title. `finding` says what it shows; `chart` is None where there is less than two points."""

    title: str
    finding: str
    chart: Chart | None


def sweep(found: Sweep) -> Drawn:
    """What each value of a tunable would do, on the later part."""
    labels = [f"{point.text} (now)" if point.now else point.text for point in found.points]
    figures = [point.parts.later for point in found.points]
    now = next((point for point in found.points if point.now), None)
    finding = f"From {found.points[0].text} to {found.points[-1].text}" if found.points else ""
    if now is not None:
        finding += f"; now {now.text}: {_in_words(now.parts.later)}"
    tunables = [part.rpartition(".")[2].replace("_", " ") for part in found.tunable.split(", ")]
    title = f"{rule(found.rule).capitalize()}: {', '.join(tunables)}"
    return Drawn(title=title, finding=finding, chart=_lines(_PARTS, figures, labels, finding))


def curve(found: Sequence[CurvePoint]) -> Drawn:
    """What the best set for each budget finds, on the later part."""
    labels = [percent(point.budget) for point in found]
    figures = [point.parts.later for point in found]
    finding = ""
    if found:
        first, last = found[0], found[-1]
        finding = (
            f"Of the cases that came out badly, {_share(_PARTS[1], first.parts.later)} are found in time with a budget"
            f" of {percent(first.budget)}, and {_share(_PARTS[1], last.parts.later)} with {percent(last.budget)}"
        )
    drawn = _lines(_PARTS, figures, labels, finding)
    return Drawn(title="What a budget buys", finding=finding, chart=drawn)


def drift(report: Report) -> Drawn:
    """How it went from month to month: of the recommended set, else of what is configured."""
    figures = [of_month(one) for one in report.months]
    labels = [month(one.month) for one in report.months]
    finding = ""
    if figures:
        first, last = figures[0], figures[-1]
        finding = f"{_share(_BASE, first)} came out badly in the first month, {_share(_BASE, last)} in the last"
    drawn = _lines((*_PARTS, _BASE), figures, labels, finding)
    return Drawn(title="From month to month", finding=finding, chart=drawn)


def of_month(one: Month) -> Figures:
    """The figures of a month that are shown."""
    return one.recommended or one.present


def _lines(
    parts: Sequence[tuple[str, str, Part]],
    figures: Sequence[Figures],
    labels: Sequence[str],
    finding: str,
) -> Chart | None:
    series = [
        Series(name=name, look=look, values=tuple(map(part, figures))) for name, look, part in parts
    ]
    return chart("lines", series, labels, finding, written=percent, top=1.0)


def _share(part: tuple[str, str, Part], figures: Figures) -> str:
    return percent(part[2](figures))


def _in_words(figures: Figures) -> str:
    return (
        f"{_share(_PARTS[2], figures)} alerted, precision {_share(_PARTS[0], figures)},"
        f" recall {_share(_PARTS[1], figures)}"
    )
