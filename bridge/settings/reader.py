"""Turns the tables of the file into settings, and errors into sentences with a line number."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import timedelta
from difflib import get_close_matches
from typing import Any, NoReturn
from urllib.parse import urlsplit

from msgspec.structs import replace
from pydantic import TypeAdapter, ValidationError

from bridge.domain.goals import GOALS, Goal, Match, SlaPolicy
from bridge.domain.judge import Rule
from bridge.domain.metrics import RESERVED
from bridge.domain.model import Category, ConfigError, Severity
from bridge.domain.routing import DEFAULT_ROUTES, MEDIUMS, Routes
from bridge.domain.rules import begins_in_shadow
from bridge.domain.rules import rules as known_rules
from bridge.settings.accounts import AccountsSection
from bridge.settings.api import Api
from bridge.settings.calendars import read_calendars
from bridge.settings.channels import EmailSection, SmsSection
from bridge.settings.keeping import Keep, Redact
from bridge.settings.login import Sessions, read_logins
from bridge.settings.loop import DigestPlan, Loop, Quiet, Storm, read_ladders
from bridge.settings.named import named
from bridge.settings.outgoing import Outgoing
from bridge.settings.patterns import Topics
from bridge.settings.sections import (
    DeskSetting,
    GoalSection,
    MatchSection,
    PolicySection,
    Recovery,
    Section,
    Settings,
    SlackSection,
    SourceSetting,
    Variables,
    duration,
    whole,
)
from bridge.settings.words import LearningPlan
from connectors import Fetching, Polling, channel_kinds, desk_kinds, source_kinds

TOP = (
    "default_team",
    "default_calendar",
    "desks",
    "channels",
    "sources",
    "calendars",
    "goals",
    "policies",
    "rules",
    "routes",
    "ladders",
    "loop",
    "quiet",
    "storm",
    "digest",
    "playbooks",
    "keep",
    "redact",
    "recovery",
    "login",
    "sessions",
    "outgoing",
    "api",
    "accounts",
    "topics",
    "words",
)
HANDED_IN = ("name", "token", "budget")
"""What a desk or source is given and no table can say."""

_CHANNELS: Mapping[str, type[Section]] = {
    "slack": SlackSection,
    "email": EmailSection,
    "sms": SmsSection,
}
_INNER: Mapping[str, Iterable[str]] = {
    "match": MatchSection.model_fields,
    "goals": GoalSection.model_fields,
}
"""What may be said in a table within a policy's."""


