"""What every process of ours holds: settings, database, clock, and the doors in and out."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import cached_property
from time import sleep
from typing import Any

import structlog
from msgspec.structs import replace
from sqlalchemy import Connection, Engine

from bridge.domain.goals import Goal, SlaPolicy, VendorSlas
from bridge.domain.judge import Policy
from bridge.domain.ladders import DEFAULT_LADDER
from bridge.domain.loop import Loop
from bridge.domain.model import ConfigError, Severity, Team, Unreadable
from bridge.domain.people import Roster
from bridge.domain.redaction import Redaction
from bridge.domain.routing import NO_CALL, Routes
from bridge.domain.text import COLD, Learned, Words
from bridge.settings import DeskSetting, Settings
from bridge.settings.channels import EmailSection, SmsSection
from bridge.store import connect, teams, wordings
from bridge.work.budget import Shared
from bridge.work.tokens import Minted
from bridge.work.watching import Watch
from connectors import Channel, Desk, channel_kinds
from connectors.budget import Budget, Patient

log = structlog.get_logger()

Now = Callable[[], datetime]


def wall_clock() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


class Bridge:
    """A process's own instance; nothing is opened before it is used.

    `now` is the only clock that anything asks: hand in another, and time is simulated.
    """

    def __init__(self, settings: Settings, url: str, now: Now = wall_clock, pool: int = 8) -> None:
        self.settings = settings
        self.url = url
        self.now = now
        self.engine: Engine = connect(url, pool=pool)
        self._words: tuple[str, Words] = (COLD.name, COLD)
        self._closing: list[Callable[[], object]] = []

    def at_close(self, ended: Callable[[], object]) -> None:
        """Have something else ended when this is closed."""
        self._closing.append(ended)

    def close(self) -> None:
        """Let go of the database, and of what works with it."""
        for ended in self._closing:
            ended()
        self._closing.clear()
        self.engine.dispose()

    def snapshot(self) -> AbstractContextManager[Connection]:
        """A transaction that only reads, and sees everything as it stood when it began.

        What somebody did is either still on its way or done: read one after the other in a common transaction, it can
        be done in between, and would be seen as neither.
        """
        return self.engine.execution_options(isolation_level="REPEATABLE READ").begin()

    # --- the doors out

    @cached_property
    def desks(self) -> dict[str, Desk]:
        """Every configured desk, by name. Raises ConfigError where a credential is missing."""
        return {name: self._desk(name, s) for name, s in self.settings.desks.items()}

    @cached_property
    def channels(self) -> dict[str, Channel]:
        """Every configured channel, desks included, by name."""
        found: dict[str, Channel] = dict(self.desks)
        if slack := self.settings.slack:
            found["slack"] = channel_kinds()["slack"](
                name="slack",
                token=self.settings.secret(slack.token),
                base_url=slack.base_url,
                budget=self.budget,
            )
        if email := self.settings.email:
            found["email"] = channel_kinds()["email"](
                **_fields(email),
                password=self.settings.secret(email.password) if email.user else "",
                budget=self.budget,
                now=self.now,
            )
        if sms := self.settings.sms:
            found["sms"] = channel_kinds()["sms"](
                **_fields(sms),
                token=self.settings.secret(sms.token),
                callback=self.settings.public_url,
                budget=self.budget,
            )
        return found

    @cached_property
    def budget(self) -> Budget:
        """What all processes together may ask of each vendor."""
        return Shared(self.engine, self.now)

    def wait_for_budget(self, wait: Callable[[float], object] = sleep) -> None:
        """From now on wait where it is used up, for what a person watches. Before any door is opened."""
        self.budget = Patient(self.budget, wait)

    @cached_property
    def watch(self) -> Watch:
        """What is expected of series that are counted by the hour; by the default calendar's clock."""
        return Watch(self.settings.hours.zone)

    @cached_property
    def tokens(self) -> dict[str, str]:
        """The API tokens of sources that fetch what their deliveries are about. Raises ConfigError."""
        sources = self.settings.sources.items()
        return {name: self.settings.secret(s.token) for name, s in sources if s.token}

    def _desk(self, name: str, setting: DeskSetting) -> Desk:
        if setting.token:
            fixed = self.settings.secret(setting.token)
            token: Callable[[bool], str] = lambda _: fixed  # noqa: E731
        else:
            client = [self.settings.secret(variable) for variable in setting.variables]
            token = Minted(self.engine, self.now, name, lambda: setting.desk.mint(*client))
        desk: Desk = dataclasses.replace(setting.desk, token=token, budget=self.budget)
        return desk

    @property
    def redaction(self) -> Redaction:
        """What of customers is hidden wherever it isn't the helpdesk that shows it."""
        return Redaction(words=self.settings.redact.words, names=self.settings.redact.names)

    # --- policy, from files and from the teams in the database

    def words(self, connection: Connection) -> Words:
        """What judges people's words: what was learned of our customers where that is used, looked up by its name.

        What can't be read of it, by an earlier version of ours say, costs nobody their alert: the cold start judges.
        """
        name = wordings.used_name(connection) or COLD.name
        if name != self._words[0]:
            self._words = (name, self._learned(connection, name))
        return self._words[1]

    def _learned(self, connection: Connection, name: str) -> Words:
        body = wordings.body(connection, name)
        try:
            return Learned.from_body(body) if body else COLD
        except Unreadable as error:
            log.error("words not readable", version=name, why=str(error))
            return COLD

    def policy(self, known: list[Team], words: Words = COLD) -> Policy:
        """What judging depends on, with each team's calendar and targets put on its helpdesk groups."""
        settings = self.settings
        calendars = {
            group: settings.calendars[team.calendar]
            for team in known
            if team.calendar in settings.calendars
            for group in team.groups
        }
        groups = {team.name: team.groups for team in known}
        goals = []
        for goal in settings.goals:
            own = settings.team_targets.get(goal.name, {})
            by_group = {
                group: own[team.name] for team in known if team.name in own for group in team.groups
            }
            goals.append(replace(goal, teams=by_group))
        return Policy(
            rules=settings.rules,
            in_shadow=settings.in_shadow,
            words=words,
            tiers=settings.accounts.tiers,
            goals=tuple(goals),
            hours=settings.hours,
            calendars=calendars,
            statuses={name: desk.statuses for name, desk in settings.desks.items()},
            policies=tuple(_on_groups(policy, groups, goals) for policy in settings.policies),
            vendors={
                name: VendorSlas(win=desk.desk.slas == "win", goals=desk.sla_goals)
                for name, desk in settings.desks.items()
                if desk.desk.slas != "off"
            },
        )

    def routes(self, team: Team) -> Routes:
        """Which severity goes where, for a team."""
        return self.settings.routes.get(team.routes) or self.settings.routes["default"]

    def loop(self, team: Team, roster: Roster) -> Loop:
        """How a team's alerts are followed."""
        settings = self.settings
        ladders, routes = settings.ladders, self.routes(team)
        return Loop(
            team=team,
            ladder=ladders.get(team.ladder) or ladders[DEFAULT_LADDER.name],
            targets=settings.loop.targets,
            roster=roster,
            hours=settings.calendars.get(team.calendar, settings.hours),
            quiet=frozenset(s for s in Severity if not set(routes.get(s, ())) - NO_CALL),
            ask_after=settings.loop.follow_up_after,
            check_after=settings.loop.check_after,
        )

    def teams(self, connection: Connection) -> list[Team]:
        """All teams as they are now."""
        return teams.all_teams(connection)


