"""What teams got done, what waits for them, and how their customers and accounts rated it: counted for our metrics."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, text

from bridge.domain.metrics import RESERVED
from bridge.domain.model import Ticket
from bridge.store.accounts import Customer

_OURS = """
    FROM tickets AS t LEFT JOIN team_groups AS g ON g."group" = t.team
    WHERE t.updated_at >= :since AND t.state IS NOT NULL
      AND split_part(t.id, ':', 1) <> ALL(CAST(:reserved AS text[]))
"""
"""Tickets on which something happened since a time, with the team of ours that has them."""

_TEAM = "coalesce(g.team, :otherwise)"
_OVER = "('solved', 'closed')"

_ACTIVE = text(f"SELECT DISTINCT {_TEAM} AS team {_OURS}")

_RESOLVED = text(f"""
    SELECT team, count(*) AS many FROM (
        SELECT {_TEAM} AS team, t.state->'phases' AS phases {_OURS}) AS ours,
        jsonb_array_elements(phases) WITH ORDINALITY AS phase (one, n)
    WHERE one->>1 IN {_OVER}
      AND coalesce(phases->(CAST(n AS int) - 2)->>1, '') NOT IN {_OVER}
      AND CAST(one->>0 AS timestamptz) >= :since AND CAST(one->>0 AS timestamptz) < :until
      AND (n > 1)
    GROUP BY team
""")  # noqa: S608 - constants

_BACKLOG = text(f"""
    SELECT {_TEAM} AS team, count(*) AS many {_OURS}
      AND coalesce(t.state->>'gone', '') = ''
      AND coalesce(t.state->'phases'->-1->>1, 'new') NOT IN {_OVER}
    GROUP BY 1
""")

_RATED = text(f"""
    SELECT {_TEAM} AS team, r.score, count(*) AS many
    FROM ratings AS r JOIN tickets AS t ON t.id = r.subject
    LEFT JOIN team_groups AS g ON g."group" = t.team
    WHERE r.question = '' AND r.score IS NOT NULL AND r.at >= :since AND r.at < :until
      AND split_part(t.id, ':', 1) <> ALL(CAST(:reserved AS text[]))
    GROUP BY 1, 2
""")  # noqa: S608 - constants


def active(connection: Connection, otherwise: str, since: datetime) -> list[str]:
    """The teams on whose tickets something happened since a time; `otherwise` has those of no other team."""
    rows = connection.execute(_ACTIVE, _given(since, otherwise))
    return sorted(rows.scalars())


def resolved(
    connection: Connection, otherwise: str, since: datetime, until: datetime
) -> dict[str, int]:
    """How many tickets were resolved from `since` until before `until`, by team."""
    rows = connection.execute(_RESOLVED, {**_given(since, otherwise), "until": until})
    return {row.team: row.many for row in rows}


def backlog(connection: Connection, otherwise: str, since: datetime) -> dict[str, int]:
    """How many tickets are open in the widest sense, by team; of those on which something happened since a time."""
    rows = connection.execute(_BACKLOG, _given(since, otherwise))
    return {row.team: row.many for row in rows}


def rated(
    connection: Connection, otherwise: str, since: datetime, until: datetime
) -> dict[str, dict[float, int]]:
    """How many survey answers gave each score (0..1), by team."""
    found: dict[str, dict[float, int]] = {}
    for row in connection.execute(_RATED, {**_given(since, otherwise), "until": until}):
        found.setdefault(row.team, {})[row.score] = row.many
    return found


def _given(since: datetime, otherwise: str) -> dict[str, object]:
    reserved = sorted(RESERVED - {"answer"})
    return {"since": since, "otherwise": otherwise, "reserved": reserved}


# --- accounts


class Week(Struct, frozen=True):
    """A ticket of a week: whose it is, whether it was opened in it, and the score that was given in it."""

    customer: Customer
    opened: bool
    score: float | None


_WEEK = text("""
    SELECT t.id, substr(t.requester, strpos(t.requester, ':') + 1) AS requester,
           coalesce(t.state->>'organisation', '') AS organisation,
           t.opened_at >= :since AND t.opened_at < :until AS opened, r.score
    FROM (
        SELECT id FROM tickets WHERE opened_at >= :since AND opened_at < :until
        UNION SELECT subject FROM ratings WHERE at >= :since AND at < :until) AS mine
    JOIN tickets AS t ON t.id = mine.id
    LEFT JOIN LATERAL (
        SELECT avg(score) AS score FROM ratings
        WHERE subject = t.id AND question = '' AND at >= :since AND at < :until) AS r ON true
    WHERE t.requester <> '' OR t.state ? 'organisation'
""")


def week(connection: Connection, since: datetime, until: datetime) -> Iterator[Week]:
    """The tickets that were opened or rated from `since` until before `until`."""
    for row in connection.execute(_WEEK, {"since": since, "until": until}):
        customer = Customer(row.id, row.requester, row.organisation)
        yield Week(customer, bool(row.opened), row.score)


def subjects(connection: Connection, kinds: Collection[str], limit: int) -> list[Ticket]:
    """The subjects that are no tickets, of these kinds, by name; the first `limit` of each."""
    query = text("""
        SELECT state::text FROM tickets WHERE id > :kind AND id < :after AND state IS NOT NULL
        ORDER BY id LIMIT :many
    """)
    found: list[Ticket] = []
    for kind in kinds:
        given = {"kind": f"{kind}:", "after": f"{kind};", "many": limit}
        found += [_ticket.decode(state) for state in connection.execute(query, given).scalars()]
    return found


def measured(connection: Connection, keys: Collection[str]) -> dict[str, Ticket]:
    """The accounts of which figures are kept, as they stand."""
    query = text(
        "SELECT id, state::text FROM tickets WHERE id = ANY(CAST(:ids AS text[])) AND state IS NOT NULL"
    )
    rows = connection.execute(query, {"ids": [f"account:{key}" for key in keys]})
    return {row.id: _ticket.decode(row.state) for row in rows}


_ticket = msgspec.json.Decoder(Ticket)
