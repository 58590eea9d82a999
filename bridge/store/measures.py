"""Figures of all that we do, from the database alone: any process can tell them for all.

Each costs as much as there is live, waiting, or of the last hour, and never as much as there ever was. What only grows
is read off the numbers that rows are given: they are never given twice, and are there still when rows are forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, text

HOUR = timedelta(hours=1)
PATIENCE_MS = 5_000
"""So long for each question."""

Row = tuple[tuple[str, ...], float]
"""Values of labels, and the figure."""

NUMBERED = {
    "webhooks": "inbox",
    "events": "events",
    "deliveries": "deliveries",
    "notices": "notices",
}
"""What is counted by its numbers, and the table that gives them."""

_LABELLED: dict[str, str] = {
    "webhooks_last_hour": """
        SELECT source, state, count(*) FROM inbox WHERE received_at > :hour GROUP BY 1, 2
    """,
    "alerts_live": """
        SELECT team, CASE severity WHEN 40 THEN 'critical' WHEN 30 THEN 'high' WHEN 20 THEN 'warning'
               ELSE 'info' END, state, count(*)
        FROM alerts WHERE state <> 'resolved' GROUP BY 1, 2, 3
    """,
    "alerts_live_by_rule": """
        SELECT rule, count(*) FROM alerts, unnest(rules) AS rule WHERE state <> 'resolved' GROUP BY 1
    """,
    "alerts_overdue": """
        SELECT team, count(*) FROM alerts WHERE state <> 'resolved' AND due_at <= :now GROUP BY 1
    """,
    "alerts_without_owner": """
        SELECT team, count(*) FROM alerts WHERE state <> 'resolved' AND owner = '' GROUP BY 1
    """,
    "alerts_opened_last_hour": """
        SELECT team, CASE severity WHEN 40 THEN 'critical' WHEN 30 THEN 'high' WHEN 20 THEN 'warning'
               ELSE 'info' END, count(*)
        FROM alerts WHERE opened_at > :hour GROUP BY 1, 2
    """,
    "deliveries_last_hour": """
        SELECT channel, action, state, count(*) FROM deliveries WHERE created_at > :hour GROUP BY 1, 2, 3
    """,
    "deliveries_waiting": """
        SELECT channel, count(*) FROM deliveries WHERE state = 'waiting' GROUP BY 1
    """,
    "errands_waiting": "SELECT task, count(*) FROM errands GROUP BY 1",
    "errands_overdue_seconds": """
        SELECT task, greatest(extract(epoch FROM CAST(:now AS timestamptz) - min(not_before)), 0)
        FROM errands GROUP BY 1
    """,
    "queue_jobs": "SELECT task_name, status::text, count(*) FROM procrastinate_jobs GROUP BY 1, 2",
    "notices_last_hour": """
        SELECT endpoint::text, state, count(*) FROM notices WHERE created_at > :hour GROUP BY 1, 2
    """,
    "notices_waiting": """
        SELECT endpoint::text, count(*) FROM notices WHERE state = 'waiting' GROUP BY 1
    """,
    "endpoints": """
        SELECT CASE WHEN NOT enabled THEN 'disabled' WHEN failing_since IS NULL THEN 'well' ELSE 'failing' END,
               count(*) FROM endpoints GROUP BY 1
    """,
}

_SINGLE: dict[str, str] = {
    "database_size_bytes": "SELECT pg_database_size(current_database())",
    "webhooks_waiting": "SELECT count(*) FROM inbox WHERE state = 'waiting'",
    "webhooks_unreadable": "SELECT count(*) FROM inbox WHERE state = 'unreadable'",
    "webhooks_oldest_waiting_seconds": """
        SELECT extract(epoch FROM CAST(:now AS timestamptz) -
            (SELECT received_at FROM inbox WHERE state = 'waiting' ORDER BY id LIMIT 1))
    """,
    "events_waiting": "SELECT count(*) FROM events WHERE NOT judged",
    "events_oldest_waiting_seconds": """
        SELECT extract(epoch FROM CAST(:now AS timestamptz) -
            (SELECT received_at FROM events WHERE NOT judged ORDER BY id LIMIT 1))
    """,
    "deliveries_due": "SELECT count(*) FROM deliveries WHERE state = 'waiting' AND not_before <= :now",
    "deliveries_oldest_due_seconds": """
        SELECT extract(epoch FROM CAST(:now AS timestamptz) - (SELECT min(not_before) FROM deliveries AS d
            WHERE state = 'waiting' AND not_before <= :now AND NOT EXISTS (
                SELECT 1 FROM deliveries AS e WHERE e.alert = d.alert AND e.channel = d.channel AND e.id < d.id
                AND e.state IN ('waiting', 'sending'))))
    """,
    "deliveries_failed": "SELECT count(*) FROM deliveries WHERE state = 'failed'",
    "notices_failed": "SELECT count(*) FROM notices WHERE state = 'failed'",
    "workers": """
        SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > clock_timestamp() - interval '60 seconds'
    """,
    "clock_beat_age_seconds": """
        SELECT extract(epoch FROM CAST(:now AS timestamptz) - beat_at) FROM pulse WHERE name = 'clock'
    """,
}

_TIMERS = {"ticket": "deadlines", "alert": "alert_timers"}
MOST_COUNTED = 10_000
"""Timers that wait are not counted beyond this: they cost nothing, and those that are due are what matters."""


def labelled(connection: Connection, now: datetime) -> dict[str, list[Row]]:
    """Figures with labels, by name."""
    given = {"now": now, "hour": now - HOUR}
    return {name: list(_rows(connection, query, given)) for name, query in _LABELLED.items()}


def single(connection: Connection, now: datetime) -> dict[str, float]:
    """Figures without labels; ages are 0 where nothing waits, and missing where nothing ever was."""
    found = {}
    for name, query in _SINGLE.items():
        value = connection.execute(text(query), _named(query, {"now": now})).scalar()
        if value is not None:
            found[name] = max(float(value), 0.0)
        elif name != "clock_beat_age_seconds":
            found[name] = 0.0
    return found


_WAITS = {
    "webhooks": "webhooks_oldest_waiting_seconds",
    "events": "events_oldest_waiting_seconds",
    "deliveries": "deliveries_oldest_due_seconds",
}


def waits(connection: Connection, now: datetime) -> dict[str, float]:
    """How many seconds the oldest of what should be done by now has waited, by kind; 0 where nothing does."""
    found = {}
    for kind, name in _WAITS.items():
        value = connection.execute(text(_SINGLE[name]), {"now": now}).scalar()
        found[kind] = max(float(value or 0), 0.0)
    return found


def timers(connection: Connection, now: datetime) -> dict[str, list[Row]]:
    """How many timers of tickets and alerts wait, how many are due, and in how many seconds the next is."""
    found: dict[str, list[Row]] = {"timers": [], "timers_due": [], "timer_next_seconds": []}
    for kind, table in _TIMERS.items():
        row = connection.execute(
            text(f"""
                SELECT (SELECT count(*) FROM (SELECT 1 FROM {table} LIMIT :most) AS found),
                       (SELECT count(*) FROM {table} WHERE due_at <= :now),
                       (SELECT min(due_at) FROM {table} WHERE due_at > :now)
            """),  # noqa: S608 - one of two constants
            {"now": now, "most": MOST_COUNTED},
        ).one()
        found["timers"].append(((kind,), float(row[0])))
        found["timers_due"].append(((kind,), float(row[1])))
        if row[2] is not None:
            found["timer_next_seconds"].append(((kind,), (row[2] - now).total_seconds()))
    return found


def lags(connection: Connection, now: datetime, shares: Sequence[float]) -> dict[str, list[float]]:
    """Quantiles, by channel, of the seconds from planned to sent, of what was planned within the last hour."""
    rows = connection.execute(
        text("""
            SELECT channel, percentile_cont(CAST(:shares AS float8[])) WITHIN GROUP (ORDER BY lag)
            FROM (SELECT channel, extract(epoch FROM sent_at - created_at)::float8 AS lag
                  FROM deliveries WHERE created_at > :hour AND state = 'sent' AND sent_at IS NOT NULL) AS sent
            GROUP BY 1
        """),
        {"hour": now - HOUR, "shares": list(shares)},
    )
    return {row[0]: [float(one) for one in row[1]] for row in rows}


def cursors(connection: Connection) -> list[tuple[str, str, str]]:
    """How far standing errands have come, as (task, key, cursor)."""
    rows = connection.execute(text("SELECT task, key, cursor FROM errands WHERE cursor <> ''"))
    return [(row[0], row[1], row[2]) for row in rows]


def numbered(connection: Connection) -> dict[str, float]:
    """How many numbers were given to rows of each kind, and to alerts. A repeat that was not kept takes one as well."""
    found = {}
    columns = [(name, table, "id") for name, table in NUMBERED.items()]
    for name, table, column in (*columns, ("alerts", "alerts", "number")):
        sequence = connection.execute(
            text("SELECT pg_get_serial_sequence(:table, :column)"),
            {"table": table, "column": column},
        ).scalar_one()
        query = f"SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}"  # noqa: S608 - of our own table
        found[name] = float(connection.execute(text(query)).scalar_one())
    return found


def be_quick(connection: Connection) -> None:
    """Give every question of this transaction so long and no longer."""
    connection.execute(text(f"SET LOCAL statement_timeout = {PATIENCE_MS}"))


def _rows(connection: Connection, query: str, given: dict[str, Any]) -> Iterator[Row]:
    for row in connection.execute(text(query), _named(query, given)):
        *names, value = row
        yield tuple(str(name) for name in names), float(value)


def _named(query: str, given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if f":{name}" in query}
