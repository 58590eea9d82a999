"""`alerts`: what waits for whom, and all that is known of one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct
from sqlalchemy import Connection

from bridge.domain.model import Alert, Severity
from bridge.store import alerts as store
from bridge.store import cases, tickets
from bridge.store.keys import Scope
from bridge.web.api.alert_shapes import (
    AlertLine,
    AlertWhole,
    Grave,
    Story,
    line,
    story_line,
    whole,
)
from bridge.web.api.cursors import Cursor, Limit, read, written
from bridge.web.api.endpoints import Answer, Call, Conditional, Endpoint
from bridge.web.api.reading import NO_NUL, Moment
from bridge.work.acting import foreseen, seen
from bridge.work.telling import message

Text = Annotated[str, Meta(max_length=200, pattern=NO_NUL)]


class OfAlert(Struct, frozen=True, kw_only=True):
    """One alert."""

    ref: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=40,
            pattern=r"^[A-Za-z0-9-]+$",
            description="The alert's reference, as in each message: AB-1A2B3C4D.",
        ),
    ]


class OfTicket(Struct, frozen=True, kw_only=True):
    """One ticket."""

    desk: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=50,
            pattern=r"^[\w-]+$",
            description="The helpdesk's name in the configuration.",
        ),
    ]
    key: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=100,
            pattern=r"^[A-Za-z0-9_-]+$",
            description="The helpdesk's own id of the ticket.",
        ),
    ]


class OneTicketsAlerts(Struct, frozen=True, kw_only=True):
    """A page of a ticket's alerts."""

    limit: Limit = 50
    cursor: Cursor = ""


class Listed(Struct, frozen=True, kw_only=True):
    """Which alerts."""

    state: Annotated[
        Literal["live", "open", "acknowledged", "contacted", "resolved", "all"],
        Meta(description="How far they have come; live are all but resolved ones."),
    ] = "live"
    severity: Annotated[Grave | None, Meta(description="Of this severity.")] = None
    team: Annotated[Text, Meta(description="Of this team of ours, by its name.")] = ""
    rule: Annotated[Text, Meta(description="With a reason of this rule.")] = ""
    owner: Annotated[
        Text,
        Meta(
            description="Whose: nobody, somebody, or an e-mail address (or key, where there is none)."
        ),
    ] = ""
    ticket: Annotated[Text, Meta(description="About this ticket: <desk>:<id>.")] = ""
    text: Annotated[
        Text,
        Meta(
            description="Found in reference, ticket, title, headlines, or the customer's name and address."
        ),
    ] = ""
    since: Annotated[Moment, Meta(description="Opened then or later.")] | None = None
    until: Annotated[Moment, Meta(description="Opened before.")] | None = None
    due_by: Annotated[Moment, Meta(description="With a goal that is due by then.")] | None = None
    limit: Limit = 50
    cursor: Cursor = ""


class AlertPage(Struct, frozen=True, kw_only=True):
    """Some alerts: live ones by severity, the goal due next, and age; else the newest first."""

    items: tuple[AlertLine, ...]
    next: Annotated[str | None, Meta(description="The cursor of the next page; null on the last.")]


class Place(Struct, frozen=True, array_like=True):
    """After which alert a page begins."""

    severity: Annotated[int, Meta(ge=0, le=1000)]
    due_at: Moment | None
    number: Annotated[int, Meta(ge=0, le=2**63 - 1)]


def list_alerts(call: Call) -> Answer:
    """Alerts, most urgent first."""
    asked: Listed = call.query
    wanted = cases.Filter(
        team=asked.team,
        rule=asked.rule,
        severity=Severity[asked.severity.upper()] if asked.severity else None,
        state="" if asked.state == "all" else asked.state,
        owner=asked.owner,
        subject=asked.ticket,
        text=asked.text,
        since=asked.since,
        until=asked.until,
        due_by=asked.due_by,
        titles=not call.viewer.hides.words,
        customers=not call.viewer.hides.names,
    )
    return _page(call, wanted, asked, asked.limit, asked.cursor)


def list_alerts_of_ticket(call: Call) -> Answer:
    """A ticket's alerts, the newest first.

    A ticket that isn't known, or that only others may see, has none.
    """
    of: OfTicket = call.path
    asked: OneTicketsAlerts = call.query
    wanted = cases.Filter(subject=f"{of.desk}:{of.key}", state="")
    return _page(call, wanted, wanted, asked.limit, asked.cursor)


def get_alert(call: Call) -> Answer:
    """An alert with its reasons, goals and people."""
    alert = seen(call.bridge, call.viewer, call.path.ref)
    with call.bridge.snapshot() as connection:
        now = store.named(connection, alert.ref) or alert
        [soon] = foreseen(connection, [now])
        return Answer(body=told(call, connection, soon))


def get_story(call: Call) -> Answer:
    """What became of an alert, from the beginning: who did what, when and from where."""
    alert = seen(call.bridge, call.viewer, call.path.ref)
    with call.bridge.engine.begin() as connection:
        steps = store.told_of(connection, alert.number)
    hide = call.bridge.redaction
    return Answer(body=Story(items=tuple(story_line(step, hide) for step in steps)))


def told(call: Call, connection: Connection, alert: Alert) -> AlertWhole:
    """All of an alert as it is."""
    now: datetime = call.bridge.now()
    ticket = tickets.find(connection, alert.subject)
    name = ticket.name if ticket else ""
    shown = call.bridge.redaction.alert(alert)
    return whole(shown, message(call.bridge, connection, alert), name, now)


def _page(call: Call, wanted: cases.Filter, asked: Struct, limit: int, cursor: str) -> Answer:
    place = read(cursor, Place, asked)
    after = cases.After(place.severity, place.due_at, place.number) if place else None
    with call.bridge.engine.begin() as connection:
        page = cases.page(connection, call.viewer, wanted, limit=limit, after=after)
    more = Place(page.after.severity, page.after.due_at, page.after.number) if page.after else None
    return Answer(
        body=AlertPage(
            items=tuple(line(case, call.bridge.redaction) for case in page.cases),
            next=written(more, asked) if more else None,
        )
    )


ENDPOINTS = (
    Endpoint(
        method="GET",
        at="/alerts",
        does=list_alerts,
        scope=Scope.ALERTS_READ,
        query=Listed,
        headers=Conditional,
        answer=AlertPage,
    ),
    Endpoint(
        method="GET",
        at="/alerts/{ref}",
        does=get_alert,
        scope=Scope.ALERTS_READ,
        path=OfAlert,
        headers=Conditional,
        answer=AlertWhole,
    ),
    Endpoint(
        method="GET",
        at="/alerts/{ref}/story",
        does=get_story,
        scope=Scope.ALERTS_READ,
        path=OfAlert,
        headers=Conditional,
        answer=Story,
    ),
    Endpoint(
        method="GET",
        at="/tickets/{desk}:{key}/alerts",
        does=list_alerts_of_ticket,
        scope=Scope.ALERTS_READ,
        path=OfTicket,
        query=OneTicketsAlerts,
        headers=Conditional,
        answer=AlertPage,
    ),
)
