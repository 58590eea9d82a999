"""Which figures are drawn, and how: each chart with what it shows and the table behind it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flask_babel import gettext
from msgspec import Struct

from bridge.domain.model import Severity
from bridge.domain.promises import ACKNOWLEDGE, CLOSE, CONTACT, RESOLVE
from bridge.insight.causes import OTHERS, Causes
from bridge.insight.effect import Effect
from bridge.insight.recovery import Recovery
from bridge.insight.response import Response
from bridge.insight.satisfaction import Satisfaction
from bridge.insight.shadow import LIVE, Shadows
from bridge.insight.tables import Table
from bridge.web.pages.insight import findings
from bridge.web.pages.insight.charts import Chart, Series, chart
from bridge.web.pages.insight.shown import day, percent
from bridge.web.pages.insight.wording import GOALS, heading, rule

_LOOKS: Mapping[str, str] = {CONTACT: "c1", RESOLVE: "c2", CLOSE: "c3", ACKNOWLEDGE: "c4"}
_RELATIONS: Mapping[str, str] = {
    "stayed": "good",
    "at_risk": "risk",
    "left": "bad",
    "unknown": "none",
}


class Figure(Struct, frozen=True, kw_only=True):
    """A chart, or None where it would show a single point, with its title and the tables behind it."""

    title: str
    chart: Chart | None
    finding: str
    tables: tuple[Table, ...]


def in_time(found: Response, step: str) -> Figure:
    """The share of goals met, over time."""
    tables = [found.table(name) for name in GOALS if found.targets[name]]
    finding = gettext(
        "Contacted in time: %(finding)s",
        finding=findings.of_share(found.table(CONTACT), "share_in_time"),
    )
    series = [
        Series(
            name=str(GOALS[one.name]),
            look=_LOOKS[one.name],
            values=tuple(one.column("share_in_time")[:-1]),
        )
        for one in tables
    ]
    drawn = chart("lines", series, _labels(found.tables[0], step), finding, shares=True, top=1.0)
    title = gettext("Goals met, by when the alert opened")
    return Figure(title=title, chart=drawn, finding=finding, tables=tuple(tables))


def answered(found: Response, step: str) -> Figure:
    """The share of unhappy customers who were answered, over time."""
    given = found.table("answered")
    title = gettext("Unhappy customers who were answered")
    return _share(given, "share_answered", title, "c1", step, top=1.0)


def severities(found: Causes, step: str) -> Figure:
    """Alerts over time, by severity, the gravest at the bottom."""
    table = found.severities
    looks = {severity.name.lower(): severity.name.lower() for severity in Severity}
    finding = findings.of_counts(table)
    drawn = chart("stacked", _columns(table, looks, 2), _labels(table, step), finding)
    return Figure(
        title=gettext("Alerts by severity"), chart=drawn, finding=finding, tables=(table,)
    )


def causes(found: Causes, step: str) -> Figure:
    """Causes over time, as far as they are written down."""
    table = found.drawn
    names = [column.name for column in table.columns[1:]]
    looks = {name: "none" if name == OTHERS else f"c{n}" for n, name in enumerate(names, 1)}
    finding = findings.of_parts(table)
    drawn = chart("stacked", _columns(table, looks, 1), _labels(table, step, total=False), finding)
    title = gettext("Causes that were written down")
    return Figure(
        title=title, chart=drawn if names else None, finding=finding, tables=(found.causes,)
    )


def alerted(found: Causes, step: str) -> Figure:
    """The share of cases that had an alert."""
    title = gettext("Share of tickets that had an alert")
    return _share(found.alerted, "share_alerted", title, "c1", step)


def low(found: Causes, step: str) -> Figure:
    """The share of answers that were low."""
    return _share(found.low, "share_low", gettext("Share of answers with a low score"), "c2", step)


def satisfied(found: Satisfaction, step: str) -> Figure:
    """Satisfied customers with an alert and without, over time."""
    table = found.over_time
    one, other = "alerted_share_satisfied", "others_share_satisfied"
    finding = findings.of_two(table, one, other)
    series = [
        Series(name=name, look=look, values=tuple(table.column(column)))
        for name, look, column in (
            (gettext("With an alert"), "c2", one),
            (gettext("Without"), "c1", other),
        )
    ]
    labels = _labels(table, step, total=False)
    drawn = chart("lines", series, labels, finding, shares=True, top=1.0)
    title = gettext("Satisfied customers over time")
    return Figure(title=title, chart=drawn, finding=finding, tables=(table,))


def low_over_time(found: Effect, step: str) -> Figure:
    """The share of low scores, with what it lies between."""
    table = next(one for one in found.tables if one.name == "low_over_time")
    values = table.column("share_low")
    told = [value for value in values if value is not None]
    finding = (
        gettext(
            "%(first)s at first, %(last)s at last", first=percent(told[0]), last=percent(told[-1])
        )
        if told
        else ""
    )
    series = [
        Series(name=name, look=look, values=tuple(table.column(column)))
        for name, look, column in (
            (gettext("Share of low scores"), "c2", "share_low"),
            (gettext("at least"), "c3", "share_low_at_least"),
            (gettext("at most"), "c3", "share_low_at_most"),
        )
    ]
    drawn = chart("lines", series, _labels(table, step, total=False), finding, shares=True)
    title = gettext("Share of answers with a low score, with its 95 % interval")
    return Figure(title=title, chart=drawn, finding=finding, tables=(table,))


def in_shadow(found: Shadows, step: str) -> Figure:
    """What rules in shadow found over time, beside what was rung."""
    table = found.weeks
    names = [column.name for column in table.columns[1:]]
    looks = dict(zip(names, ("none", "c1", "c2", "c3", "c4", "c5", "c6"), strict=False))
    finding = ""
    if len(names) > 1:
        finding = gettext(
            "Rung by live rules: %(live)s; found in shadow: %(shadow)s",
            live=sum(table.column(LIVE)),
            shadow=sum(sum(table.column(name)) for name in names[1:]),
        )
    series = [
        Series(
            name=heading(name) if name == LIVE else rule(name),
            look=looks.get(name, "c6"),
            values=tuple(table.column(name)),
        )
        for name in names[1:] + names[:1]
    ]
    drawn = chart("stacked", series, _labels(table, step, total=False), finding)
    title = gettext("Found in shadow, on top of what was rung")
    return Figure(
        title=title, chart=drawn if len(names) > 1 else None, finding=finding, tables=(table,)
    )


def became(found: Recovery) -> Figure:
    """What became of recovered customers, by months since."""
    table = found.recovered
    labels = [gettext("%(many)s months", many=row.cells[0]) for row in table.rows]
    sums = table.column("due") if table else []
    series = [
        Series(
            name=heading(name),
            look=look,
            values=tuple(
                part / whole if whole else None
                for part, whole in zip(table.column(name), sums, strict=True)
            ),
        )
        for name, look in _RELATIONS.items()
        if table
    ]
    finding = ""
    if table and sums[0]:
        finding = gettext(
            "After %(months)s months %(stayed)s of %(many)s recovered customers had stayed",
            months=table.rows[0].cells[0],
            stayed=table.column("stayed")[0],
            many=sums[0],
        )
    drawn = chart("stacked", series, labels, finding, shares=True, top=1.0)
    title = gettext("How recovered customers stand, months later")
    return Figure(title=title, chart=drawn, finding=finding, tables=(table,))


def _share(
    table: Table, column: str, title: str, look: str, step: str, *, top: float | None = None
) -> Figure:
    finding = findings.of_share(table, column)
    series = [Series(name=heading(column), look=look, values=tuple(table.column(column)[:-1]))]
    drawn = chart("lines", series, _labels(table, step), finding, shares=True, top=top)
    return Figure(title=title, chart=drawn, finding=finding, tables=(table,))


def _columns(table: Table, looks: Mapping[str, str], skipped: int) -> list[Series]:
    rows = table.rows if skipped == 1 else table.rows[:-1]
    return [
        Series(
            name=heading(column.name),
            look=looks[column.name],
            values=tuple(row.cells[at] for row in rows),
        )
        for at, column in enumerate(table.columns)
        if at >= skipped and any(row.cells[at] for row in rows)
    ]


def _labels(table: Table, step: str, *, total: bool = True) -> Sequence[str]:
    rows = table.rows[:-1] if total else table.rows
    return [day(row.cells[0], step) for row in rows]