class Reader:
    """Turns the tables of the file into settings, and errors into sentences with a line number."""

    def __init__(self, text: str, path: str) -> None:
        self.lines = text.splitlines()
        self.path = path

    def settings(self, raw: Mapping[str, Any], env: Mapping[str, str]) -> Settings:
        self.only((), raw, TOP)
        calendars = read_calendars(self, self.tables(raw, "calendars"))
        default_calendar = raw.get("default_calendar", next(iter(calendars)))
        if default_calendar not in calendars:
            self.fail(("default_calendar",), self.near(default_calendar, calendars))
        goals, team_targets = self.goals(raw)
        policies = self.policies(raw, goals)
        known_desks = raw.get("desks", {})
        for policy in policies:
            for name in sorted(policy.match.desks - set(known_desks)) if known_desks else ():
                self.fail(("policies", policy.name, "match"), self.near(name, known_desks))
        goals += tuple(Goal(name=n) for n in sorted(_named_only(policies, goals)))
        desks = {name: self.desk(name, table) for name, table in self.tables(raw, "desks")}
        found_sources = {
            name: self.source(name, table, desks) for name, table in self.tables(raw, "sources")
        }
        channels = self.channels(raw)
        public_url = env.get("PUBLIC_URL", "").rstrip("/")
        if public_url and urlsplit(public_url).scheme not in ("http", "https"):
            raise ConfigError(
                f"PUBLIC_URL is {public_url!r}: it must start with https:// (or http://)"
            )
        return Settings(
            path=self.path,
            env=env,
            public_url=public_url,
            proxies=whole(env, "BRIDGE_TRUSTED_PROXIES"),
            default_team=self.value(raw, "default_team", str, "Support"),
            desks=desks,
            sources=found_sources,
            slack=channels.get("slack"),
            email=channels.get("email"),
            sms=channels.get("sms"),
            calendars=calendars,
            default_calendar=default_calendar,
            goals=goals,
            policies=policies,
            team_targets=team_targets,
            rules=self.rules(raw),
            in_shadow=self.in_shadow(raw),
            routes=self.routes(raw),
            ladders=read_ladders(self, self.tables(raw, "ladders")),
            loop=self.single(Loop, raw, "loop"),
            quiet_unless=self.single(Quiet, raw, "quiet").unless,
            storm=self.single(Storm, raw, "storm"),
            digest_plan=self.single(DigestPlan, raw, "digest"),
            playbooks=self.playbooks(raw),
            keep=self.single(Keep, raw, "keep"),
            redact=self.single(Redact, raw, "redact"),
            recovery=self.single(Recovery, raw, "recovery"),
            login=read_logins(self, self.tables(raw, "login")),
            sessions=self.single(Sessions, raw, "sessions"),
            outgoing=self.single(Outgoing, raw, "outgoing"),
            api=self.single(Api, raw, "api"),
            words=self.single(LearningPlan, raw, "words"),
            accounts=self.single(AccountsSection, raw, "accounts"),
            topics=self.single(Topics, raw, "topics"),
        )

    # --- the tables

    def goals(
        self, raw: Mapping[str, Any]
    ) -> tuple[tuple[Goal, ...], dict[str, dict[str, dict[str, timedelta]]]]:
        found, by_team = [], {}
        for name, table in self.tables(raw, "goals"):
            if name not in GOALS:
                self.fail(("goals", name), self.near(name, GOALS))
            section = self.section(GoalSection, ("goals", name), table)
            if section.target is None:
                self.fail(("goals", name), 'target is missing: "8h", or { default = "8h" }')
            found.append(_goal(Goal(name=name), section))
            by_team[name] = {team: _by_priority(t) for team, t in section.teams.items()}
        return tuple(found), by_team

    def policies(self, raw: Mapping[str, Any], goals: Sequence[Goal]) -> tuple[SlaPolicy, ...]:
        usual = {goal.name: goal for goal in goals}
        found = []
        for name, table in self.tables(raw, "policies"):
            section = self.section(PolicySection, ("policies", name), table)
            for goal, own in section.goals.items():
                where = ("policies", name, "goals", goal)
                if goal not in GOALS:
                    self.fail(where, self.near(goal, GOALS))
                if own.teams:
                    self.fail((*where, "teams"), "a policy matches teams: [policies.….match]")
            match = Match(**{k: _lower(k, v) for k, v in section.match})
            if match == Match():
                self.fail(("policies", name, "match"), "is empty: it would be for every ticket")
            own_goals = {
                goal: _goal(usual.get(goal, Goal(name=goal)), own)
                for goal, own in section.goals.items()
            }
            found.append(SlaPolicy(name=name, match=match, goals=own_goals))
        return tuple(found)

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
                table.pop("shadow", None)
                chosen.append(self.build(cls, ("rules", name), table, extra=("enabled", "shadow")))
        return tuple(chosen)

    def in_shadow(self, raw: Mapping[str, Any]) -> frozenset[str]:
        """The rules that tell nobody: as it is said of them, else those that begin so."""
        tables = dict(self.tables(raw, "rules"))
        return frozenset(
            name
            for name, cls in known_rules().items()
            if self.value(
                tables.get(name, {}), "shadow", bool, begins_in_shadow(cls), ("rules", name)
            )
        )

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

    def channels(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        found = {}
        for name, table in self.tables(raw, "channels"):
            if name not in _CHANNELS or name not in channel_kinds():
                self.fail(("channels", name), self.near(name, channel_kinds()))
            found[name] = self.section(_CHANNELS[name], ("channels", name), table)
        return found

    def playbooks(self, raw: Mapping[str, Any]) -> dict[str, str]:
        table = raw.get("playbooks", {})
        self.only(("playbooks",), table, known_rules())
        known = {name: str(cls.playbook) for name, cls in known_rules().items()}
        return known | {name: str(text) for name, text in table.items()}

    def desk(self, name: str, table: Mapping[str, Any]) -> DeskSetting:
        where = ("desks", name)
        if name in RESERVED:
            self.fail(
                where, f"no desk may be called {name!r}: the bridge calls its own subjects so"
            )
        cls = self.kind(where, table, desk_kinds())
        mints = hasattr(cls, "mint")
        upper = name.upper().replace("-", "_")
        own: tuple[str, ...] = ("kind", "token", "statuses", "sla_goals", "sweep")
        own = (*own, "client_id", "client_secret") if mints else own
        options = {k: v for k, v in table.items() if k not in own}
        desk = self.build(cls, where, options, extra=own, name=name, token=_no_token)
        for key in ("statuses", "sla_goals"):
            self.value(dict(table), key, dict, {}, where)
        words = {str(k).lower(): v for k, v in table.get("statuses", {}).items()}
        meanings = {c.value: c for c in Category}
        for word, meaning in words.items():
            if meaning not in meanings:
                self.fail((*where, "statuses", word), self.near(str(meaning), meanings))

        slas = {str(k).casefold(): v for k, v in table.get("sla_goals", {}).items()}
        for word, goal in slas.items():
            if goal not in GOALS:
                self.fail((*where, "sla_goals", word), self.near(str(goal), GOALS))
        every = table.get("sweep", "1m")

        def variable(key: str, default: str) -> str:
            return str(self.value(dict(table), key, str, default, where))

        return DeskSetting(
            desk=desk,
            client_id=variable("client_id", f"{upper}_CLIENT_ID") if mints else "",
            client_secret=variable("client_secret", f"{upper}_CLIENT_SECRET") if mints else "",
            token=variable("token", "" if mints else f"{upper}_TOKEN"),
            statuses={**cls.statuses, **{word: meanings[m] for word, m in words.items()}},
            sla_goals={**cls.sla_goals, **slas},
            sweep=None if every == "off" else self.duration((*where, "sweep"), every),
        )

    def source(
        self, name: str, table: Mapping[str, Any], known_desks: Mapping[str, Any]
    ) -> SourceSetting:
        where = ("sources", name)
        if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name):
            self.fail(where, "a source's name stands in its address: use a-z, 0-9 and -")
        cls = self.kind(where, table, source_kinds())
        polled = issubclass(cls, Polling)
        fetches = issubclass(cls, Fetching)
        own = ("kind", "team", *(() if polled else ("secret", "unsigned")))
        own = (*own, "token") if fetches else own
        options = {k: v for k, v in table.items() if k not in own}
        source = self.build(cls, where, options, extra=own, name=name)
        if source.desk and source.desk not in known_desks and "desk" in options:
            self.fail((*where, "desk"), self.near(source.desk, known_desks))
        if polled and source.desk not in known_desks:
            self.fail(where, f"is read from a desk, and no [desks.{source.desk}] is configured")
        upper = name.upper().replace("-", "_")
        names = TypeAdapter(Variables).validate_python(table.get("secret", f"{upper}_SECRET"))
        token = self.value(table, "token", str, f"{upper}_TOKEN", where) if fetches else ""
        return SourceSetting(
            source=source,
            secret=names,
            unsigned=self.value(table, "unsigned", bool, False, where),
            team=self.value(table, "team", str, "", where),
            token=token,
            polled=polled,
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

    def single(self, cls: type[Any], raw: Mapping[str, Any], name: str) -> Any:
        """A table that there is once, and that may be left out."""
        table = raw.get(name, {})
        if not isinstance(table, dict):
            self.fail((name,), f"must be a table: [{name}]")
        return self.section(cls, (name,), table)

    def section(self, cls: type[Any], where: tuple[str, ...], table: Any) -> Any:
        return self.validated(where, cls.model_fields, lambda: cls.model_validate(table))

    def build(
        self,
        cls: Any,
        where: tuple[str, ...],
        table: dict[str, Any],
        extra: Sequence[str] = (),
        **given: Any,
    ) -> Any:
        """A dataclass from a table; severities may be given by name ("off" for none), durations as "30m"."""
        allowed = [f.name for f in dataclasses.fields(cls) if f.init]
        self.only(where, table, [f for f in allowed if f not in HANDED_IN], extra=extra)
        for field in dataclasses.fields(cls):
            if field.name not in table:
                if field.name not in given and _needed(field):
                    hint = field.metadata.get("hint", "")
                    self.fail(where, f"{field.name} is missing" + (f": {hint}" if hint else ""))
            elif "tables" in field.metadata:
                inner = (*where, field.name)
                table[field.name] = named(self, field.metadata["tables"], inner, table[field.name])
            elif "Severity" in str(field.type):
                table[field.name] = self.severity((*where, field.name), table[field.name])
            elif "timedelta" in str(field.type):
                table[field.name] = self.duration((*where, field.name), table[field.name])
        return self.validated(
            where, allowed, lambda: TypeAdapter(cls).validate_python(table | given)
        )

    def duration(self, where: tuple[str, ...], value: object) -> timedelta:
        try:
            return duration(value)
        except ValueError as error:
            self.fail(where, str(error))

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
                inner = next((_INNER[str(p)] for p in first["loc"] if str(p) in _INNER), allowed)
                deep = len(first["loc"]) > 1
                self.fail(at, self.near(at[-1], inner if deep else allowed))
            self.fail(at, first["msg"].removeprefix("Value error, "))
        except (ConfigError, ValueError, TypeError) as error:
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


def _goal(usual: Goal, section: GoalSection) -> Goal:
    """The usual promise, with what the section says otherwise."""
    said: dict[str, Any] = {
        name: value
        for name in ("warn", "nag", "pause")
        if (value := getattr(section, name)) is not None
    }
    if section.target is not None:
        said["targets"] = _by_priority(section.target)
    return replace(usual, **said)


def _named_only(policies: Sequence[SlaPolicy], goals: Sequence[Goal]) -> set[str]:
    """Goals that only policies promise."""
    return {name for policy in policies for name in policy.goals} - {goal.name for goal in goals}


_WORDS = ("priorities", "types")


def _lower(name: str, values: frozenset[str]) -> frozenset[str]:
    return frozenset(value.lower() for value in values) if name in _WORDS else values


def _by_priority(targets: Mapping[str, timedelta]) -> dict[str, timedelta]:
    return {("" if name == "default" else name.lower()): t for name, t in targets.items()}


def _needed(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _no_token(_: bool) -> str:
    """Stands for the token of a desk that is not in use yet."""
    return ""
