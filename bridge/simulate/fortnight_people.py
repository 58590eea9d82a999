"""Who there is in the simulated fortnight: three teams, those above them, and who is away when."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random

from bridge.domain.model import Member, Team
from bridge.domain.people import Absence
from bridge.sandbox import Sandbox
from bridge.simulate.desks import OURS
from bridge.simulate.world import ENV, World
from bridge.store import people as stored

START = datetime(2026, 9, 7, tzinfo=UTC)
"""A Monday."""

DAYS = 14
AGENTS = (1, 2, 3)


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody who is told of alerts. In Slack, in the mail and on the phone they have one address each."""

    key: str
    name: str
    phone: str

    @property
    def email(self) -> str:
        return f"{self.key}@example.com"


PEOPLE = {
    person.key: person
    for person in (
        Person(key="amira", name="Amira Haddad", phone="+4930555101"),
        Person(key="bruno", name="Bruno Keller", phone="+4930555102"),
        Person(key="carmen", name="Carmen Diaz", phone="+4930555103"),
        Person(key="dora", name="Dora Lang", phone="+4930555104"),
        Person(key="hugo", name="Hugo Brandt", phone="+4930555105"),
        Person(key="ines", name="Ines Marten", phone="+4930555106"),
    )
}
DEPUTIES = {"amira": "dora", "bruno": "amira", "carmen": "dora", "hugo": "ines"}
DIRECTOR = PEOPLE["ines"]


@dataclass(frozen=True, kw_only=True)
class Unit:
    """A team, or what stands above some."""

    name: str
    manager: str
    parent: str = ""
    calendar: str = ""
    awake: str = ""
    ladder: str = ""
    follow_up: str = ""
    helps: bool = True  # customers write to it


UNITS = {
    unit.name: unit
    for unit in (
        Unit(
            name="Support",
            manager="amira",
            parent="Service",
            calendar="berlin",
            awake="berlin-awake",
            follow_up="email",
        ),
        Unit(
            name="Billing",
            manager="bruno",
            parent="Service",
            calendar="new-york",
            awake="new-york-awake",
            ladder="working",
            follow_up="ticket",
        ),
        Unit(
            name="Technical",
            manager="carmen",
            parent="Service",
            calendar="singapore",
            awake="singapore-awake",
            ladder="mixed",
        ),
        Unit(name="Service", manager="hugo", parent="Company", helps=False),
        Unit(name="Company", manager="ines", helps=False),
    )
}
TEAMS = tuple(unit for unit in UNITS.values() if unit.helps)


@dataclass(frozen=True)
class Away:
    """Somebody is on holiday, up to, not including, `until`."""

    who: str
    deputy: str
    since: datetime
    until: datetime


def holidays(seed: int) -> tuple[Away, ...]:
    """Everybody who has a deputy is away for some days of the fortnight."""
    chance = Random(f"{seed}:holidays")  # noqa: S311 - a repeatable script, not a secret
    found = []
    for who, deputy in DEPUTIES.items():
        since = START + timedelta(days=chance.randrange(1, 9), hours=chance.randrange(6, 20))
        found.append(Away(who, deputy, since, since + timedelta(days=chance.randrange(2, 6))))
    return tuple(found)


def there(who: Person, at: datetime, away: Iterable[Away]) -> Person:
    """Who stands in for somebody at that moment; they themselves while they are there, or where nobody is."""
    return _there(who, at, tuple(away), frozenset()) or who


def _there(
    who: Person, at: datetime, away: tuple[Away, ...], asked: frozenset[str]
) -> Person | None:
    gone = [one for one in away if one.who == who.key and one.since <= at < one.until]
    if not gone:
        return who
    for one in gone:
        if one.deputy not in asked | {who.key}:
            found = _there(PEOPLE[one.deputy], at, away, asked | {who.key})
            if found is not None:
                return found
    return None


def people(sandbox: Sandbox) -> list[Team]:
    """People the stand-ins; the teams with their groups, channels and managers."""
    desk, slack, twilio = sandbox.zendesk, sandbox.slack, sandbox.twilio
    integration = desk.add_agent(OURS, "bridge@example.com", "admin")
    desk.add_client(ENV["ZENDESK_CLIENT_ID"], ENV["ZENDESK_CLIENT_SECRET"], integration)
    slack.add_token(ENV["SLACK_BOT_TOKEN"])
    slack.signing_secret = ENV["SLACK_SIGNING_SECRET"]
    twilio.account, twilio.token = "AC" + "0" * 32, ENV["TWILIO_AUTH_TOKEN"]
    ids = {key: slack.add_user(key, person.email, person.name) for key, person in PEOPLE.items()}
    return [_team(sandbox, unit, ids) for unit in UNITS.values()]


def _team(sandbox: Sandbox, unit: Unit, ids: dict[str, str]) -> Team:
    manager = PEOPLE[unit.manager]
    channel = ""
    groups: tuple[str, ...] = ()
    if unit.helps:
        channel = sandbox.slack.add_channel(channel_of(unit))
        groups = (f"zendesk:{sandbox.zendesk.add_group(unit.name)}",)
        for number in AGENTS:
            sandbox.zendesk.add_agent(
                f"{unit.name} agent {number}", f"{unit.name.lower()}{number}@example.com"
            )
    return Team(
        name=unit.name,
        parent=unit.parent,
        slack_channel=channel,
        manager=manager.name,
        manager_slack=ids[manager.key],
        manager_email=manager.email,
        manager_phone=manager.phone,
        calendar=unit.calendar,
        awake=unit.awake,
        ladder=unit.ladder,
        follow_up=unit.follow_up,
        groups=groups,
    )


def channel_of(unit: Unit) -> str:
    """The name of the channel in which a team hears of alerts."""
    return f"alerts-{unit.name.lower()}"


def slack_ids(sandbox: Sandbox) -> dict[str, str]:
    """Everybody's Slack id, by key."""
    return {user.name: user.id for user in sandbox.slack.users.values() if user.name in PEOPLE}


def move_in(world: World, away: Iterable[Away]) -> None:
    """Make known who people are and who is away, and where Slack, Twilio and customers reach the application."""
    ids = slack_ids(world.sandbox)
    with world.bridge.engine.begin() as connection:
        stored.save_members(
            connection,
            [
                Member(
                    key=key,
                    name=person.name,
                    email=person.email,
                    phone=person.phone,
                    slack=ids[key],
                )
                for key, person in PEOPLE.items()
            ],
        )
        stored.save_absences(
            connection,
            [
                Absence(member=one.who, deputy=one.deputy, starts_at=one.since, ends_at=one.until)
                for one in away
            ],
        )
    app = world.hooks.removesuffix("/hooks")
    # Before anything is sent: the channels take the address with them.
    world.bridge.settings = dataclasses.replace(world.bridge.settings, public_url=app)
    world.sandbox.slack.urls = {
        "interactivity": f"{app}/slack/actions",
        "command": f"{app}/slack/commands",
        "event": f"{app}/slack/events",
    }
    world.sandbox.zendesk.subscribe(
        f"{world.hooks}/zendesk", ENV["ZENDESK_WEBHOOK_SECRET"], name=f"{OURS}: events"
    )
