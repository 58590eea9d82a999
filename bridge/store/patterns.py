"""How low scores, thin updates and causes spread over agents, topics and processes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import Connection, text

from bridge.domain.patterns import Share


class Around(Struct, frozen=True, kw_only=True):
    """What was counted around one subject: low scores of all answers, thin updates of all; our team most concerned."""

    name: str
    team: str
    low: Share
    thin: Share


_BAD = """
    mode() WITHIN GROUP (ORDER BY team) AS team,
    count(*) FILTER (WHERE kind = 'low') AS low, count(*) FILTER (WHERE kind = 'answered') AS answered,
    count(*) FILTER (WHERE kind = 'thin') AS thin, count(*) FILTER (WHERE kind = 'update') AS updates
"""
_KINDS = "('low', 'answered', 'thin', 'update')"


def by_agent(connection: Connection, since: datetime) -> list[Around]:
    """Around each agent, "<desk>:<id>", since then."""
    query = text(f"""
        SELECT agent AS name, {_BAD} FROM signals
        WHERE at >= :since AND agent <> '' AND kind IN {_KINDS} GROUP BY agent ORDER BY agent
    """)  # noqa: S608 - constants
    return [_around(row) for row in connection.execute(query, {"since": since})]


def by_topic(connection: Connection, since: datetime) -> list[Around]:
    """Around each topic since then."""
    query = text(f"""
        SELECT topic AS name, {_BAD} FROM signals, unnest(topics) AS topic
        WHERE at >= :since AND kind IN {_KINDS} AND topic LIKE 'topic:%' GROUP BY topic ORDER BY topic
    """)  # noqa: S608 - constants
    return [_around(row) for row in connection.execute(query, {"since": since})]


class Caused(Struct, frozen=True):
    """How many alerts that people resolved had a cause, lately and before, and our team most concerned."""

    cause: str
    team: str
    lately: int
    before: int


def by_cause(connection: Connection, before: datetime, since: datetime) -> list[Caused]:
    """The causes of the alerts about tickets that ended after `before`; lately is since then."""
    rows = connection.execute(
        text("""
            SELECT cause, mode() WITHIN GROUP (ORDER BY team), count(*) FILTER (WHERE ended_at >= :since),
                   count(*) FILTER (WHERE ended_at < :since)
            FROM alerts WHERE ended_at >= :before AND cause <> '' GROUP BY cause ORDER BY cause
        """),
        {"before": before, "since": since},
    )
    return [Caused(*row) for row in rows]


def newest(
    connection: Connection, subject: str, kind: str, since: datetime, limit: int
) -> list[str]:
    """What people call the newest tickets with a signal of this kind about an agent ("agent:…") or a topic."""
    what, _, rest = subject.partition(":")
    mine = "s.agent = :name" if what == "agent" else "s.topics @> ARRAY[:name]"
    rows = connection.execute(
        text(f"""
            SELECT COALESCE(NULLIF(t.state ->> 'name', ''), split_part(s.subject, ':', 2)) AS called
            FROM signals AS s LEFT JOIN tickets AS t ON t.id = s.subject
            WHERE s.at >= :since AND s.kind = :kind AND {mine} ORDER BY s.at DESC LIMIT :many
        """),  # noqa: S608 - constants
        {
            "name": rest if what == "agent" else subject,
            "kind": kind,
            "since": since,
            "many": limit,
        },
    )
    return list(dict.fromkeys(rows.scalars()))


def _around(row: Any) -> Around:
    return Around(
        name=row.name,
        team=row.team or "",
        low=Share(row.low, row.answered),
        thin=Share(row.thin, row.updates),
    )
