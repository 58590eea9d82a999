"""Environment + `config/bridge.toml` -> one frozen `Settings`.

The file holds policy: desks, sources, calendars, goals, rules, routes. Secrets never stand in it: it
names the variable that holds each, and every variable `NAME` may be given as a file in `NAME_FILE`.
An error names the file, the line, the key, and the nearest right key.
"""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from bridge.domain.goals import GOALS, Goal
from bridge.domain.hours import Hours, parse_week
from bridge.domain.judge import Rule
from bridge.domain.model import Category, ConfigError, Severity
from bridge.domain.routing import DEFAULT_ROUTES, MEDIUMS, Routes
from bridge.domain.rules import rules as known_rules
from bridge.domain.ticket import STATUSES
from connectors import channel_kinds, desk_kinds, source_kinds

DEFAULT_CONFIG = "config/bridge.toml"
_DURATION = re.compile(r"(?:(\d+)d)?\s*(?:(\d+)h)?\s*(?:(\d+)m)?\s*(?:(\d+)s)?")


def duration(text: object) -> timedelta:
    """A duration as people write it: "90s", "30m", "8h", "1h30m", "2d". Raises ValueError."""
    match = _DURATION.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None or not any(match.groups()):
        raise ValueError(f"{text!r} is no duration: write it as 30m, 8h, 1h30m or 2d")
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def _names(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Duration = Annotated[timedelta, BeforeValidator(duration)]
Variables = Annotated[tuple[str, ...], BeforeValidator(_names)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Keep(_Section):
    """How long things are kept."""

    raw: Duration = timedelta(days=30)  # raw bodies of webhooks
    events: Duration = timedelta(days=400)


class Recovery(_Section):
    """How soon work that a lost process left undone is taken up again."""

    silent: Duration = timedelta(seconds=20)  # a worker not heard of for so long counts as gone
    cut_off: Duration = timedelta(seconds=60)  # an attempt without an end; longer than any can take


class SlackSection(_Section):
    """The Slack workspace."""

    kind: Literal["slack"] = "slack"
    token: str = "SLACK_BOT_TOKEN"  # the name of a variable  # noqa: S105
    base_url: str = "https://slack.com/api/"


class CalendarSection(_Section):
    zone: str
    week: dict[str, str | list[str]] = {}
    days_off: tuple[date, ...] = ()


class GoalSection(_Section):
    target: dict[str, Duration]
    teams: dict[str, dict[str, Duration]] = {}
    warn: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = ()
    pause: frozenset[Category] = frozenset({Category.PENDING, Category.HOLD})


@dataclasses.dataclass(frozen=True, kw_only=True)
class SourceSetting:
    """A source, how it proves itself, and the team that hears of answers without a ticket."""

    source: Any
    secret: tuple[str, ...]  # names of variables; any one of them proves a request
    unsigned: bool
    team: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class DeskSetting:
    """A desk: its class and options, and the variables that hold its credentials."""

    kind: Any
    options: Mapping[str, Any]
    client_id: str
    client_secret: str
    token: str
    statuses: Mapping[str, Category]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """All that a process needs to know before it starts."""

    path: str
    env: Mapping[str, str] = dataclasses.field(repr=False)
    public_url: str
    proxies: int
    default_team: str
    desks: Mapping[str, DeskSetting]
    sources: Mapping[str, SourceSetting]
    slack: SlackSection | None
    calendars: Mapping[str, Hours]
    default_calendar: str
    goals: tuple[Goal, ...]
    team_targets: Mapping[str, Mapping[str, Mapping[str, timedelta]]]  # goal -> team -> targets
    rules: tuple[Rule, ...]
    routes: Mapping[str, Routes]
    playbooks: Mapping[str, str]
    keep: Keep
    recovery: Recovery

    @property
    def database_url(self) -> str:
        """Where the data is; "" for the embedded database."""
        return database_url(self.env)

    @property
    def hours(self) -> Hours:
        """The hours of a team that names no calendar."""
        return self.calendars[self.default_calendar]

    def secret(self, name: str) -> str:
        """The value of a secret. Raises ConfigError with the way out if it is not there."""
        value = _variable(self.env, name)
        if not value:
            raise ConfigError(f"set {name}, or {name}_FILE to a file that holds it")
        return value

    def secrets(self, names: Sequence[str], what: str) -> tuple[str, ...]:
        """The values of those of the variables that are set; at least one must be."""
        found = tuple(value for name in names if (value := _variable(self.env, name)))
        if not found:
            raise ConfigError(f"{what} has no secret: set {names[0]} (or {names[0]}_FILE)")
        return found


def database_url(env: Mapping[str, str]) -> str:
    """DATABASE_URL, or what DATABASE_URL_FILE holds; "" for the embedded database."""
    return _variable(env, "DATABASE_URL")


def load(env: Mapping[str, str], path: str | Path | None = None) -> Settings:
    """Read the configuration. Raises ConfigError."""
    chosen = Path(path or env.get("BRIDGE_CONFIG") or DEFAULT_CONFIG)
    try:
        text = chosen.read_text("utf-8")
    except FileNotFoundError as error:
        raise ConfigError(
            f"{chosen}: no such file. Set BRIDGE_CONFIG to your configuration"
        ) from error
    return parse(text, env, str(chosen))


def parse(text: str, env: Mapping[str, str], path: str = DEFAULT_CONFIG) -> Settings:
    """Read a configuration from its text. Raises ConfigError."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: {error}") from error
    return _Reader(text, path).settings(raw, env)


class _Reader:
    """Turns the tables of the file into settings, and errors into sentences with a line number."""

    def __init__(self, text: str, path: str) -> None:
        self.lines = text.splitlines()
        self.path = path

    def settings(self, raw: Mapping[str, Any], env: Mapping[str, str]) -> Settings:
        self.only((), raw, _TOP)
        calendars = {
            name: self.calendar(name, table) for name, table in self.tables(raw, "calendars")
        } or {"round-the-clock": Hours(ZoneInfo("UTC"), name="round-the-clock")}
        default_calendar = raw.get("default_calendar", next(iter(calendars)))
        if default_calendar not in calendars:
            self.fail(("default_calendar",), self.near(default_calendar, calendars))
        goals, team_targets = self.goals(raw)
        desks = {name: self.desk(name, table) for name, table in self.tables(raw, "desks")}
        found_sources = {
            name: self.source(name, table, desks) for name, table in self.tables(raw, "sources")
        }
        slack = None
        for name, table in self.tables(raw, "channels"):
            if name not in channel_kinds():
                self.fail(("channels", name), self.near(name, channel_kinds()))
            slack = self.section(SlackSection, ("channels", name), table)
        public_url = env.get("PUBLIC_URL", "").rstrip("/")
        if public_url and urlsplit(public_url).scheme not in ("http", "https"):
            raise ConfigError(
                f"PUBLIC_URL is {public_url!r}: it must start with https:// (or http://)"
            )
        return Settings(
            path=self.path,
            env=env,
            public_url=public_url,
            proxies=_whole(env, "BRIDGE_TRUSTED_PROXIES"),
            default_team=self.value(raw, "default_team", str, "Support"),
            desks=desks,
            sources=found_sources,
            slack=slack,
            calendars=calendars,
            default_calendar=default_calendar,
            goals=goals,
            team_targets=team_targets,
            rules=self.rules(raw),
            routes=self.routes(raw),
            playbooks=self.playbooks(raw),
            keep=self.section(Keep, ("keep",), raw.get("keep", {})),
            recovery=self.section(Recovery, ("recovery",), raw.get("recovery", {})),
        )

    # --- the tables

    def calendar(self, name: str, table: Mapping[str, Any]) -> Hours:
        section = self.section(CalendarSection, ("calendars", name), table)
        try:
            zone = ZoneInfo(section.zone)
            return Hours(zone, parse_week(section.week), frozenset(section.days_off), name)
        except (ZoneInfoNotFoundError, ValueError) as error:
            key = "zone" if isinstance(error, ZoneInfoNotFoundError) else "week"
            self.fail(("calendars", name, key), str(error))

    def goals(
        self, raw: Mapping[str, Any]
    ) -> tuple[tuple[Goal, ...], dict[str, dict[str, dict[str, timedelta]]]]:
        found, by_team = [], {}
        for name, table in self.tables(raw, "goals"):
            if name not in GOALS:
                self.fail(("goals", name), self.near(name, GOALS))
            section = self.section(GoalSection, ("goals", name), table)
            if tuple(sorted(section.warn)) != section.warn:
                self.fail(("goals", name, "warn"), "the shares must rise: [0.5, 0.75]")
            found.append(
                Goal(
                    name=name,
                    targets=_by_priority(section.target),
                    warn=section.warn,
                    pause=section.pause,
                )
            )
            by_team[name] = {team: _by_priority(t) for team, t in section.teams.items()}
        return tuple(found), by_team

    def rules(self, raw: Mapping[str, Any]) -> tuple[Rule, ...]:
        tables = dict(self.tables(raw, "rules"))
        for name in tables:
            if name not in known_rules():
                self.fail(("rules", name), self.near(name, known_rules()))
        chosen = []
        for name, cls in known_rules().items():
            table = dict(tables.get(name, {}))
            if self.value(table, "enabled", bool, True, ("rules", name)):
                table.pop("enabled", None)
                chosen.append(self.build(cls, ("rules", name), table, extra=("enabled",)))
        return tuple(chosen)

    def routes(self, raw: Mapping[str, Any]) -> dict[str, Routes]:
        found: dict[str, Routes] = {"default": DEFAULT_ROUTES}
        levels = {s.name.lower(): s for s in Severity}
        for name, table in self.tables(raw, "routes"):
            route = dict(DEFAULT_ROUTES)
            self.only(("routes", name), table, levels)
            for level, mediums in table.items():
                for medium in mediums:
                    if medium not in MEDIUMS:
                        self.fail(("routes", name, level), self.near(medium, MEDIUMS))
                route[levels[level]] = tuple(mediums)
            found[name] = route
        return found

    def playbooks(self, raw: Mapping[str, Any]) -> dict[str, str]:
        table = raw.get("playbooks", {})
        self.only(("playbooks",), table, known_rules())
        known = {name: str(cls.playbook) for name, cls in known_rules().items()}
        return known | {name: str(text) for name, text in table.items()}

    def desk(self, name: str, table: Mapping[str, Any]) -> DeskSetting:
        where = ("desks", name)
        cls = self.kind(where, table, desk_kinds())
        upper = name.upper().replace("-", "_")
        own = ("kind", "client_id", "client_secret", "token", "statuses")
        options = {k: v for k, v in table.items() if k not in own}
        allowed = [f.name for f in dataclasses.fields(cls) if f.init and f.name not in _HANDED_IN]
        self.only(where, options, allowed, extra=own)
        if "subdomain" in allowed and not options.get("subdomain"):
            self.fail(where, "subdomain is missing: the first part of <subdomain>.zendesk.com")
        words = {str(k).lower(): v for k, v in table.get("statuses", {}).items()}
        meanings = {c.value: c for c in Category}
        for word, meaning in words.items():
            if meaning not in meanings:
                self.fail((*where, "statuses", word), self.near(str(meaning), meanings))
        return DeskSetting(
            kind=cls,
            options={"name": name, **options},
            client_id=table.get("client_id", f"{upper}_CLIENT_ID"),
            client_secret=table.get("client_secret", f"{upper}_CLIENT_SECRET"),
            token=table.get("token", ""),
            statuses={**STATUSES, **{word: meanings[m] for word, m in words.items()}},
        )

    def source(
        self, name: str, table: Mapping[str, Any], known_desks: Mapping[str, Any]
    ) -> SourceSetting:
        where = ("sources", name)
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
            self.fail(where, "a source's name stands in its address: use a-z, 0-9 and -")
        cls = self.kind(where, table, source_kinds())
        own = ("kind", "secret", "unsigned", "team")
        options = {k: v for k, v in table.items() if k not in own}
        source = self.build(cls, where, options, extra=own, name=name)
        if source.desk and source.desk not in known_desks and "desk" in options:
            self.fail((*where, "desk"), self.near(source.desk, known_desks))
        names = TypeAdapter(Variables).validate_python(
            table.get("secret", name.upper().replace("-", "_") + "_SECRET")
        )
        return SourceSetting(
            source=source,
            secret=names,
            unsigned=self.value(table, "unsigned", bool, False, where),
            team=self.value(table, "team", str, "", where),
        )

    # --- shared

    def kind(
        self, where: tuple[str, ...], table: Mapping[str, Any], kinds: Mapping[str, Any]
    ) -> Any:
        kind = table.get("kind", "")
        if kind not in kinds:
            self.fail((*where, "kind"), self.near(str(kind), kinds))
        return kinds[kind]

    def tables(self, raw: Mapping[str, Any], name: str) -> Iterable[tuple[str, dict[str, Any]]]:
        tables = raw.get(name, {})
        if not isinstance(tables, dict):
            self.fail((name,), f"must be tables: [{name}.some-name]")
        for key, table in tables.items():
            if not isinstance(table, dict):
                self.fail((name, key), f"must be a table: [{name}.{key}]")
            yield key, table

    def value(
        self,
        table: Mapping[str, Any],
        key: str,
        kind: type,
        default: Any,
        where: tuple[str, ...] = (),
    ) -> Any:
        value = table.get(key, default)
        if not isinstance(value, kind):
            self.fail((*where, key), f"must be a {kind.__name__}, not {value!r}")
        return value

    def section(self, cls: type[Any], where: tuple[str, ...], table: Any) -> Any:
        return self.validated(where, cls.model_fields, lambda: cls.model_validate(table))

    def build(
        self,
        cls: Any,
        where: tuple[str, ...],
        table: dict[str, Any],
        extra: Sequence[str] = (),
        **given: str,
    ) -> Any:
        """A dataclass from a table; severities may be given by name, "off" for none."""
        allowed = [f.name for f in dataclasses.fields(cls) if f.init]
        self.only(where, table, [f for f in allowed if f != "name"], extra=extra)
        for field in dataclasses.fields(cls):
            if field.name in table and "Severity" in str(field.type):
                table[field.name] = self.severity((*where, field.name), table[field.name])
        return self.validated(
            where, allowed, lambda: TypeAdapter(cls).validate_python(table | given)
        )

    def severity(self, where: tuple[str, ...], value: object) -> Severity | None:
        levels: dict[str, Severity | None] = {s.name.lower(): s for s in Severity}
        levels["off"] = None
        if value not in levels:
            self.fail(where, self.near(str(value), levels))
        return levels[str(value)]

    def validated(
        self, where: tuple[str, ...], allowed: Iterable[str], make: Callable[[], Any]
    ) -> Any:
        try:
            return make()
        except ValidationError as error:
            found = error.errors(include_url=False)
            # A misspelt key is also a missing one: the misspelling is what helps.
            first = next((e for e in found if e["type"] == "extra_forbidden"), found[0])
            at = (*where, *(str(part) for part in first["loc"]))
            if first["type"] == "extra_forbidden":
                self.fail(at, self.near(at[-1], allowed))
            self.fail(at, first["msg"].removeprefix("Value error, "))
        except (ValueError, TypeError) as error:
            self.fail(where, str(error))

    def only(
        self,
        where: tuple[str, ...],
        table: Mapping[str, Any],
        allowed: Iterable[str],
        extra: Sequence[str] = (),
    ) -> None:
        known = [*allowed, *extra]
        for key in table:
            if key not in known:
                self.fail((*where, key), self.near(key, [k for k in known if k != "name"]))

    def near(self, word: str, known: Iterable[str]) -> str:
        choices = sorted(known)
        close = get_close_matches(word, choices, n=1, cutoff=0.5)
        hint = f"did you mean {close[0]!r}?" if close else "known are: " + ", ".join(choices)
        return f"{word!r} is not known; {hint}"

    def fail(self, where: tuple[str, ...], why: str) -> NoReturn:
        raise ConfigError(f"{self.path}:{self.line(where)}: {'.'.join(where)}: {why}")

    def line(self, where: tuple[str, ...]) -> int:
        """The line in which a key or its table is written; the nearest table's if it can't be told."""
        table: tuple[str, ...] = ()
        best, depth = 1, -1
        for number, line in enumerate(self.lines, 1):
            header = re.match(r"\s*\[\[?\s*([^\]]+?)\s*\]", line)
            if header:
                table = tuple(part.strip().strip("\"'") for part in header[1].split("."))
                here = table
            elif key := re.match(r"""\s*([\w."'-]+)\s*=""", line):
                here = (*table, *(part.strip("\"'") for part in key[1].split(".")))
            else:
                continue
            common = len(here) if where[: len(here)] == here else -1
            if common > depth:
                best, depth = number, common
        return best


_TOP = (
    "default_team",
    "default_calendar",
    "desks",
    "channels",
    "sources",
    "calendars",
    "goals",
    "rules",
    "routes",
    "playbooks",
    "keep",
    "recovery",
)
_HANDED_IN = ("name", "token", "session", "transport")


def _by_priority(targets: Mapping[str, timedelta]) -> dict[str, timedelta]:
    return {("" if name == "default" else name.lower()): t for name, t in targets.items()}


def _variable(env: Mapping[str, str], name: str) -> str:
    """A variable's value, or the contents of the file that NAME_FILE names."""
    if value := env.get(name, "").strip():
        return value
    if not (path := env.get(f"{name}_FILE", "")):
        return ""
    try:
        return Path(path).read_text("utf-8").strip()
    except OSError as error:
        raise ConfigError(f"{name}_FILE: can't read {path}: {error.strerror}") from error


def _whole(env: Mapping[str, str], name: str) -> int:
    value = env.get(name, "0") or "0"
    if not value.isdecimal():
        raise ConfigError(f"{name} is {value!r}: it must be a whole number, 0 or more")
    return int(value)
