"""What rules in shadow found: who would have been told, of what, and whether somebody was told of the case anyway.

A row is written once, when it is found first, and says when it no longer held. It has no word of a customer's in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, delete, select, text

from bridge.domain import wordless
from bridge.domain.model import Finding, Severity
from bridge.store.schema import shadows


class Seen(Struct, frozen=True, kw_only=True):
    """What rules in shadow find on a subject now. `team` is the name of our team that would be told.

    `fresh`: something happened to it, so that an alert could open; else what is found for the first time isn't kept, as
    no live rule would ring for it.
    """

    subject: str
    team: str
    findings: tuple[Finding, ...]
    fresh: bool = True


class Shadow(Struct, frozen=True, kw_only=True):
    """A finding that nobody was told of. `alerted`: others had rung for the case by then. `name` is the ticket's."""

    subject: str
    name: str
    rule: str
    found_at: datetime
    gone_at: datetime | None
    team: str
    severity: Severity
    alerted: bool
    headline: str


def keep(connection: Connection, seen: Sequence[Seen], now: datetime) -> None:
    """Bring what is kept of these subjects in line with what is found. After their alerts are stored."""
    if not seen:
        return
    rows = [(one.subject, one.team, found) for one in seen for found in one.findings]
    standing = [{"subject": subject, **_key(found)} for subject, _, found in rows]
    connection.execute(
        text("""
            UPDATE shadows AS s SET gone_at = :now
            WHERE s.subject = ANY(CAST(:subjects AS text[])) AND s.gone_at IS NULL AND NOT EXISTS (
                SELECT 1 FROM jsonb_to_recordset(CAST(:standing AS jsonb))
                    AS f (subject text, rule text, about text, occurrence text)
                WHERE (f.subject, f.rule, f.about, f.occurrence) = (s.subject, s.rule, s.about, s.occurrence))
        """),
        {"now": now, "subjects": [one.subject for one in seen], "standing": _json(standing)},
    )
    fresh = {one.subject for one in seen if one.fresh}
    new = [
        {
            "subject": subject,
            "team": team,
            "severity": int(found.severity),
            "body": wordless.finding(found),
            **_key(found),
        }
        for subject, team, found in rows
        if subject in fresh
    ]
    if new:
        connection.execute(
            text("""
                INSERT INTO shadows (subject, rule, about, occurrence, found_at, team, severity, alerted, body)
                SELECT f.subject, f.rule, f.about, f.occurrence, :now, f.team, f.severity,
                       EXISTS (SELECT 1 FROM alerts AS a WHERE a.subject = f.subject AND a.opened_at <= :now), f.body
                FROM jsonb_to_recordset(CAST(:new AS jsonb)) AS f (
                    subject text, rule text, about text, occurrence text, team text, severity int, body jsonb)
                ON CONFLICT (subject, rule, about, occurrence) DO NOTHING
            """),
            {"now": now, "new": _json(new)},
        )


def newest(
    connection: Connection,
    since: datetime,
    until: datetime,
    teams: frozenset[str] | None,
    limit: int,
) -> list[Shadow]:
    """The newest of a time, of these teams, or of all."""
    rows = connection.execute(
        text("""
            SELECT s.subject, coalesce(t.state->>'name', '') AS name, s.rule, s.found_at, s.gone_at, s.team, s.severity,
                   s.alerted, s.body->>'headline' AS headline
            FROM shadows AS s LEFT JOIN tickets AS t ON t.id = s.subject
            WHERE s.found_at >= :since AND s.found_at < :until
              AND (:every OR s.team = ANY(CAST(:teams AS text[])))
            ORDER BY s.found_at DESC, s.id DESC LIMIT :many
        """),
        {
            "since": since,
            "until": until,
            "every": teams is None,
            "teams": sorted(teams or ()),
            "many": limit,
        },
    )
    return [Shadow(**{**row, "severity": Severity(row["severity"])}) for row in rows.mappings()]


def forget(connection: Connection, before: datetime, limit: int) -> int:
    """Delete those that were found before a time; how many."""
    old = select(shadows.c.id).where(shadows.c.found_at < before)
    first = old.order_by(shadows.c.found_at, shadows.c.id).limit(limit)
    return connection.execute(delete(shadows).where(shadows.c.id.in_(first))).rowcount


def _key(found: Finding) -> dict[str, str]:
    return {"rule": found.rule, "about": found.about, "occurrence": found.occurrence}


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
