"""`deliveries`: what was sent, is to be sent, was held or failed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from bridge.domain.model import Action
from bridge.domain.routing import EMAIL
from bridge.domain.viewing import Role
from bridge.store import alerts, audit, sent
from bridge.store import deliveries as store
from bridge.store.keys import Scope
from bridge.web.api.alerts import OfAlert, Text
from bridge.web.api.cursors import Cursor, Limit, read, written
from bridge.web.api.endpoints import Answer, Call, Conditional, Endpoint, Nothing, Once
from bridge.web.api.problems import Kind, Problem
from bridge.web.api.repeats import once
from bridge.work.acting import Forbidden, Unseen, seen
from bridge.work.queue import wake_deliveries

Number = Annotated[int, Meta(ge=1, le=2**63 - 1)]
State = Literal["waiting", "sending", "sent", "held", "failed"]


class OfDelivery(Struct, frozen=True, kw_only=True):
    """One delivery."""

    id: Annotated[Number, Meta(description="Its number.")]


class Asked(Struct, frozen=True, kw_only=True):
    """Which deliveries."""

    state: Annotated[State | None, Meta(description="Only in this state.")] = None
    channel: Annotated[
        Text, Meta(description="Only by this channel: slack, email, sms, or a helpdesk's name.")
    ] = ""
    team: Annotated[Text, Meta(description="Only of alerts of this team.")] = ""
    limit: Limit = 50
    cursor: Cursor = ""


class Part(Struct, frozen=True, kw_only=True):
    """A page of an alert's deliveries."""

    limit: Limit = 50
    cursor: Cursor = ""


class DeliveryTold(Struct, frozen=True, kw_only=True):
    """A delivery, without what it says."""

    id: int
    alert: Annotated[str, Meta(description="The alert's reference.")]
    team: str
    channel: str
    action: Annotated[str, Meta(description="post, edit, reply, broadcast, direct, note, tag …")]
    to: Annotated[str, Meta(description="The channel's own address; a customer's is not told.")]
    why: Annotated[str, Meta(description="What it is sent for.")]
    state: Annotated[str, Meta(description="waiting, sending, sent, held or failed")]
    reason: Annotated[str, Meta(description="Why it waits, was held, or failed.")]
    attempts: int
    not_before: datetime
    created_at: datetime
    tried_at: datetime | None
    sent_at: datetime | None


class DeliveryPage(Struct, frozen=True, kw_only=True):
    """Some deliveries, the newest first."""

    items: tuple[DeliveryTold, ...]
    next: Annotated[str | None, Meta(description="The cursor of the next page; null on the last.")]


def list_deliveries(call: Call) -> Answer:
    """Deliveries of alerts that the key may see, the newest first."""
    asked: Asked = call.query
    wanted = sent.Filter(state=asked.state or "", channel=asked.channel, team=asked.team)
    return _page(call, wanted, asked, asked.limit, asked.cursor)


def list_deliveries_of_alert(call: Call) -> Answer:
    """An alert's deliveries, the newest first."""
    alert = seen(call.bridge, call.viewer, call.path.ref)
    wanted = sent.Filter(alert=alert.number)
    return _page(call, wanted, wanted, call.query.limit, call.query.cursor)


def retry_delivery(call: Call) -> Answer:
    """Try a failed or held delivery again, now; or one that waits, sooner."""
    number: int = call.path.id
    with call.bridge.engine.begin() as connection:
        found = sent.find(connection, call.viewer, number)
        alert = alerts.named(connection, found.ref) if found else None
    if alert is None:
        raise Unseen(f"no delivery {number}")
    if not call.viewer.acts_on(alert):
        raise Forbidden(f"delivery {number}: you may look at it, and not act on it")
    return once(call, lambda: _retried(call, number))


def _retried(call: Call, number: int) -> Answer:
    now = call.bridge.now()
    with call.bridge.engine.begin() as connection:
        before = sent.find(connection, call.viewer, number)
        ids = store.retry(connection, [number], now)
        wake_deliveries(connection, ids)
        after = sent.find(connection, call.viewer, number)
        if after is None or before is None:
            raise Unseen(f"no delivery {number}")
        if not ids:
            why = f"it is {after.state}"
            if after.state in (store.HELD, store.FAILED):
                why += ", and a newer edit of the same message waits"
            raise Problem(Kind.REFUSED, f"delivery {number} can't be tried again: {why}")
        audit.write(
            connection,
            now,
            who=str(call.viewer.who),
            via="api",
            what="delivery retried",
            object=f"delivery:{number}",
            before={"state": before.state, "reason": before.reason},
            after={"state": after.state},
        )
    return Answer(body=_told(after), status=200)


def _page(call: Call, wanted: sent.Filter, asked: Struct, limit: int, cursor: str) -> Answer:
    before = read(cursor, Number, asked)
    with call.bridge.engine.begin() as connection:
        rows = sent.page(connection, call.viewer, wanted, limit=limit + 1, before=before)
    more, rows = rows[limit:], rows[:limit]
    return Answer(
        body=DeliveryPage(
            items=tuple(map(_told, rows)),
            next=written(rows[-1].id, asked) if more else None,
        )
    )


def _told(one: sent.Sent) -> DeliveryTold:
    to_customer = one.action == Action.FOLLOW_UP.value and one.channel == EMAIL
    return DeliveryTold(
        id=one.id,
        alert=one.ref,
        team=one.team,
        channel=one.channel,
        action=one.action,
        to="the customer" if to_customer else one.to,
        why=one.why,
        state=one.state,
        reason=one.reason,
        attempts=one.attempts,
        not_before=one.not_before,
        created_at=one.created_at,
        tried_at=one.tried_at,
        sent_at=one.sent_at,
    )


ENDPOINTS = (
    Endpoint(
        method="GET",
        at="/alerts/{ref}/deliveries",
        does=list_deliveries_of_alert,
        scope=Scope.DELIVERIES_READ,
        path=OfAlert,
        query=Part,
        headers=Conditional,
        answer=DeliveryPage,
    ),
    Endpoint(
        method="GET",
        at="/deliveries",
        does=list_deliveries,
        scope=Scope.DELIVERIES_READ,
        query=Asked,
        headers=Conditional,
        answer=DeliveryPage,
    ),
    Endpoint(
        method="POST",
        at="/deliveries/{id}/retry",
        does=retry_delivery,
        scope=Scope.DELIVERIES_WRITE,
        role=Role.MANAGER,
        path=OfDelivery,
        body=Nothing,
        headers=Once,
        answer=DeliveryTold,
        problems=(Kind.REFUSED,),
    ),
)
