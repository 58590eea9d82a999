"""`bridge check`: what is wrong with the configuration, the secrets, the database or the teams, and the way out."""

from __future__ import annotations

from collections.abc import Container, Mapping

from sqlalchemy.exc import SQLAlchemyError

from bridge.domain.model import ConfigError
from bridge.loopcheck import settings_lack, teams_lack
from bridge.settings import Settings, load
from bridge.settings.login import logins_lack
from bridge.store import deliveries, inbox, pending, people, tickets
from bridge.teamcheck import complaints
from bridge.work.bridge import Bridge
from connectors import Found


def check(env: Mapping[str, str], url: str, told: Container[str] = ()) -> list[Found]:
    """Look at everything that can be looked at without asking a vendor.

    Groups that are no team's are named by their numbers; those in `told` aren't, for they are told by name elsewhere.
    """
    try:
        settings = load(env)
    except ConfigError as error:
        return [Found(False, "configuration", str(error))]
    found = [Found(True, f"{settings.path} is readable")]
    found += _secrets(settings)
    found += _database(settings, url, told)
    return found


def _secrets(settings: Settings) -> list[Found]:
    found = []
    for name, setting in settings.sources.items():
        if setting.token:
            found.append(_secret(settings, f"source {name}", setting.token))
        if setting.polled:
            continue
        if setting.unsigned:
            found.append(Found(True, f"source {name}: takes anything (unsigned = true)"))
            continue
        try:
            settings.secrets(setting.secret, f"source {name!r}")
            found.append(Found(True, f"source {name}: has its secret"))
        except ConfigError as error:
            found.append(Found(False, f"source {name}", str(error)))
    for name, desk in settings.desks.items():
        found += [_secret(settings, f"desk {name}", variable) for variable in desk.variables]
    if settings.slack:
        found.append(_secret(settings, "slack", settings.slack.token))
    else:
        found.append(Found(False, "slack", "add [channels.slack]; docs/setup-slack.md"))
    if settings.email and settings.email.user:
        found.append(_secret(settings, "email", settings.email.password))
    if settings.sms:
        found.append(_secret(settings, "sms", settings.sms.token))
    found += settings_lack(settings)
    found += logins_lack(settings)
    if not settings.sources:
        found.append(Found(False, "sources", "add [sources.…]; docs/setup-zendesk.md"))
    if not settings.public_url:
        found.append(
            Found(False, "public address", "set PUBLIC_URL to https://… as vendors call it")
        )
    return found


def _secret(settings: Settings, what: str, variable: str) -> Found:
    try:
        settings.secret(variable)
    except ConfigError as error:
        return Found(False, what, str(error))
    return Found(True, f"{what}: has {variable}")


def _database(settings: Settings, url: str, told: Container[str]) -> list[Found]:
    bridge = Bridge(settings, url, pool=1)
    try:
        with bridge.engine.connect() as connection:
            if pending(connection):
                return [Found(False, "database", "run `bridge migrate`")]
            roster = people.roster(connection, since=bridge.now())
            seen = tickets.groups_seen(connection)
            unreadable = len(inbox.listing(connection, inbox.UNREADABLE, 1000))
            failed = len(deliveries.listing(connection, deliveries.FAILED, 1000))
    except SQLAlchemyError as error:
        return [
            Found(
                False, "database", f"not reachable ({type(error).__name__}): look at DATABASE_URL"
            )
        ]
    finally:
        bridge.close()
    found = [Found(True, "database is up to date")]
    known = roster.teams
    names = {team.name for team in known}
    if settings.default_team not in names:
        found.append(
            Found(
                False,
                "default team",
                f"no team is called {settings.default_team!r}: `bridge teams import`",
            )
        )
    found += [
        Found(False, f"team {team.name}", "has no slack_channel: its alerts are held")
        for team in known
        if not team.slack_channel
    ]
    found += complaints(settings, roster)
    found += teams_lack(settings, known)
    mapped = {group for team in known for group in team.groups}
    for group, many in seen.items():
        if group not in mapped and group not in told:
            found.append(
                Found(
                    False,
                    f"group {group} ({many} tickets) is no team's",
                    f"add it to a team's groups; until then {settings.default_team!r} hears of it",
                )
            )
    if unreadable:
        found.append(
            Found(
                False,
                f"{unreadable} deliveries can't be read",
                "`bridge inbox list --state unreadable`",
            )
        )
    if failed:
        found.append(
            Found(False, f"{failed} deliveries failed", "`bridge deliveries list --state failed`")
        )
    return found
