"""Where one person stands in the tables: what is theirs, and what merely names them.

It looks through all there is: for a command that somebody waits for, not for what runs all the time.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct
from sqlalchemy import (
    Column,
    Connection,
    Table,
    Text,
    and_,
    cast,
    func,
    literal,
    literal_column,
    or_,
    select,
)
from sqlalchemy.sql import ColumnElement

from bridge.domain.forgetting import Person, phone_of
from bridge.store import schema
from bridge.store.schema import alerts, events, members, people, teams, tickets, users

SECRET = {
    "api_keys": ("digest",),
    "endpoints": ("salt", "old_salt"),
    "login_links": ("digest",),
    "sessions": ("digest",),
}
"""Columns that are nobody's data, and are told to nobody."""

UNTOLD = ("tokens", "budgets", "api_rates", "pulse")
"""Tables without people."""

_IN_SLACK = ("slack", "slack by e-mail")
_DIGITS = r"\D"


class Theirs(Struct, frozen=True, kw_only=True):
    """What is about one customer alone: `subjects` they asked for help with or answered about, and their `alerts`."""

    subjects: tuple[str, ...] = ()
    alerts: tuple[int, ...] = ()


def identify(
    connection: Connection, *, email: str = "", phone: str = "", desk_user: str = ""
) -> Person:
    """Somebody by what is given of them, with all the names and addresses under which they are known here."""
    email, digits = email.strip().lower(), phone_of(phone)
    desk, _, number = desk_user.partition(":")
    rows = connection.execute(
        select(people).where(
            or_(
                and_(people.c.email == email, people.c.email != ""),
                and_(_digits(people.c.phone) == digits, literal(bool(digits))),
                and_(people.c.desk == desk, people.c.id == number),
            )
        )
    ).all()
    emails = {email, *(row.email.lower() for row in rows)} - {""}
    phones = {digits, *(phone_of(row.phone) for row in rows)} - {""}
    slack = {row.id for row in rows if row.desk in _IN_SLACK}
    ours = connection.execute(select(members).where(_named(members, emails, phones))).all()
    ours_too = connection.execute(select(users).where(func.lower(users.c.email).in_(emails))).all()
    lead = [team for team in connection.execute(select(teams)) if _leads(team, emails, phones)]
    slack |= {row.slack for row in ours} | {team.manager_slack for team in lead}
    emails |= {row.email.lower() for row in ours} | {team.manager_email.lower() for team in lead}
    phones |= {phone_of(one.phone) for one in ours} | {phone_of(t.manager_phone) for t in lead}
    names = {row.name for row in (*rows, *ours, *ours_too)} | {team.manager for team in lead}
    asked = {f"{r.desk}:{r.id}" for r in rows if r.desk not in _IN_SLACK and not r.staff}
    return Person(
        emails=tuple(sorted(emails - {""})),
        phones=tuple(sorted(phones - {""})),
        names=tuple(sorted(names - {""})),
        desk_users=tuple(sorted(asked | ({desk_user} if desk_user and not rows else set()))),
        slack=tuple(sorted(slack - {""})),
        keys=tuple(sorted({row.key for row in ours} | {team.manager for team in lead} - {""})),
        ours=bool(ours or ours_too or lead) or any(row.staff for row in rows),
    )


def theirs(connection: Connection, who: Person) -> Theirs:
    """The tickets and survey answers that are theirs, and the alerts about these."""
    of_them = tickets.c.requester.in_(who.desk_users)
    answered = and_(tickets.c.id.startswith("answer:"), _says(cast(tickets.c.state, Text), who))
    subjects = list(
        connection.execute(select(tickets.c.id).where(or_(of_them, answered))).scalars()
    )
    about = or_(alerts.c.customer.in_(who.desk_users), alerts.c.subject == func.any(subjects))
    numbers = connection.execute(select(alerts.c.number).where(about)).scalars()
    return Theirs(subjects=tuple(sorted(subjects)), alerts=tuple(sorted(numbers)))


def tables() -> Iterator[Table]:
    """Every table in which somebody may stand."""
    yield from (t for t in schema.metadata.sorted_tables if t.name not in UNTOLD)


def rows_of(table: Table, who: Person, own: Theirs) -> ColumnElement[bool]:
    """The rows of a table that are theirs, or name them."""
    found = [_says(cast(literal_column(f'"{table.name}"'), Text), who)]
    columns = table.c
    if "subject" in columns:
        found.append(columns.subject == func.any(list(own.subjects)))
    if "alert" in columns:
        found.append(columns.alert == func.any(list(own.alerts)))
    match table.name:
        case "tickets":
            found.append(columns.id == func.any(list(own.subjects)))
        case "alerts":
            found.append(columns.number == func.any(list(own.alerts)))
        case "people":
            found += [_is(user) for user in who.desk_users]
        case "events":
            found += [_did(user) for user in who.desk_users]
        case "inbox":
            come = select(events.c.inbox).where(events.c.subject == func.any(list(own.subjects)))
            found.append(columns.id.in_(come.where(events.c.inbox.is_not(None))))
        case "sessions" | "login_links":
            mine = select(users.c.id).where(func.lower(users.c.email).in_(who.emails))
            found.append(columns.user.in_(mine))
        case "absences":
            found += [columns.member.in_(who.keys), columns.deputy.in_(who.keys)]
    for column in columns:
        if str(column.type) in ("BYTEA", "BLOB") and who.raw:
            found.append(func.encode(column, "escape").op("~*")(who.raw))
    return or_(*found)


def _says(written: ColumnElement[str], who: Person) -> ColumnElement[bool]:
    if not who.loose:
        return literal_column("false")
    return written.op("~*")(who.loose)


def _is(user: str) -> ColumnElement[bool]:
    desk, _, number = user.partition(":")
    return and_(people.c.desk == desk, people.c.id == number)


def _did(user: str) -> ColumnElement[bool]:
    """Events of a helpdesk's that are by one of its users, on whosever ticket."""
    desk, _, number = user.partition(":")
    return and_(events.c.subject.startswith(f"{desk}:"), events.c.body["actor"].astext == number)


def _digits(column: Column[str]) -> ColumnElement[str]:
    return func.ltrim(func.regexp_replace(column, _DIGITS, "", "g"), "0")


def _named(table: Table, emails: set[str], phones: set[str]) -> ColumnElement[bool]:
    return or_(func.lower(table.c.email).in_(emails), _digits(table.c.phone).in_(phones))


def _leads(team: object, emails: set[str], phones: set[str]) -> bool:
    """Whether a team's manager is of these addresses."""
    email, phone = str(getattr(team, "manager_email", "")), str(getattr(team, "manager_phone", ""))
    return email.lower() in emails or phone_of(phone) in phones
