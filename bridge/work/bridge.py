"""What every process of ours holds: settings, database, clock, and the doors in and out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from msgspec.structs import replace
from sqlalchemy import Connection, Engine

from bridge.domain.judge import Policy
from bridge.domain.model import ConfigError, Team
from bridge.domain.routing import Routes
from bridge.settings import DeskSetting, Settings
from bridge.store import connect, teams
from connectors import Channel, Desk, channels
from connectors.desks.zendesk import host, mint
from connectors.http import session

Now = Callable[[], datetime]

TOKEN_MARGIN = timedelta(minutes=3)  # a token is renewed this long before it ends


SCOPE = "read write"  # audits, and so a ticket's history, are given to the global scopes only


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

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()

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
            found["slack"] = channels()["slack"](
                name="slack", token=self.settings.secret(slack.token), base_url=slack.base_url
            )
        return found

    def _desk(self, name: str, setting: DeskSetting) -> Desk:
        env = self.settings
        if setting.token:
            fixed = env.secret(setting.token)
            token: Callable[[bool], str] = lambda _: fixed  # noqa: E731
        else:
            client = (env.secret(setting.client_id), env.secret(setting.client_secret))
            token = _Minted(self, name, setting.options, client)
        desk: Desk = setting.kind(token=token, **setting.options)
        return desk

    # --- policy, from files and from the teams in the database

    def policy(self, known: list[Team]) -> Policy:
        """What judging depends on, with each team's calendar and targets put on its helpdesk groups."""
        settings = self.settings
        calendars = {
            group: settings.calendars[team.calendar]
            for team in known
            if team.calendar in settings.calendars
            for group in team.groups
        }
        goals = []
        for goal in settings.goals:
            own = settings.team_targets.get(goal.name, {})
            by_group = {
                group: own[team.name] for team in known if team.name in own for group in team.groups
            }
            goals.append(replace(goal, teams=by_group))
        return Policy(
            rules=settings.rules,
            goals=tuple(goals),
            hours=settings.hours,
            calendars=calendars,
            statuses={name: desk.statuses for name, desk in settings.desks.items()},
        )

    def routes(self, team: Team) -> Routes:
        """Which severity goes where, for a team."""
        return self.settings.routes.get(team.routes) or self.settings.routes["default"]

    def teams(self, connection: Connection) -> list[Team]:
        """All teams as they are now."""
        return teams.all_teams(connection)


class _Minted:
    """A desk's access token: one row in the database, minted under its lock ahead of its end."""

    def __init__(self, bridge: Bridge, account: str, options: Any, client: tuple[str, str]) -> None:
        self.bridge = bridge
        self.account = account
        self.options = options
        self.client = client
        self._token = ""
        self._good_until = datetime.min.replace(tzinfo=UTC)

    def __call__(self, renew: bool) -> str:
        """The token; a new one if the vendor has refused the one we have (`renew`)."""
        now = self.bridge.now()
        if not renew and self._token and now < self._good_until:
            return self._token
        refused = self._token if renew else ""
        with self.bridge.engine.begin() as connection:
            kept = teams.token(connection, self.account, now + TOKEN_MARGIN)
            if not kept or kept == refused:
                teams.lock_token(connection, self.account)
                kept = teams.token(connection, self.account, now + TOKEN_MARGIN)
            if not kept or kept == refused:
                minted = mint(
                    session(base_urls=self._bases()), self.options["subdomain"], *self.client, SCOPE
                )
                kept = minted.access_token
                ends = now + timedelta(seconds=minted.expires_in)
                teams.save_token(connection, self.account, kept, ends)
                self._good_until = ends - TOKEN_MARGIN
            else:
                self._good_until = now + timedelta(minutes=1)
        self._token = kept
        return kept

    def _bases(self) -> dict[str, str]:
        base = self.options.get("base_url", "")
        return {host(self.options["subdomain"]): base} if base else {}


def require_sources(settings: Settings) -> dict[str, tuple[str, ...]]:
    """The secrets of every source. Raises ConfigError for one that has none and isn't `unsigned`."""
    secrets: dict[str, tuple[str, ...]] = {}
    for name, setting in settings.sources.items():
        if setting.unsigned:
            secrets[name] = ()
            continue
        try:
            secrets[name] = settings.secrets(setting.secret, f"source {name!r}")
        except ConfigError as error:
            raise ConfigError(
                f"{settings.path}: {error}, or say `unsigned = true` in [sources.{name}]"
            ) from error
    return secrets
