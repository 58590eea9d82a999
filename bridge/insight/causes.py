"""Alerts and causes over time, how many cases had an alert, and how many answers were low."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection

from bridge.domain.model import Severity
from bridge.insight.choice import Choice
from bridge.insight.tables import Kind, Row, Table, ratio, table
from bridge.store.figures.counts import Many, by_cause, by_severity, opened, scored

MOST = 5
"""Causes that a chart tells apart; the table names them all."""

OTHERS = "other causes"
UNTOLD = "not written down"


class Causes(Struct, frozen=True, kw_only=True):
    """Tables by week or month, and the causes in total. `drawn` are the causes that the chart shows, `others` apart."""

    severities: Table
    causes: Table
    drawn: Table
    top: Table
    alerted: Table
    low: Table

    @property
    def tables(self) -> tuple[Table, ...]:
        """All of them."""
        return (self.severities, self.causes, self.top, self.alerted, self.low)


def causes(connection: Connection, choice: Choice, now: datetime) -> Causes:
    """Reckon."""
    buckets = choice.period.buckets(now)
    graves = by_severity(connection, choice.scope)
    found = by_cause(connection, choice.scope)
    totals = Counter[str]()
    for one in found:
        totals[one.part] += one.many
    named = sorted((cause for cause in totals if cause), key=lambda c: (-totals[c], c))
    columns = [*named, *([""] if totals[""] else [])]
    return Causes(
        severities=_stacked("alerts", buckets, graves, sorted(Severity, reverse=True)),
        causes=_stacked("causes", buckets, found, columns),
        drawn=_drawn(buckets, found, named),
        top=_top(totals, named),
        alerted=_alerted(connection, choice, buckets),
        low=_low(connection, choice, buckets),
    )


def _stacked(
    name: str, buckets: Sequence[date], found: Sequence[Many], parts: Sequence[Any]
) -> Table:
    """A column a part, with the total of each week or month, and of all at the end."""
    many = {(one.bucket, one.part): one.many for one in found}
    rows = [[many.get((bucket, part), 0) for part in parts] for bucket in buckets]
    sums = [sum(column) for column in zip(*rows, strict=True)] if rows else [0] * len(parts)
    lines = [*zip(buckets, rows, strict=True), (None, sums)]
    return table(
        name,
        (("from", Kind.BUCKET), ("total", Kind.COUNT), *((_named(p), Kind.COUNT) for p in parts)),
        [Row(cells=(at, sum(cells), *cells)) for at, cells in lines],
    )


def _named(part: Any) -> str:
    if isinstance(part, Severity):
        return part.name.lower()
    return str(part) or UNTOLD


def _drawn(buckets: Sequence[date], found: Sequence[Many], named: Sequence[str]) -> Table:
    """Those with a cause; the rarer ones together."""
    first = named[: MOST if len(named) > MOST + 1 else MOST + 1]
    told = [one for one in found if one.part]
    many = Counter[tuple[date, str]]()
    for one in told:
        many[one.bucket, one.part if one.part in first else OTHERS] += one.many
    shown = [*first, *([OTHERS] if len(first) < len(named) else [])]
    return table(
        "drawn",
        (("from", Kind.BUCKET), *((cause, Kind.COUNT) for cause in shown)),
        [Row(cells=(at, *(many[at, cause] for cause in shown))) for at in buckets],
    )


def _top(totals: Counter[str], named: Sequence[str]) -> Table:
    told = sum(totals[cause] for cause in named)
    rows = [Row(cells=(cause, totals[cause], ratio(totals[cause], told))) for cause in named]
    if totals[""]:
        rows.append(Row(cells=(UNTOLD, totals[""], None), faint=True))
    columns = (("cause", Kind.TEXT), ("alerts", Kind.COUNT), ("share", Kind.SHARE))
    return table("top_causes", columns, rows)


def _alerted(connection: Connection, choice: Choice, buckets: Sequence[date]) -> Table:
    found = {o.bucket: (o.tickets, o.alerted) for o in opened(connection, choice.scope)}
    return _shares("cases_alerted", ("tickets", "alerted", "share_alerted"), buckets, found)


def _low(connection: Connection, choice: Choice, buckets: Sequence[date]) -> Table:
    scores = scored(connection, choice.scope, choice.lines)
    found = {o.bucket: (o.answers, o.low) for o in scores}
    return _shares("low_scores", ("answers", "low", "share_low"), buckets, found)


def _shares(
    name: str,
    columns: tuple[str, str, str],
    buckets: Sequence[date],
    found: dict[date, tuple[int, int]],
) -> Table:
    pairs = [found.get(bucket, (0, 0)) for bucket in buckets]
    sums = (sum(whole for whole, _ in pairs), sum(part for _, part in pairs))
    lines: list[tuple[date | None, tuple[int, int]]] = [
        *zip(buckets, pairs, strict=True),
        (None, sums),
    ]
    kinds = (Kind.COUNT, Kind.COUNT, Kind.SHARE)
    return table(
        name,
        (("from", Kind.BUCKET), *zip(columns, kinds, strict=True)),
        [Row(cells=(at, whole, part, ratio(part, whole))) for at, (whole, part) in lines],
    )
