"""`metrics`: how many alerts wait, and how quickly they are answered."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

from msgspec import Meta, Struct

from bridge.domain.model import Severity
from bridge.store import cases, counts
from bridge.store.keys import Scope
from bridge.store.response import response
from bridge.web.api.alerts import Text
from bridge.web.api.endpoints import Answer, Call, Conditional, Endpoint


class Span(Struct, frozen=True, kw_only=True):
    """Of which alerts."""

    days: Annotated[
        int, Meta(ge=1, le=400, description="Response: of alerts that opened in so many days.")
    ] = 30
    team: Annotated[Text, Meta(description="Only of this team of ours.")] = ""


class Live(Struct, frozen=True, kw_only=True):
    """What is live now."""

    total: int
    unowned: int
    overdue: Annotated[int, Meta(description="Past a goal that was not met.")]
    severity: dict[str, int]
    state: dict[str, int]
    team: dict[str, int]
    rule: Annotated[dict[str, int], Meta(description="An alert counts once for each of its rules.")]


class GoalFigures(Struct, frozen=True, kw_only=True):
    """How a goal fared."""

    name: Annotated[str, Meta(description="acknowledge, contact, resolve or close")]
    alerts: Annotated[int, Meta(description="To which it applied.")]
    in_time: int
    missed: Annotated[int, Meta(description="Met late, or not yet and past its time.")]
    median_seconds: Annotated[
        int | None, Meta(description="From opening until it was met; null where none was.")
    ]


class ResponseFigures(Struct, frozen=True, kw_only=True):
    """What became of the alerts that opened in the span."""

    since: datetime
    opened: int
    resolved: int
    resolved_themselves: int
    useful: int
    not_useful: int
    goals: tuple[GoalFigures, ...]


class Queues(Struct, frozen=True, kw_only=True):
    """What waits to be done."""

    webhooks: int
    unreadable: int
    events: int
    deliveries_due: int
    deliveries_failed: int


class Metrics(Struct, frozen=True, kw_only=True):
    """Figures of the alerts that the key may see."""

    at: datetime
    live: Live
    response: ResponseFigures
    queues: Annotated[Queues | None, Meta(description="For keys of admins; null for others.")]


def get_metrics(call: Call) -> Answer:
    """How many alerts wait, and how quickly they are answered."""
    asked: Span = call.query
    now: datetime = call.bridge.now()
    since = now - timedelta(days=asked.days)
    with call.bridge.engine.begin() as connection:
        live = cases.counts(connection, call.viewer, cases.Filter(team=asked.team), now)
        went = response(connection, call.viewer, since, now, asked.team)
        queues = None
        if call.viewer.teams is None and call.viewer.may(call.viewer.role.ADMIN):
            waiting = counts.in_the_inbox(connection)
            sent = counts.to_be_sent(connection, now)
            queues = Queues(
                webhooks=waiting.waiting,
                unreadable=waiting.unreadable,
                events=counts.unjudged(connection),
                deliveries_due=sent.due,
                deliveries_failed=sent.failed,
            )
    return Answer(
        body=Metrics(
            at=now,
            live=Live(
                total=live.total,
                unowned=live.unowned,
                overdue=live.overdue,
                severity={Severity(int(g)).name.lower(): n for g, n in live.severity.items()},
                state=live.state,
                team={asked.team: live.total} if asked.team else live.team,
                rule=live.rule,
            ),
            response=ResponseFigures(
                since=since,
                opened=went.opened,
                resolved=went.resolved,
                resolved_themselves=went.itself,
                useful=went.useful,
                not_useful=went.useless,
                goals=tuple(
                    GoalFigures(
                        name=goal.name,
                        alerts=goal.many,
                        in_time=goal.in_time,
                        missed=goal.missed,
                        median_seconds=None
                        if goal.median is None
                        else round(goal.median.total_seconds()),
                    )
                    for goal in went.goals
                ),
            ),
            queues=queues,
        )
    )


ENDPOINTS = (
    Endpoint(
        method="GET",
        at="/metrics",
        does=get_metrics,
        scope=Scope.METRICS_READ,
        query=Span,
        headers=Conditional,
        answer=Metrics,
    ),
)
