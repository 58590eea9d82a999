"""Whom to coach on what: rules that recur on an employee's tickets, set against how many tickets those are, and thin
updates, set against how many they wrote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct
from sqlalchemy import Connection

from bridge.insight.choice import Choice
from bridge.insight.intervals import FEW, share
from bridge.insight.names import names_of
from bridge.insight.tables import Kind, Row, Table, table
from bridge.store.figures.associates import (
    Associate,
    Recurring,
    Written,
    associates,
    recurring,
    written,
)

RECURS = 2
"""A rule that held once is no habit, nor is one thin update."""


class Coaching(Struct, frozen=True, kw_only=True):
    """Everybody with an alert on a ticket, or several thin updates; who waits for coaching first.

    `recurring` is by employee and rule.
    """

    associates: Table
    recurring: Table

    @property
    def tables(self) -> tuple[Table, ...]:
        """All of them."""
        return (self.associates, self.recurring)

    def rules(self, agent: str) -> list[tuple[str, int]]:
        """What recurs on somebody's tickets, the most frequent first."""
        return [(row.cells[2], row.cells[3]) for row in self.recurring.rows if row.key == agent]


def coaching(connection: Connection, choice: Choice) -> Coaching:
    """Reckon."""
    wrote = {one.agent: one for one in written(connection, choice.scope)}
    known = {one.agent: one for one in associates(connection, choice.scope)}
    thin = {one.agent: Associate(agent=one.agent) for one in wrote.values() if one.thin >= RECURS}
    found = [
        one for one in (thin | known).values() if one.alerts or one.alerted or one.agent in thin
    ]
    again = [one for one in recurring(connection, choice.scope) if one.many >= RECURS]
    called = names_of(connection, (one.agent for one in found))
    ordered = sorted(found, key=lambda one: (-one.open, -_surely(one), -one.alerts, one.agent))
    return Coaching(
        associates=_associates(ordered, wrote, called), recurring=_recurring(ordered, again, called)
    )


def _surely(one: Associate) -> float:
    """At least this share of their tickets has an alert: so nobody stands high for one alert on two tickets."""
    found = share(one.alerted, one.tickets)
    return found.low if found else 0.0


def _associates(
    found: Sequence[Associate], wrote: Mapping[str, Written], called: dict[str, str]
) -> Table:
    rows = []
    for one in found:
        rate = share(one.alerted, one.tickets)
        theirs = wrote.get(one.agent, Written(agent=one.agent, judged=0, thin=0))
        per = [100 * part for part in (rate.value, rate.low, rate.high)] if rate else [None] * 3
        rows.append(
            Row(
                cells=(
                    called.get(one.agent, one.agent),
                    one.agent,
                    one.tickets,
                    one.alerted,
                    *per,
                    one.alerts,
                    one.open + one.given,
                    one.open,
                    one.given,
                    theirs.judged,
                    theirs.thin,
                    theirs.lack,
                ),
                key=one.agent,
                faint=one.tickets < FEW,
            )
        )
    return table(
        "associates",
        (
            ("name", Kind.TEXT),
            ("agent", Kind.TEXT),
            ("tickets", Kind.COUNT),
            ("alerted", Kind.COUNT),
            ("alerted_per_100", Kind.RATE),
            ("alerted_per_100_low", Kind.RATE),
            ("alerted_per_100_high", Kind.RATE),
            ("alerts", Kind.COUNT),
            ("coaching_needed", Kind.COUNT),
            ("coaching_open", Kind.COUNT),
            ("coaching_given", Kind.COUNT),
            ("updates_judged", Kind.COUNT),
            ("updates_thin", Kind.COUNT),
            ("thin_mostly", Kind.TEXT),
        ),
        rows,
    )


def _recurring(
    found: Sequence[Associate], again: Sequence[Recurring], called: dict[str, str]
) -> Table:
    places = {one.agent: place for place, one in enumerate(found)}
    ordered = sorted(again, key=lambda one: (places.get(one.agent, len(places)), -one.many))
    return table(
        "recurring_rules",
        (
            ("name", Kind.TEXT),
            ("agent", Kind.TEXT),
            ("rule", Kind.TEXT),
            ("alerts", Kind.COUNT),
        ),
        [
            Row(
                cells=(called.get(one.agent, one.agent), one.agent, one.rule, one.many),
                key=one.agent,
            )
            for one in ordered
        ],
    )
