"""Teams, the helpdesk groups that are theirs, people of the helpdesk, and tokens."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, delete, func, or_, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from bridge.domain.model import AlertState, Contact, Member, Team
from bridge.store.schema import alerts, people, team_groups, teams, tokens


def all_teams(connection: Connection) -> list[Team]:
    """Every team with its groups, by name."""
    groups: dict[str, list[str]] = {}
    for row in connection.execute(select(team_groups).order_by(team_groups.c.group)):
        groups.setdefault(row.team, []).append(row.group)
    rows = connection.execute(select(teams).order_by(teams.c.name)).mappings()
    return [Team(**row, groups=tuple(groups.get(row["name"], ()))) for row in rows]


def save(connection: Connection, chosen: Iterable[Team]) -> None:
    """Write teams as given, their groups included. A group goes to the team that names it last."""
    for team in chosen:
        values = {k: v for k, v in msgspec.structs.asdict(team).items() if k != "groups"}
        connection.execute(
            insert(teams).values(values).on_conflict_do_update(index_elements=["name"], set_=values)
        )
        connection.execute(delete(team_groups).where(team_groups.c.team == team.name))
        for group in team.groups:
            query = insert(team_groups).values(group=group, team=team.name)
            connection.execute(
                query.on_conflict_do_update(index_elements=["group"], set_={"team": team.name})
            )


def remove(connection: Connection, names: Sequence[str]) -> None:
    """Delete teams."""
    connection.execute(delete(teams).where(teams.c.name.in_(names)))


def lock(connection: Connection) -> None:
    """Let nobody else change teams, people or absences until the transaction ends; all may read."""
    connection.execute(
        text("LOCK TABLE teams, team_groups, members, absences IN SHARE ROW EXCLUSIVE MODE")
    )


def give(connection: Connection, group: str, team: str) -> None:
    """Let a helpdesk group be a team's; with "" nobody's."""
    connection.execute(delete(team_groups).where(team_groups.c.group == group))
    if team:
        connection.execute(insert(team_groups).values(group=group, team=team))


def live_alerts(connection: Connection) -> dict[str, int]:
    """How many alerts of each team are live; teams without any are left out."""
    query = (
        select(alerts.c.team, func.count().label("many"))
        .where(alerts.c.state != AlertState.RESOLVED.value)
        .group_by(alerts.c.team)
    )
    return {row.team: row.many for row in connection.execute(query)}


def rename(connection: Connection, old: str, new: str) -> None:
    """Call a team otherwise, everywhere: its alerts, those below it, mutes, who may see it, what its digest was.

    What was written about it stays as it was written: the audit log, and messages that were sent.
    """
    names = {"old": old, "new": new}
    connection.execute(update(teams).where(teams.c.name == old).values(name=new))
    connection.execute(update(teams).where(teams.c.parent == old).values(parent=new))
    for statement in _CARRIED:
        connection.execute(text(statement), names)


_CARRIED = (
    """UPDATE alerts SET team = :new, body = jsonb_set(body, '{team}', to_jsonb(CAST(:new AS text)))
       WHERE team = :old""",
    "UPDATE mutes SET team = :new WHERE team = :old",
    "UPDATE accounts SET team = :new WHERE team = :old",
    "UPDATE users SET teams = array_replace(teams, :old, :new) WHERE :old = ANY(teams)",
    "UPDATE api_keys SET teams = array_replace(teams, :old, :new) WHERE :old = ANY(teams)",
    "UPDATE endpoints SET teams = array_replace(teams, :old, :new) WHERE :old = ANY(teams)",
    """UPDATE bookmarks SET key = split_part(key, ':', 1) || ':' || :new
       WHERE task = 'digest' AND substr(key, strpos(key, ':') + 1) = :old""",
    "UPDATE silenced SET channel = 'digest:' || :new WHERE channel = 'digest:' || :old",
)


class Known(msgspec.Struct, frozen=True, kw_only=True):
    """A helpdesk user as read at `read_at`."""

    desk: str
    id: str
    name: str
    email: str
    phone: str
    staff: bool
    read_at: datetime

    @property
    def contact(self) -> Contact:
        return Contact(self.name, self.email, self.phone)

    @property
    def member(self) -> Member:
        """As one of ours."""
        return Member(name=self.name, email=self.email)


def save_people(connection: Connection, found: Iterable[Known]) -> None:
    """Remember users of a helpdesk."""
    for person in found:
        values = msgspec.structs.asdict(person)
        values["email"] = person.email.lower()
        connection.execute(
            insert(people)
            .values(values)
            .on_conflict_do_update(index_elements=["desk", "id"], set_=values)
        )


def person(connection: Connection, desk: str, number: str) -> Known | None:
    """A user that we have read before."""
    query = select(people).where(people.c.desk == desk, people.c.id == number)
    row = connection.execute(query).mappings().first()
    return Known(**row) if row else None


def persons(
    connection: Connection, wanted: Collection[tuple[str, str]]
) -> dict[tuple[str, str], Known]:
    """Users that we have read before, by desk and id."""
    if not wanted:
        return {}
    query = select(people).where(tuple_(people.c.desk, people.c.id).in_(sorted(wanted)))
    found = [Known(**row) for row in connection.execute(query).mappings()]
    return {(known.desk, known.id): known for known in found}


def by_email(connection: Connection, desk: str, email: str) -> Known | None:
    """The user with this e-mail address (any case) that was read last."""
    query = (
        select(people)
        .where(people.c.desk == desk, people.c.email == email.lower(), people.c.email != "")
        .order_by(people.c.read_at.desc())
        .limit(1)
    )
    row = connection.execute(query).mappings().first()
    return Known(**row) if row else None


def customers(connection: Connection, desk: str, email: str, phone: str) -> list[str]:
    """Ids of known customers with this e-mail (any case) or phone number (however it is written)."""
    same = []
    if email:
        same.append(people.c.email == email.lower())
    if digits := re.sub(r"\D", "", phone).lstrip("0"):
        same.append(func.ltrim(func.regexp_replace(people.c.phone, r"\D", "", "g"), "0") == digits)
    if not same:
        return []
    query = select(people.c.id).where(people.c.desk == desk, or_(*same))
    return list(connection.execute(query).scalars())


def token(connection: Connection, account: str, now: datetime) -> str:
    """An account's access token if it is good for a while longer, else ""."""
    query = select(tokens.c.token).where(tokens.c.account == account, tokens.c.expires_at > now)
    return connection.execute(query).scalar() or ""


def lock_token(connection: Connection, account: str) -> None:
    """Hold an account's token row until the transaction ends, so that one process alone mints."""
    connection.execute(insert(tokens).values(account=account).on_conflict_do_nothing())
    connection.execute(
        select(tokens.c.account).where(tokens.c.account == account).with_for_update()
    )


def save_token(connection: Connection, account: str, value: str, expires_at: datetime) -> None:
    """Keep a minted token."""
    connection.execute(
        tokens.update()
        .where(tokens.c.account == account)
        .values(token=value, expires_at=expires_at)
    )


def own_secret(connection: Connection, account: str, fresh: str) -> str:
    """A secret of our own: `fresh` unless there is one already."""
    query = insert(tokens).values(account=f"own:{account}", token=fresh)
    connection.execute(query.on_conflict_do_nothing())
    kept = select(tokens.c.token).where(tokens.c.account == f"own:{account}")
    return str(connection.execute(kept).scalar_one())
