"""Charts of the pages, with their numbers written as the viewer reads them. See `bridge.insight.charts`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from flask_babel import format_decimal

from bridge.insight import charts
from bridge.insight.charts import SVG, Chart, Series, ticks
from bridge.web.pages.insight.shown import percent

__all__ = ["SVG", "Chart", "Series", "chart", "ticks"]


def chart(
    kind: Literal["stacked", "lines"],
    series: Sequence[Series],
    labels: Sequence[str],
    finding: str,
    *,
    shares: bool = False,
    top: float | None = None,
) -> Chart | None:
    """A chart; `shares` are written as percents, all else as numbers."""
    written = percent if shares else _number
    return charts.chart(kind, series, labels, finding, written=written, whole=not shares, top=top)


def _number(value: Any) -> str:
    return str(format_decimal(value))
