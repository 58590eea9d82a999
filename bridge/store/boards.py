"""Alerts as people ask for them: mine, a team's, a ticket's; and the one whose thread a message is in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection, text

from bridge.domain.model import Alert, Member

MOST = 50
"""How many alerts a board holds."""


class Board(Struct, frozen=True):
    """Alerts, what is live and gravest first, the first `MOST` of `total`."""

    alerts: tuple[Alert, ...] = ()
    total: int = 0


_MINE = """
    state <> 'resolved' AND (
        (state = 'open' AND coalesce(body->'owner', '{}') = '{}' AND team = ANY(CAST(:teams AS text[])))
        OR EXISTS (
            SELECT 1 FROM jsonb_array_elements(
                jsonb_build_array(coalesce(body->'owner', '{}')) || coalesce(body->'people', '[]')) AS one
            WHERE (:slack <> '' AND one->>'slack' = :slack) OR (:key <> '' AND one->>'key' = :key)
            OR (:email <> '' AND lower(one->>'email') = :email)))
"""
_TICKET = """
    subject = ANY(CAST(:subjects AS text[])) OR ref = :name OR (state <> 'resolved' AND EXISTS (
        SELECT 1 FROM tickets WHERE tickets.id = alerts.subject AND upper(tickets.state->>'name') = :name))
"""


def of_member(connection: Connection, who: Member, teams: Sequence[str] = ()) -> Board:
    """Live alerts that somebody owns or is on; and those that nobody has of these teams, which they manage."""
    named = {"slack": who.slack, "key": who.key, "email": who.email.lower()}
    return _board(connection, _MINE, teams=list(teams), **named)


def of_team(connection: Connection, team: str) -> Board:
    """The live alerts of a team."""
    return _board(connection, "state <> 'resolved' AND team = :team", team=team)


def of_ticket(connection: Connection, written: str, desks: Sequence[str]) -> Board:
    """A ticket's alerts, as somebody writes it: "4711", "zendesk:4711", "HELP-12", or an alert's reference.

    What is over is found as well, unless the ticket is called by a name that isn't its key.
    """
    name = written.strip().removeprefix("#")
    subjects = [name] if ":" in name else [f"{desk}:{name}" for desk in desks]
    return _board(connection, _TICKET, subjects=subjects, name=name.upper())


def of_thread(connection: Connection, channel: str, ts: str) -> Alert | None:
    """The alert whose message in Slack a thread hangs on; None for any other thread.

    It may be one that was posted to the team or to somebody else: each has the same story.
    """
    query = text("""
        SELECT alerts.number, alerts.body FROM deliveries JOIN alerts ON alerts.number = deliveries.alert
        WHERE deliveries.receipt->>'ref' = :ts AND deliveries.receipt->>'to' = :channel
        AND deliveries.channel = 'slack' AND deliveries.action IN ('post', 'direct') LIMIT 1
    """)
    row = connection.execute(query, {"ts": ts, "channel": channel}).first()
    return _alert(row) if row else None


def _board(connection: Connection, where: str, **values: Any) -> Board:
    query = text(f"""
        SELECT number, body, count(*) OVER () AS total FROM alerts WHERE {where}
        ORDER BY state = 'resolved', severity DESC, opened_at DESC, number LIMIT :most
    """)  # noqa: S608 - one of the texts above
    rows = connection.execute(query, {**values, "most": MOST}).all()
    return Board(tuple(map(_alert, rows)), rows[0].total if rows else 0)


def _alert(row: Any) -> Alert:
    return replace(msgspec.convert(row.body, Alert), number=row.number)