def _on_groups(
    policy: SlaPolicy, groups: Mapping[str, Sequence[str]], usual: Sequence[Goal]
) -> SlaPolicy:
    """The policy with helpdesks' groups in place of our teams' names, and teams' targets where it names no other."""
    teams = {goal.name: goal.teams for goal in usual}
    targets = {goal.name: goal.targets for goal in usual}
    own = {
        name: replace(goal, teams=teams[name]) if goal.targets == targets[name] else goal
        for name, goal in policy.goals.items()
    }
    policy = replace(policy, goals=own)
    if not policy.match.teams:
        return policy
    theirs = frozenset(group for name in policy.match.teams for group in groups.get(name, ()))
    return replace(policy, match=replace(policy.match, teams=theirs or frozenset({""})))


def _fields(section: EmailSection | SmsSection) -> dict[str, Any]:
    """What a section says of a channel, but its kind and its secret."""
    return section.model_dump(exclude={"kind", "password", "token"})


def team_named(name: str, known: Sequence[Team]) -> Team:
    """The team of this name; one that hears of nothing if it was deleted."""
    return next((team for team in known if team.name == name), Team(name=name))


def require_sources(settings: Settings) -> dict[str, tuple[str, ...]]:
    """The secrets of every source. Raises ConfigError for one that has none and isn't `unsigned`."""
    secrets: dict[str, tuple[str, ...]] = {}
    for name, setting in settings.sources.items():
        if setting.unsigned or setting.polled:
            secrets[name] = ()
            continue
        try:
            secrets[name] = settings.secrets(setting.secret, f"source {name!r}")
        except ConfigError as error:
            raise ConfigError(
                f"{settings.path}: {error}, or say `unsigned = true` in [sources.{name}]"
            ) from error
    return secrets
