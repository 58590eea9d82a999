"""What became of customers whose case was recovered: after three, six and twelve months, or as is configured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from msgspec import Struct
from sqlalchemy import Connection

from bridge.domain.model import Relation
from bridge.insight.choice import Choice
from bridge.insight.tables import Kind, Row, Table, ratio, table
from bridge.store.figures.recovery import Became, became

_PARTS = tuple(Relation)
_COUNTS = tuple((one.value.replace(" ", "_"), Kind.COUNT) for one in _PARTS)


class Recovery(Struct, frozen=True, kw_only=True):
    """Recovered customers by months since, all others beside them, and the recovered ones by month of resolving."""

    recovered: Table
    others: Table
    cohorts: Table

    @property
    def tables(self) -> tuple[Table, ...]:
        """All of them."""
        return (self.recovered, self.others, self.cohorts)


def recovery(connection: Connection, choice: Choice, now: datetime) -> Recovery:
    """Reckon."""
    found = became(connection, choice.scope, now)
    months = sorted({*choice.settings.loop.check_after, *(one.months for one in found)})
    mine = [one for one in found if one.recovered]
    return Recovery(
        recovered=_by_months("recovered", months, mine),
        others=_by_months("not_recovered", months, [one for one in found if not one.recovered]),
        cohorts=_cohorts(mine),
    )


def _by_months(name: str, months: Sequence[int], found: Sequence[Became]) -> Table:
    rows = [
        Row(cells=(after, *_cells(one for one in found if one.months == after))) for after in months
    ]
    columns = (
        ("months", Kind.COUNT),
        ("due", Kind.COUNT),
        *_COUNTS,
        ("share_stayed", Kind.SHARE),
    )
    return table(name, columns, rows if found else ())


def _cohorts(found: Sequence[Became]) -> Table:
    groups: dict[tuple[date, int], list[Became]] = {}
    for one in found:
        groups.setdefault((one.cohort, one.months), []).append(one)
    return table(
        "cohorts",
        (
            ("resolved_in", Kind.MONTH),
            ("months", Kind.COUNT),
            ("due", Kind.COUNT),
            *_COUNTS,
            ("share_stayed", Kind.SHARE),
        ),
        [
            Row(cells=(*key, *_cells(several)))
            for key, several in sorted(groups.items(), key=lambda o: (o[0][1], o[0][0]))
        ],
    )


def _cells(found: Iterable[Became]) -> tuple[object, ...]:
    """How many were due, how they divide, and the share that stayed of those of whom it is known."""
    many = Counter[Relation]()
    for one in found:
        many[one.relation] += one.many
    known = sum(many.values()) - many[Relation.UNKNOWN]
    stayed = ratio(many[Relation.STAYED], known)
    return (sum(many.values()), *(many[part] for part in _PARTS), stayed)
