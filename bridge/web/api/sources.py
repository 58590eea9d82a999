"""`sources`: how it goes with what comes in, and with those that are asked and written to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated

from msgspec import Meta, Struct
from sqlalchemy import Connection

from bridge.domain.viewing import Role
from bridge.store import arrivals, budgets, counts
from bridge.store.arrivals import Heard
from bridge.store.keys import Scope
from bridge.web.api.endpoints import Answer, Call, Conditional, Endpoint
from bridge.work.behind import reached
from bridge.work.budget import standing

DAY = timedelta(days=1)


class SourceTold(Struct, frozen=True, kw_only=True):
    """A source of webhooks."""

    name: str
    kind: str
    path: Annotated[str, Meta(description='Where it calls; "" where it is asked instead.')]
    signed: Annotated[bool, Meta(description="Whether it has to prove itself.")]
    last_at: Annotated[datetime | None, Meta(description="When the last webhook came.")]
    day: Annotated[int, Meta(description="How many came in 24 hours.")]
    waiting: int
    oldest_waiting_at: datetime | None
    unreadable: int


class LimitTold(Struct, frozen=True, kw_only=True):
    """What is left of a limit of a vendor's account."""

    account: str
    name: str
    many: int
    seconds: Annotated[float, Meta(description="In which there are so many.")]
    left_percent: int
    refused: Annotated[int, Meta(description="How often the vendor said no.")]


class PollTold(Struct, frozen=True, kw_only=True):
    """What a vendor is asked again and again, or is still to be asked."""

    task: str
    many: int
    next_at: datetime
    behind_seconds: Annotated[dict[str, int], Meta(description="How far behind, by whom is asked.")]
    reason: Annotated[str, Meta(description="Why the last was put off.")]


class Sources(Struct, frozen=True, kw_only=True):
    """All sources, and what vendors are asked."""

    sources: tuple[SourceTold, ...]
    limits: tuple[LimitTold, ...]
    polls: tuple[PollTold, ...]


def list_sources(call: Call) -> Answer:
    """How it goes with every source, and with what vendors are asked."""
    now: datetime = call.bridge.now()
    names = list(call.bridge.settings.sources)
    with call.bridge.engine.begin() as connection:
        heard = arrivals.heard(connection, names, now - DAY) if names else {}
        return Answer(
            body=Sources(
                sources=tuple(_source(call, name, heard[name]) for name in names),
                limits=tuple(_limits(connection, now)),
                polls=tuple(_polls(connection, now)),
            )
        )


def _source(call: Call, name: str, heard: Heard) -> SourceTold:
    setting = call.bridge.settings.sources[name]
    return SourceTold(
        name=name,
        kind=setting.source.kind,
        path="" if setting.polled else f"/hooks/{name}",
        signed=not setting.unsigned and not setting.polled,
        last_at=heard.last_at,
        day=heard.lately,
        waiting=heard.waiting,
        oldest_waiting_at=heard.oldest,
        unreadable=heard.unreadable,
    )


def _limits(connection: Connection, now: datetime) -> Iterator[LimitTold]:
    for row in budgets.listing(connection):
        bucket = standing(row, now)
        yield LimitTold(
            account=row.account,
            name=bucket.name,
            many=bucket.many,
            seconds=bucket.per.total_seconds(),
            left_percent=int(100 * bucket.tokens / bucket.many),
            refused=bucket.refused,
        )


def _polls(connection: Connection, now: datetime) -> Iterator[PollTold]:
    for found in counts.to_be_asked(connection):
        come = {key: reached(cursor) for key, cursor in sorted(found.cursors.items())}
        yield PollTold(
            task=found.task,
            many=found.many,
            next_at=found.next,
            behind_seconds={
                key: max(round((now - at).total_seconds()), 0) for key, at in come.items() if at
            },
            reason=found.reason,
        )


ENDPOINTS = (
    Endpoint(
        method="GET",
        at="/sources",
        does=list_sources,
        scope=Scope.SOURCES_READ,
        role=Role.ADMIN,
        headers=Conditional,
        answer=Sources,
    ),
)
