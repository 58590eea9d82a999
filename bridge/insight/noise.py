"""Which rules are worth their noise."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from bridge.insight.choice import Choice
from bridge.insight.intervals import FEW
from bridge.insight.tables import Kind, Row, Table, ratio, table
from bridge.store.figures.noise import by_rule


def noise(connection: Connection, choice: Choice, now: datetime) -> Table:
    """Every rule that was a reason in the period, the most frequent first."""
    return table(
        "rules",
        (
            ("rule", Kind.TEXT),
            ("alerts", Kind.COUNT),
            ("useful", Kind.COUNT),
            ("not_useful", Kind.COUNT),
            ("asked_useful", Kind.COUNT),
            ("share_useful", Kind.SHARE),
            ("share_not_useful", Kind.SHARE),
            ("resolved_itself", Kind.COUNT),
            ("share_itself", Kind.SHARE),
            ("share_acknowledged_in_time", Kind.SHARE),
            ("pings", Kind.COUNT),
            ("pings_per_alert", Kind.RATE),
        ),
        [
            Row(
                cells=(
                    one.rule,
                    one.alerts,
                    one.useful,
                    one.useless,
                    one.rated,
                    ratio(one.useful, one.rated),
                    ratio(one.useless, one.alerts),
                    one.itself,
                    ratio(one.itself, one.alerts),
                    ratio(one.in_time, one.decided),
                    one.pings,
                    ratio(one.pings, one.alerts),
                ),
                key=one.rule,
                faint=one.alerts < FEW,
            )
            for one in by_rule(connection, choice.scope, now)
        ],
    )
