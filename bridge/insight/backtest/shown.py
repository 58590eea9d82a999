"""A backtest's report in a terminal."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from bridge.insight.backtest.report_of import Figures, Report
from bridge.insight.intervals import Interval

_COLUMNS = ("cases", "alerted", "precision", "recall", "lift", "median lead", "life", "pings")


WIDE = 130
"""Columns that the tables need; a terminal with fewer breaks lines, a file is as wide as that."""


LAST_MONTHS = 12


def show(console: Console, report: Report, *, sweeps: bool = False) -> None:
    """Print what matters most, sweeps if asked for; `--json` and `--html` have all of it."""
    if not console.is_terminal:
        console.width = WIDE
    _history(console, report)
    _setups(console, report)
    _rules(console, report)
    _overlap(console, report)
    _months(console, report)
    _managers(console, report)
    if sweeps:
        _sweeps(console, report)
    _recommendation(console, report)
    for warning in report.warnings:
        console.print(f"[yellow]![/] {warning}", highlight=False)
    if report.speed:
        speed = report.speed
        console.print(
            f"{report.history.events:,} events in {speed.seconds:.1f} s: {speed.events_by_second:,.0f} a second",
            style="dim",
            highlight=False,
        )


def _history(console: Console, report: Report) -> None:
    one = report.history
    began = f"{one.began:%Y-%m-%d}" if one.began else "?"
    until = f"{one.until:%Y-%m-%d}" if one.until else "?"
    split = f"{one.split_at:%Y-%m-%d %H:%M}" if one.split_at else "?"
    console.print(
        f"{one.cases:,} cases with {one.events:,} events, {began} to {until}; bad is: {report.outcome}.\n"
        f"The later part are those opened since {split} UTC.",
        highlight=False,
        markup=False,
    )


def _setups(console: Console, report: Report) -> None:
    table = _table("Sets of rules", ("set", "part"))
    for one in report.setups:
        for name, part in (("earlier", one.parts.earlier), ("later", one.parts.later)):
            table.add_row(one.name, name, *_cells(part))
    console.print(table)


def _rules(console: Console, report: Report) -> None:
    table = _table("Rules as they are configured, on all cases", ("rule",))
    for one in report.rules:
        words = one.words if one.tells else f"{one.words} (in shadow)"
        table.add_row(words, *_cells(one.parts.whole))
    if report.rules:
        console.print(table)


def _overlap(console: Console, report: Report) -> None:
    rules = report.overlap.rules
    if len(rules) < 2:
        return
    table = Table(title="Of the cases that a rule alerts, so many are also alerted by …", box=None)
    table.add_column("rule")
    for rule in rules:
        table.add_column(rule, justify="right", overflow="fold")
    for rule, shares in zip(rules, report.overlap.shares, strict=True):
        table.add_row(rule, *("" if s is None else f"{s:.0%}" for s in shares))
    console.print(table)


def _months(console: Console, report: Report) -> None:
    table = _table(f"By month of opening, the last {LAST_MONTHS}", ("month", "set", "bad"))
    for one in report.months[-LAST_MONTHS:]:
        sets = (("present", one.present), ("recommended", one.recommended))
        for name, part in sets:
            if part is not None:
                table.add_row(one.month, name, _percent(part.base), *_cells(part))
    console.print(table)


def _managers(console: Console, report: Report) -> None:
    table = Table(title="Present rules: the busiest managers", box=None)
    for name in ("team", "alerts", "by day", "busiest day"):
        table.add_column(name, justify="left" if name == "team" else "right")
    for one in report.managers[:10]:
        many = (f"{one.alerts:,}", f"{one.by_day:.2f}", str(one.busiest_day))
        table.add_row(one.team or "(none)", *many)
    if report.managers:
        console.print(table)


def _sweeps(console: Console, report: Report) -> None:
    for sweep in report.sweeps:
        table = _table(f"{sweep.tunable}, on the earlier cases", ("value",))
        for point in sweep.points:
            text = f"{point.text} (now)" if point.now else point.text
            table.add_row(text, *_cells(point.parts.earlier))
        console.print(table)


def _recommendation(console: Console, report: Report) -> None:
    one = report.recommendation
    if one is None:
        return
    console.print("\n[bold]Recommended[/]")
    for rule in one.rules:
        console.print(f"  {rule}", highlight=False, markup=False)
    console.print(one.chosen_on, highlight=False, markup=False)
    if one.walk and one.walk.figures.alerted:
        console.print(
            f"Chosen anew {one.walk.steps} times on the way, each time by what was known then: "
            f"{_said(one.walk.figures)}.",
            highlight=False,
        )
    later = next((s.parts.later for s in report.setups if s.name == "recommended"), None)
    if later is not None and later.alerted:
        late = (later.hits + later.late) / later.alerted
        console.print(
            f"On the later part, with alerts that came too late counted as well: precision {late:.2f}.",
            highlight=False,
        )
    for note in one.notes:
        console.print(f"[yellow]![/] {note}", highlight=False)
    if one.toml:
        console.print("\nFor bridge.toml:\n")
        console.print(one.toml, highlight=False, markup=False, soft_wrap=True)


def _said(part: Figures) -> str:
    lead = f"{part.lead:.0f} h" if part.lead is not None else "unknown"
    return (
        f"{_percent(part.rate)} alerted, precision {_percent(part.precision)}, "
        f"recall {_percent(part.recall)}, median lead {lead}"
    )


def _table(title: str, first: Sequence[str]) -> Table:
    table = Table(title=title, box=None, title_justify="left")
    for name in first:
        table.add_column(name)
    for name in _COLUMNS:
        table.add_column(name, justify="right")
    return table


def _cells(part: Figures) -> tuple[str, ...]:
    lift = part.lift
    return (
        f"{part.cases:,}",
        _percent(part.rate),
        _sure(part.precision),
        _sure(part.recall),
        f"{lift.value:.2f} [{lift.low:.2f}-{lift.high:.2f}]" if lift else "",
        f"{part.lead:.0f} h" if part.lead is not None else "",
        f"{part.life:.0%}" if part.life is not None else "",
        f"{part.pings:.2f}" if part.pings is not None else "",
    )


def _percent(one: Interval | None) -> str:
    return f"{one.value:.1%}" if one else ""


def _sure(one: Interval | None) -> str:
    return f"{one.value:.2f} [{one.low:.2f}-{one.high:.2f}]" if one else ""
