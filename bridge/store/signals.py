"""Signals of cases, each once, and how many of them there were by subject and hour.

What a case adds is written with the case itself; a batch then adds it to the counts. So no two workers wait for a row
that stands for many cases.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from sqlalchemy import Connection, delete, func, select, text, tuple_
from sqlalchemy.dialects.postgresql import insert

from bridge.domain.signals import Signal
from bridge.store.schema import counts, signals, tickets

Key = tuple[str, str]
"""A series: a subject and a kind of signal."""


class Given(Struct, frozen=True, kw_only=True):
    """A signal with the ticket it is from, our team that answers for it, and the subjects it counts for."""

    signal: Signal
    subject: str
    team: str
    topics: tuple[str, ...]


class Taken(Struct, frozen=True):
    """A signal to be counted."""

    kind: str
    at: datetime
    value: float | None
    topics: list[str]


class Case(Struct, frozen=True):
    """A case that counted within a window: its ticket, what people call that, our team, and its topics."""

    subject: str
    name: str
    team: str
    topics: tuple[str, ...]


def add(connection: Connection, given: Sequence[Given]) -> int:
    """Keep signals that are not known yet; how many were new."""
    if not given:
        return 0
    rows = [
        {
            "at": one.signal.at,
            "kind": one.signal.kind,
            "subject": one.subject,
            "about": one.signal.about,
            "team": one.team,
            "agent": one.signal.agent,
            "topics": list(one.topics),
            "value": one.signal.value,
            "note": one.signal.note,
        }
        for one in given
    ]
    query = insert(signals).on_conflict_do_nothing().returning(signals.c.id)
    return len(connection.execute(query, rows).all())


def take(connection: Connection, limit: int) -> list[Taken]:
    """The oldest signals that nobody has counted: they are the caller's to count, in this transaction."""
    rows = connection.execute(
        text("""
            WITH waiting AS (
                SELECT id FROM signals WHERE NOT counted ORDER BY id LIMIT :many FOR UPDATE SKIP LOCKED)
            UPDATE signals AS s SET counted = true FROM waiting WHERE s.id = waiting.id
            RETURNING s.kind, s.at, s.value, s.topics
        """),
        {"many": limit},
    )
    return [Taken(*row) for row in rows]


def count(
    connection: Connection, sums: Mapping[tuple[str, str, datetime], Sequence[float]]
) -> None:
    """Add to the counts: how many, and the sum of their values, by subject, kind and hour."""
    if not sums:
        return
    query = insert(counts)
    added = query.on_conflict_do_update(
        index_elements=["subject", "kind", "hour"],
        set_={
            "many": counts.c.many + query.excluded.many,
            "total": counts.c.total + query.excluded.total,
        },
    )
    rows = [
        {"subject": subject, "kind": kind, "hour": hour, "many": int(many), "total": total}
        for (subject, kind, hour), (many, total) in sorted(sums.items())
    ]
    connection.execute(added, rows)


def series(
    connection: Connection, keys: Iterable[Key], since: datetime
) -> dict[Key, dict[datetime, int]]:
    """The counts by hour of these series, from an hour on."""
    wanted = sorted(set(keys))
    found: dict[Key, dict[datetime, int]] = {key: {} for key in wanted}
    if wanted:
        query = select(counts.c.subject, counts.c.kind, counts.c.hour, counts.c.many).where(
            tuple_(counts.c.subject, counts.c.kind).in_(wanted), counts.c.hour >= since
        )
        for subject, kind, hour, many in connection.execute(query):
            found[subject, kind][hour] = many
    return found


class Known(Struct, frozen=True):
    """Since when the series of one family and kind are counted, and how many there are."""

    since: datetime
    many: int


def families(connection: Connection, kinds: Sequence[str], since: datetime) -> dict[Key, Known]:
    """All series of topics and teams that were counted from an hour on, by family and kind.

    A family are the topics made of the same thing, "topic:zendesk:brand"; all teams are one.
    """
    rows = connection.execute(
        text("""
            SELECT CASE WHEN subject LIKE 'topic:%' AND split_part(subject, ':', 4) <> ''
                        THEN concat_ws(':', 'topic', split_part(subject, ':', 2), split_part(subject, ':', 3))
                        ELSE split_part(subject, ':', 1) END AS family,
                   kind, min(hour), count(DISTINCT subject)
            FROM counts WHERE hour >= :since AND kind = ANY(CAST(:kinds AS text[]))
            AND (subject LIKE 'topic:%' OR subject LIKE 'team:%') GROUP BY 1, 2
        """),
        {"since": since, "kinds": list(kinds)},
    )
    return {(family, kind): Known(first, many) for family, kind, first, many in rows}


def cases(
    connection: Connection, key: Key, since: datetime, until: datetime, limit: int = 200
) -> list[Case]:
    """The newest cases that counted for a series from a time to another, the newest first, each once."""
    subject, kind = key
    name = tickets.c.state["name"].astext
    query = (
        select(signals.c.subject, func.coalesce(name, ""), signals.c.team, signals.c.topics)
        .outerjoin(tickets, tickets.c.id == signals.c.subject)
        .where(
            signals.c.at >= since,
            signals.c.at < until,
            signals.c.kind == kind,
            signals.c.topics.contains([subject]),
        )
        .order_by(signals.c.at.desc(), signals.c.id.desc())
        .limit(limit)
    )
    found: dict[str, Case] = {}
    for one, called, team, topics in connection.execute(query):
        found.setdefault(one, Case(one, called, team, tuple(topics)))
    return list(found.values())


def topics_of(connection: Connection, subjects: Sequence[str]) -> dict[str, frozenset[str]]:
    """The topics for which the signals of tickets counted."""
    query = select(signals.c.subject, signals.c.topics).where(
        signals.c.subject == func.any(list(subjects))
    )
    found: dict[str, set[str]] = defaultdict(set)
    for subject, topics in connection.execute(query):
        found[subject] |= set(topics)
    return {subject: frozenset(topics) for subject, topics in found.items()}


def forget(connection: Connection, before: datetime, limit: int) -> int:
    """Delete signals from before a time, and what was counted then; how many rows."""
    old = select(signals.c.id).where(signals.c.at < before).order_by(signals.c.at).limit(limit)
    many = connection.execute(delete(signals).where(signals.c.id.in_(old))).rowcount
    key = tuple_(counts.c.subject, counts.c.kind, counts.c.hour)
    past = select(counts.c.subject, counts.c.kind, counts.c.hour).where(counts.c.hour < before)
    first = past.order_by(counts.c.hour).limit(limit)
    return many + connection.execute(delete(counts).where(key.in_(first))).rowcount
