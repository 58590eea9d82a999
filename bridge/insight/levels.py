"""The same figures at every level: organisation, region, branch, team, employee."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from msgspec import Struct
from sqlalchemy import Connection

from bridge.domain.viewing import below
from bridge.insight.choice import SATISFIED, Choice
from bridge.insight.intervals import FEW
from bridge.insight.names import names_of
from bridge.insight.tables import Kind, Row, Table, ratio, table
from bridge.store.figures.levels import Sums, added, alerted, opened, rated_by
from bridge.store.figures.scope import Scope

_COLUMNS = (
    ("tickets", Kind.COUNT),
    ("alerted", Kind.COUNT),
    ("share_alerted", Kind.SHARE),
    ("alerts", Kind.COUNT),
    ("contact_in_time", Kind.SHARE),
    ("resolve_in_time", Kind.SHARE),
    ("share_itself", Kind.SHARE),
    ("share_recovered", Kind.SHARE),
    ("answers", Kind.COUNT),
    ("mean_score", Kind.SCORE),
    ("share_satisfied", Kind.SHARE),
    ("share_low", Kind.SHARE),
    ("unhappy", Kind.COUNT),
    ("share_answered", Kind.SHARE),
)


class Levels(Struct, frozen=True, kw_only=True):
    """What was chosen as a whole, the teams directly below it, and the employees of the chosen team itself."""

    whole: Table
    teams: Table
    employees: Table

    @property
    def tables(self) -> tuple[Table, ...]:
        """All of them."""
        return (self.whole, self.teams, self.employees)


def levels(connection: Connection, choice: Choice, now: datetime) -> Levels:
    """Reckon."""
    by_team = _by_team(connection, choice, now)
    children = {
        child.name: added(
            sums for name, sums in by_team.items() if name in below([child.name], choice.roster)
        )
        for child in choice.children()
    }
    employees: Mapping[str, Sums] = {}
    if choice.team and not choice.agent:
        employees = _by_agent(connection, choice.of(choice.team), choice, now)
    called = names_of(connection, employees)
    return Levels(
        whole=_table("level", {choice.team: added(by_team.values())}, {}),
        teams=_table("teams_below", children, {}),
        employees=_table("employees", employees, called),
    )


def _by_team(connection: Connection, choice: Choice, now: datetime) -> dict[str, Sums]:
    """By our teams, those of `choice` with all below."""
    found: dict[str, Sums] = {}
    scope = choice.scope
    for name, sums in alerted(connection, scope, "team", now).items():
        found[name] = found.get(name, Sums()) + sums
    parts = (
        opened(connection, scope, "team"),
        rated_by(connection, scope, "team", choice.lines, SATISFIED),
    )
    for part in parts:
        for key, sums in part.items():
            name = choice.team_of(key)
            found[name] = found.get(name, Sums()) + sums
    return found


def _by_agent(
    connection: Connection, scope: Scope, choice: Choice, now: datetime
) -> dict[str, Sums]:
    found: dict[str, Sums] = {}
    for part in (
        alerted(connection, scope, "agent", now),
        opened(connection, scope, "agent"),
        rated_by(connection, scope, "agent", choice.lines, SATISFIED),
    ):
        for agent, sums in part.items():
            found[agent] = found.get(agent, Sums()) + sums
    return found


def _table(name: str, found: Mapping[str, Sums], called: Mapping[str, str]) -> Table:
    ordered: Iterable[tuple[str, Sums]] = found.items()
    if called or name == "employees":
        ordered = sorted(found.items(), key=lambda one: (-one[1].alerts, one[0]))
    return table(
        name,
        (("name", Kind.TEXT), *_COLUMNS),
        [
            Row(cells=(called.get(key, key), *_cells(sums)), key=key, faint=_few(sums))
            for key, sums in ordered
        ],
    )


def _few(sums: Sums) -> bool:
    return max(sums.tickets, sums.scored) < FEW


def _cells(s: Sums) -> tuple[object, ...]:
    return (
        s.tickets,
        s.alerted,
        ratio(s.alerted, s.tickets),
        s.alerts,
        ratio(s.contact_in_time, s.contact_decided),
        ratio(s.resolve_in_time, s.resolve_decided),
        ratio(s.itself, s.alerts),
        ratio(s.recovered, s.outcomes),
        s.scored,
        ratio(s.score, s.scored),
        ratio(s.satisfied, s.scored),
        ratio(s.low, s.scored),
        s.unhappy,
        ratio(s.answered, s.unhappy),
    )
