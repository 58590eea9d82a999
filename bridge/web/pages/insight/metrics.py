"""`/insight/metrics/<subject>/<metric>`: what a figure did, beside what is usual; alerts about figures lead here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from flask import Blueprint, abort, render_template
from flask_babel import format_datetime, gettext

from bridge.domain.metrics import KINDS, SHARES, amount, called, parted
from bridge.domain.model import Ticket
from bridge.insight.metric import Metric, metric
from bridge.store import workload
from bridge.web.pages.here import bridge, viewer
from bridge.web.pages.insight.charts import Chart, Series, chart
from bridge.web.pages.times import pattern, zone

MOST_PARTS = 6
"""Categories with a colour of their own; the rarer ones are drawn as one."""

MOST_SUBJECTS = 200


def add(routes: Blueprint) -> None:
    """A page of all that is measured, and one for each metric."""
    routes.add_url_rule("/metrics", "measured", _all)
    routes.add_url_rule("/metrics/<path:subject>/<metric>", "metric", _one)


def _all() -> str:
    with bridge().engine.begin() as connection:
        found = workload.subjects(connection, KINDS, MOST_SUBJECTS)
    rows = [(one, _metrics(one)) for one in found if _may_see(one)]
    return render_template(
        "insight/metrics.html", rows=[row for row in rows if row[1]], amount=amount, called=called
    )


def _one(subject: str, metric: str) -> str:
    found = _found(subject, metric)
    return render_template(
        "insight/metric.html",
        found=found,
        chart=_drawn(found),
        finding=_finding(found),
        amount=amount,
        called=called,
        others=[name for name in _metrics(found.subject) if name != metric],
    )


def _found(subject: str, name: str) -> Metric:
    """The metric. Answers 404 for one that there isn't, and for whoever may not see it."""
    with bridge().engine.begin() as connection:
        found = metric(connection, bridge().settings, subject, name)
    if found is None or subject.partition(":")[0] not in KINDS or not _may_see(found.subject):
        abort(404)
    return found


def _may_see(subject: Ticket) -> bool:
    """Whether the viewer sees alerts of the team that answers for it."""
    mine = viewer().teams
    if mine is None:
        return True
    return (subject.team or (subject.key if subject.desk == "team" else "")) in mine


def _metrics(subject: Ticket) -> dict[str, float | None]:
    """Each metric of a subject with its newest figure, of a distribution none."""
    found: dict[str, float | None] = {}
    for name, figures in subject.measures.items():
        split = parted(name)
        found[split[0] if split else name] = None if split or not figures else figures[-1].value
    return found


def _drawn(found: Metric) -> Chart | None:
    finding = _finding(found)
    if found.parts:
        return chart("stacked", _parts(found), _labels(found.times), finding)
    values = [point.figure.value for point in found.points]
    if min(values) < 0:  # the axis of our charts begins at 0
        return None
    series = [Series(name=found.title, look="c1", values=tuple(values))]
    if any(point.band for point in found.points):
        for name, look, edge in (
            (gettext("Usually at most"), "c2", "high"),
            (gettext("Usually at least"), "c4", "low"),
        ):
            drawn = [max(getattr(p.band, edge), 0.0) if p.band else None for p in found.points]
            series.append(Series(name=name, look=look, values=tuple(drawn)))
    for limit in found.limits:
        for line in (limit.above, limit.below):
            if line is not None:
                name = gettext("The line “%(name)s”", name=limit.name)
                series.append(Series(name=name, look="c3", values=(line,) * len(values)))
    times = [point.figure.at for point in found.points]
    return chart("lines", series, _labels(times), finding, shares=found.name in SHARES)


def _parts(found: Metric) -> list[Series]:
    """The categories, the most frequent first; those beyond the colours together."""
    ranked = sorted(found.parts, key=lambda name: -sum(found.parts[name]))
    kept, rest = ranked[: MOST_PARTS - 1], ranked[MOST_PARTS - 1 :]
    if len(rest) == 1:
        kept, rest = ranked, []
    series = [
        Series(name=name, look=f"c{n}", values=found.parts[name]) for n, name in enumerate(kept, 1)
    ]
    if rest:
        columns = zip(*(found.parts[name] for name in rest), strict=True)
        values = tuple(sum(column) for column in columns)
        series.append(Series(name=gettext("All others"), look="none", values=values))
    return series


def _labels(times: Sequence[datetime]) -> list[str]:
    """Days; with the hour where there are several in a day."""
    here = [at.astimezone(zone()) for at in times]
    often = len({at.date() for at in here}) < len(here)
    form = pattern("d MMM HH:mm" if often else "d MMM")
    return [str(format_datetime(at, form)) for at in times]


def _finding(found: Metric) -> str:
    """What the newest figure is, in a sentence."""
    if found.parts:
        return str(gettext("%(many)s categories", many=len(found.parts)))
    last = found.points[-1]
    told = gettext("Now %(value)s", value=amount(found.name, last.figure.value))
    if last.band is None:
        return str(gettext("%(now)s; too few figures to say what is usual", now=told))
    words: str = gettext(
        "%(now)s, usually %(middle)s, between %(low)s and %(high)s",
        now=told,
        middle=amount(found.name, last.band.middle),
        low=amount(found.name, max(last.band.low, 0.0)),
        high=amount(found.name, last.band.high),
    )
    return words
