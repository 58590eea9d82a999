"""People besides the teams' managers, and who is away when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from bridge.domain.model import Member
from bridge.domain.people import Absence, Roster
from bridge.store import teams
from bridge.store.schema import absences, members
from bridge.store.schema import teams as table


def roster(connection: Connection, *, since: datetime | None = None) -> Roster:
    """Everybody who may be told, and their absences; with `since`, without those that were over by then."""
    return Roster(
        teams=tuple(teams.all_teams(connection)),
        members=tuple(all_members(connection)),
        absences=tuple(absence for _, absence in all_absences(connection, since=since)),
    )


def all_members(connection: Connection) -> list[Member]:
    """Every member, by key."""
    rows = connection.execute(select(members).order_by(members.c.key)).mappings()
    return [Member(**row) for row in rows]


def save_members(connection: Connection, chosen: Iterable[Member]) -> None:
    """Write members as given."""
    for member in chosen:
        values = msgspec.structs.asdict(member)
        connection.execute(
            insert(members)
            .values(values)
            .on_conflict_do_update(index_elements=["key"], set_=values)
        )


def remove_members(connection: Connection, keys: Sequence[str]) -> None:
    """Delete members. Their absences stay, and mean nobody."""
    connection.execute(delete(members).where(members.c.key.in_(keys)))


def page(connection: Connection, *, after: str = "", limit: int = 50) -> list[Member]:
    """Members whose keys come after this one, by key."""
    query = select(members).where(members.c.key > after).order_by(members.c.key).limit(limit)
    return [Member(**row) for row in connection.execute(query).mappings()]


def rename_member(connection: Connection, old: str, new: str) -> None:
    """Call a member by another key, wherever the old one stands: in absences, and as a team's manager."""
    connection.execute(update(members).where(members.c.key == old).values(key=new))
    for column in (absences.c.member, absences.c.deputy, table.c.manager):
        query = update(column.table).where(func.lower(column) == old.lower())
        connection.execute(query.values({column.name: new}))


def forget_absences(connection: Connection, called: Sequence[str]) -> None:
    """Delete the absences of whoever is called so, and let them stand in for nobody."""
    names = [name.lower() for name in called if name]
    connection.execute(delete(absences).where(func.lower(absences.c.member).in_(names)))
    connection.execute(
        update(absences).where(func.lower(absences.c.deputy).in_(names)).values(deputy="")
    )


def all_absences(
    connection: Connection, *, since: datetime | None = None
) -> list[tuple[int, Absence]]:
    """Absences with their numbers, by their beginning; with `since`, those under way then and those to come."""
    query = select(absences).order_by(absences.c.starts_at, absences.c.id)
    if since is not None:
        query = query.where(absences.c.ends_at > since)
    return [
        (row["id"], Absence(**{name: value for name, value in row.items() if name != "id"}))
        for row in connection.execute(query).mappings()
    ]


def save_absences(connection: Connection, chosen: Iterable[Absence]) -> None:
    """Write absences; one of the same member from the same moment is changed."""
    for absence in chosen:
        values = msgspec.structs.asdict(absence)
        same = (absences.c.member == absence.member, absences.c.starts_at == absence.starts_at)
        if not connection.execute(update(absences).where(*same).values(values)).rowcount:
            connection.execute(insert(absences).values(values))


def end_absence(connection: Connection, number: int, at: datetime) -> None:
    """Let an absence end at `at`; one that would only begin then, or later, never was."""
    one = absences.c.id == number
    connection.execute(delete(absences).where(one, absences.c.starts_at >= at))
    connection.execute(update(absences).where(one, absences.c.ends_at > at).values(ends_at=at))


def remove_absences(connection: Connection, numbers: Sequence[int]) -> None:
    """Delete absences."""
    connection.execute(delete(absences).where(absences.c.id.in_(numbers)))
