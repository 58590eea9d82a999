"""Response and recovery against the goals of the loop."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from msgspec import Struct
from sqlalchemy import Connection

from bridge.domain.model import Severity
from bridge.domain.promises import ACKNOWLEDGE, CLOSE, CONTACT, RESOLVE
from bridge.insight.choice import Choice
from bridge.insight.tables import Kind, Row, Table, ratio, table
from bridge.settings.loop import Loop
from bridge.store.figures.loop import Answered, Followed, Goal, Kept, answered, followed, goals

ORDER = (CONTACT, RESOLVE, CLOSE, ACKNOWLEDGE)
"""What matters most stands first."""

NOBODY = Answered(bucket=None, unhappy=0, answered=0, median=None)
UNASKED = Followed(bucket=None, asked=0, heard=0, helped=0)


class Response(Struct, frozen=True, kw_only=True):
    """How the loop was kept in total, and by week or month in tables: a goal's has its name."""

    alerts: int
    goals: Mapping[str, Goal]
    targets: Mapping[str, tuple[tuple[Severity | None, timedelta], ...]]
    answered: Answered
    followed: Followed
    tables: tuple[Table, ...]

    def table(self, name: str) -> Table:
        """One of the tables. Raises StopIteration for one that there isn't."""
        return next(one for one in self.tables if one.name == name)


def targets(loop: Loop) -> dict[str, tuple[tuple[Severity | None, timedelta], ...]]:
    """What is promised, by goal: one length for all, or the gravest severity first; nothing where there is no goal."""
    contact = sorted(loop.contact.items(), reverse=True)
    alike = len(contact) == len(Severity) and len({length for _, length in contact}) == 1
    found: dict[str, tuple[tuple[Severity | None, timedelta], ...]] = {
        CONTACT: ((None, contact[0][1]),) if alike else tuple(contact)
    }
    for name, length in (
        (ACKNOWLEDGE, loop.acknowledge),
        (RESOLVE, loop.resolve),
        (CLOSE, loop.close),
    ):
        found[name] = ((None, length),) if length is not None else ()
    return found


def response(connection: Connection, choice: Choice, now: datetime) -> Response:
    """Reckon."""
    kept = {one.bucket: one for one in goals(connection, choice.scope, now)}
    said = {one.bucket: one for one in answered(connection, choice.scope, choice.lines)}
    asked = {one.bucket: one for one in followed(connection, choice.scope)}
    buckets: tuple[date | None, ...] = (*choice.period.buckets(now), None)
    total = kept.get(None) or Kept(bucket=None, alerts=0, goals={})
    return Response(
        alerts=total.alerts,
        goals={name: total.goals.get(name, Goal()) for name in ORDER},
        targets=targets(choice.settings.loop),
        answered=said.get(None, NOBODY),
        followed=asked.get(None, UNASKED),
        tables=(
            *(_of_goal(name, kept, buckets) for name in ORDER),
            _of_answers(said, buckets),
            _of_questions(asked, buckets),
        ),
    )


def _of_goal(
    name: str, kept: Mapping[date | None, Kept], buckets: tuple[date | None, ...]
) -> Table:
    rows = []
    for bucket in buckets:
        one = kept.get(bucket)
        goal = one.goals[name] if one else Goal()
        rows.append(
            Row(
                cells=(
                    bucket,
                    one.alerts if one else 0,
                    goal.decided,
                    goal.in_time,
                    ratio(goal.in_time, goal.decided),
                    goal.running,
                    goal.median,
                    goal.p90,
                )
            )
        )
    columns = (
        ("from", Kind.BUCKET),
        ("alerts", Kind.COUNT),
        ("decided", Kind.COUNT),
        ("in_time", Kind.COUNT),
        ("share_in_time", Kind.SHARE),
        ("running", Kind.COUNT),
        ("median_hours", Kind.SPAN),
        ("p90_hours", Kind.SPAN),
    )
    return table(name, columns, rows)


def _of_answers(said: Mapping[date | None, Answered], buckets: tuple[date | None, ...]) -> Table:
    found = [said.get(bucket, NOBODY) for bucket in buckets]
    return table(
        "answered",
        (
            ("from", Kind.BUCKET),
            ("unhappy", Kind.COUNT),
            ("answered", Kind.COUNT),
            ("share_answered", Kind.SHARE),
            ("median_hours", Kind.SPAN),
        ),
        [
            Row(cells=(at, o.unhappy, o.answered, ratio(o.answered, o.unhappy), o.median))
            for at, o in zip(buckets, found, strict=True)
        ],
    )


def _of_questions(asked: Mapping[date | None, Followed], buckets: tuple[date | None, ...]) -> Table:
    found = [asked.get(bucket, UNASKED) for bucket in buckets]
    return table(
        "follow_up",
        (
            ("from", Kind.BUCKET),
            ("asked", Kind.COUNT),
            ("heard", Kind.COUNT),
            ("share_heard", Kind.SHARE),
            ("helped", Kind.COUNT),
            ("share_helped", Kind.SHARE),
        ),
        [
            Row(
                cells=(
                    at,
                    o.asked,
                    o.heard,
                    ratio(o.heard, o.asked),
                    o.helped,
                    ratio(o.helped, o.heard),
                )
            )
            for at, o in zip(buckets, found, strict=True)
        ],
    )
