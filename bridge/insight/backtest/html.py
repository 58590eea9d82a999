"""A backtest as one HTML file: it needs nothing beside it, no script, and can be mailed, printed and kept."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bridge.insight.backtest import drawn, wording
from bridge.insight.backtest.report_of import Figures, Report, Setup, Sweep
from bridge.insight.intervals import FEW, Interval

SHADES = 10
"""So many depths of colour has the table of overlaps."""

MOST = 15
"""So many managers are named, those with the most alerts."""

_TEMPLATES = "bridge.insight.backtest"


def page(report: Report) -> str:
    """The whole report. The same report gives the same file."""
    shown = report.setup("recommended") or report.setup("present")
    return (
        _environment()
        .get_template("report.html")
        .render(
            report=report,
            shown=shown,
            style=Markup(_style()),  # noqa: S704 - a file of ours
            say=wording,
            few=FEW,
            most=MOST,
            curve=drawn.curve(report.curve) if report.curve else None,
            drift=drawn.drift(report) if report.months else None,
            setups=sorted(report.setups, key=_place),
            sweeps=[drawn.sweep(one) for one in report.sweeps if not _besides(one)],
            besides=[drawn.sweep(one) for one in report.sweeps if _besides(one)],
            of_month=drawn.of_month,
            verdict=verdict(shown.parts.later, recommended=shown.name == "recommended")
            if shown
            else "",
            bar=bar,
            shade=shade,
        )
    )


def verdict(figures: Figures, *, recommended: bool) -> str:
    """What the later part shows, in two sentences."""
    if not figures.cases:
        return "No case of the later part has a known outcome: nothing can be said of it yet."
    named = "the recommended set" if recommended else "the present configuration"
    said = f"On the later part, by which nothing was chosen, {named} alerts {_of(figures.rate)} of cases. "
    if not figures.alerted:
        return said.strip()
    said += f"{_of(figures.precision)} of its alerts were right, and {_of(figures.recall)} of the cases that came out"
    said += " badly were found in time"
    lead = f", half of them at least {wording.hours(figures.lead)} before" if figures.lead else ""
    return f"{said}{lead}."


def bar(sure: Interval | None) -> Markup:
    """A share between 0 and 1 as a dot, with its interval as a line through it."""
    if sure is None:
        return Markup("")
    low, at, high = (
        f"{100 * max(0.0, min(1.0, x)):.1f}" for x in (sure.low, sure.value, sure.high)
    )
    return Markup(
        '<svg class="sure" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        '<path class="rail" d="M0 5H100"/><path class="span" d="M{} 5H{}"/><path class="at" d="M{} 1V9"/></svg>'
    ).format(low, high, at)


def shade(share: float | None) -> str:
    """The class of a cell by how much two rules overlap."""
    return "" if share is None else f"shade{round(SHADES * max(0.0, min(1.0, share)))}"


def _place(one: Setup) -> int:
    """The set that matters most first."""
    known = list(wording.SETUPS)
    return known.index(one.name) if one.name in known else len(known)


def _besides(one: Sweep) -> bool:
    """Whether a tunable is swept with another one set to something else."""
    return "," in one.tunable


def _of(sure: Interval | None) -> str:
    return wording.percent(sure.value if sure else None)


@cache
def _environment() -> Environment:
    made: Any = Environment(
        loader=PackageLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return made  # type: ignore[no-any-return]


@cache
def _style() -> str:
    return files(_TEMPLATES).joinpath("templates", "report.css").read_text("utf-8")
