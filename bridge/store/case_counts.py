"""How many alerts a filter finds, and how they divide: all of it by one look at the table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from msgspec import Struct
from sqlalchemy import (
    CTE,
    Connection,
    Select,
    Text,
    and_,
    cast,
    func,
    literal,
    select,
    union_all,
)
from sqlalchemy.sql import ColumnElement

from bridge.domain.viewing import Viewer
from bridge.store.case_filter import Condition, Filter, divisions, due_by, scope, theirs
from bridge.store.schema import alerts

MOST = 10_000
"""Where resolved alerts are counted too: of the newest so many, for there is no end to them."""


class Counts(Struct, frozen=True, kw_only=True):
    """How many alerts a filter finds, and how they divide; each division as if it were not filtered by itself.

    `everybody`, `unowned` and `mine` are as if it were not filtered by owner, `overdue` as if not by when it is due;
    `everybody` neither. `state` has resolved ones only where the filter asks for them, `rule` an alert once for each.
    """

    total: int
    severity: dict[int, int]
    state: dict[str, int]
    team: dict[str, int]
    rule: dict[str, int]
    owner: dict[str, int]
    everybody: int
    unowned: int
    mine: int
    overdue: int


def counts(connection: Connection, viewer: Viewer, wanted: Filter, now: datetime) -> Counts:
    """How many there are. A division counts as if it were not filtered by, so that its other choices show."""
    asked = divisions(viewer, wanted)
    parts = {
        "severity": cast(alerts.c.severity, Text),
        "state": alerts.c.state,
        "team": alerts.c.team,
        "owner": alerts.c.owner,
    }
    query = select(
        *(part.label(name) for name, part in parts.items()),
        alerts.c.rules,
        theirs(viewer).label("is_mine"),
        due_by(now).label("is_late"),
        *(condition.label(f"in_{name}") for name, condition in asked.items()),
    ).where(scope(viewer, wanted))
    if not wanted.only_live:
        query = query.order_by(alerts.c.number.desc()).limit(MOST)
    found = query.cte("found").prefix_with("MATERIALIZED")
    rows: Iterable[Any] = connection.execute(
        union_all(
            *(_divided(found, name, found.c[name], asked) for name in parts),
            _divided(found, "rule", func.unnest(found.c.rules), asked),
            _number(found, "total", _but(found, asked)),
            _number(found, "everybody", _but(found, asked, "owner", "due")),
            _number(found, "mine", _but(found, asked, "owner"), found.c.is_mine),
            _number(found, "overdue", _but(found, asked, "due"), found.c.is_late),
        )
    )
    told: dict[str, dict[str, int]] = defaultdict(dict)
    for row in rows:
        told[row.what][row.part] = row.many
    return Counts(
        total=told["total"][""],
        severity={int(grave): many for grave, many in told["severity"].items()},
        state=told["state"],
        team=told["team"],
        rule=told["rule"],
        owner={owner: many for owner, many in told["owner"].items() if owner},
        everybody=told["everybody"][""],
        unowned=told["owner"].get("", 0),
        mine=told["mine"][""],
        overdue=told["overdue"][""],
    )


def _divided(
    found: CTE, name: str, part: ColumnElement[Any], asked: dict[str, Condition]
) -> Select[Any]:
    """How many there are of each part."""
    named = select(part.label("part")).where(_but(found, asked, name)).subquery()
    return select(
        literal(name).label("what"), named.c.part.label("part"), func.count().label("many")
    ).group_by(named.c.part)


def _number(found: CTE, name: str, *conditions: Condition) -> Select[str, str, int]:
    return (
        select(literal(name).label("what"), literal("").label("part"), func.count().label("many"))
        .select_from(found)
        .where(*conditions)
    )


def _but(found: CTE, asked: dict[str, Condition], *names: str) -> Condition:
    """All that is asked for, but what is about these."""
    return and_(*(found.c[f"in_{name}"] for name in asked if name not in names))
