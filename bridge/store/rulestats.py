"""What each rule has done lately: alerts, what people made of them, and how often somebody was called for it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from msgspec import Struct
from sqlalchemy import Connection, text


class Used(Struct, frozen=True, kw_only=True):
    """A rule's alerts of one team. An alert with several reasons counts for each of its rules.

    `useful` are marked useful by somebody, `useless` not useful, `rated` either; `acknowledged` were taken in hand.
    `pings` are messages sent that somebody is called by: posts, replies that show in the channel, direct messages,
    texts and mails.
    """

    rule: str
    team: str
    alerts: int
    useful: int
    useless: int
    rated: int
    acknowledged: int
    pings: int


def used(
    connection: Connection, since: datetime, teams: Collection[str] | None = None
) -> list[Used]:
    """What rules have done since a time, by rule and team; of these teams, or of all."""
    rows = connection.execute(
        text("""
            WITH opened AS MATERIALIZED (
                SELECT number, team, rules, useful, useless, acknowledged_at FROM alerts
                WHERE opened_at >= :since AND (:every OR team = ANY(CAST(:teams AS text[])))
            ), pings AS (
                SELECT d.alert, count(*) AS many FROM deliveries AS d JOIN opened ON number = d.alert
                WHERE d.state = 'sent' AND d.action IN ('post', 'broadcast', 'direct') GROUP BY d.alert
            )
            SELECT rule, team, count(*) AS alerts, count(*) FILTER (WHERE useful) AS useful,
                   count(*) FILTER (WHERE useless) AS useless, count(*) FILTER (WHERE useful OR useless) AS rated,
                   count(acknowledged_at) AS acknowledged, coalesce(sum(many), 0)::bigint AS pings
            FROM opened CROSS JOIN unnest(rules) AS rule LEFT JOIN pings ON alert = number
            GROUP BY rule, team ORDER BY rule, team
        """),
        {"since": since, "every": teams is None, "teams": sorted(teams or ())},
    )
    return [Used(**row) for row in rows.mappings()]
