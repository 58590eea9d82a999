"""What became of customers some months after their case was resolved."""

from __future__ import annotations

from datetime import date, datetime

from msgspec import Struct
from sqlalchemy import Connection, Integer, cast, func, literal_column, select, text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.types import Date

from bridge.domain.model import Outcome, Relation
from bridge.store.figures.scope import Scope, local, theirs
from bridge.store.schema import alerts


class Became(Struct, frozen=True, kw_only=True):
    """Customers whose case was resolved in a month, looked at so many months later, and how they stand.

    `recovered`: somebody wrote down that the case was recovered. Where nobody looked yet, they are unknown.
    """

    months: int
    cohort: date
    recovered: bool
    relation: Relation
    many: int


def became(connection: Connection, scope: Scope, now: datetime) -> list[Became]:
    """Of all whose look was due in the period, by `months`, month of resolving, and how it came out."""
    each = (
        func.jsonb_each_text(alerts.c.checks).table_valued("key", "value").render_derived("looked")
    )
    due = cast(each.c.value, TIMESTAMP(timezone=True))
    month = cast(func.date_trunc("month", local(alerts.c.ended_at, scope)), Date)
    relation = func.coalesce(alerts.c.relations.op("->>")(each.c.key), Relation.UNKNOWN.value)
    found = (
        select(
            cast(each.c.key, Integer).label("months"),
            month.label("cohort"),
            (alerts.c.outcome == Outcome.RECOVERED.value).label("recovered"),
            relation.label("relation"),
        )
        .select_from(alerts.join(each, literal_column("true")))
        .where(
            text("alerts.checks <> '{}'"),  # as the index has it
            alerts.c.ended_at < scope.until,
            theirs(scope),
            due >= scope.since,
            due < scope.until,
            due <= now,
        )
        .cte("found")
    )
    query = (
        select(found, func.count().label("many"))
        .group_by(*found.c)
        .order_by(found.c.months, found.c.cohort, found.c.recovered, found.c.relation)
    )
    return [
        Became(**{**row, "relation": Relation(row["relation"])})
        for row in connection.execute(query).mappings()
    ]
