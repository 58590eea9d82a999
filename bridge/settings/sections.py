"""What the configuration is made of: sections of the file, and the frozen `Settings` they become."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from bridge.domain.goals import Goal, SlaPolicy
from bridge.domain.hours import Hours
from bridge.domain.judge import Rule
from bridge.domain.ladders import Ladder
from bridge.domain.model import Category, ConfigError, Severity
from bridge.domain.routing import Routes

if TYPE_CHECKING:
    from bridge.settings.accounts import AccountsSection
    from bridge.settings.api import Api
    from bridge.settings.channels import EmailSection, SmsSection
    from bridge.settings.keeping import Keep, Redact
    from bridge.settings.login import LoginSection, Sessions
    from bridge.settings.loop import DigestPlan, Loop, Storm
    from bridge.settings.outgoing import Outgoing
    from bridge.settings.patterns import Topics
    from bridge.settings.words import LearningPlan

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


def _targets(value: object) -> object:
    if value == "none":
        return {}
    return {"default": value} if isinstance(value, str) else value


def lead(value: object) -> timedelta | float:
    """When to warn: 0.75 or "75%" of the target, or "1h" before the breach."""
    if isinstance(value, str) and not value.strip().endswith("%"):
        return duration(value)
    try:
        share = float(value.strip().removesuffix("%")) / 100 if isinstance(value, str) else value
    except ValueError as error:
        raise ValueError(f"{value!r} is no share: write it as 0.75 or 75%") from error
    if isinstance(share, bool) or not isinstance(share, int | float) or not 0 < share < 1:
        raise ValueError(f'{value!r}: a share lies between 0 and 1, a time before is "1h"')
    return float(share)


Duration = Annotated[timedelta, BeforeValidator(duration)]
Variables = Annotated[tuple[str, ...], BeforeValidator(_names)]
Regions = Annotated[tuple[str, ...], BeforeValidator(_names)]


class Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class Recovery(Section):
    """How soon work that a lost process left undone is taken up again."""

    silent: Duration = timedelta(seconds=20)  # a worker not heard of for so long counts as gone
    cut_off: Duration = timedelta(seconds=60)  # an attempt without an end; longer than any can take
    grace: Duration = timedelta(minutes=2)  # how long a due timer waits for a helpdesk that is away


class SlackSection(Section):
    """The Slack workspace."""

    kind: Literal["slack"] = "slack"
    token: str = "SLACK_BOT_TOKEN"  # the name of a variable  # noqa: S105
    base_url: str = "https://slack.com/api/"


class CalendarSection(Section):
    """Working hours: either a zone and what goes with it, or other calendars to follow."""

    zone: str = ""
    week: dict[str, str | list[str]] = {}
    holidays: Regions = ()
    days_off: tuple[date, ...] = ()
    special: dict[date, str | list[str]] = {}
    follow: tuple[str, ...] = ()


Targets = Annotated[dict[str, Duration], BeforeValidator(_targets)]
"""By priority, "default" for all others; a single duration is everybody's, "none" is no promise."""


class GoalSection(Section):
    """What is promised; None stands for what is left out."""

    target: Targets | None = None
    teams: dict[str, Targets] = {}
    warn: tuple[Annotated[timedelta | float, BeforeValidator(lead)], ...] | None = None
    nag: Annotated[Duration, Field(gt=timedelta())] | None = None
    pause: frozenset[Category] | None = None


class MatchSection(Section):
    """Which tickets a policy is for."""

    desks: frozenset[str] = frozenset()
    teams: frozenset[str] = frozenset()
    projects: frozenset[str] = frozenset()
    priorities: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()
    organisations: frozenset[str] = frozenset()
    brands: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()


class PolicySection(Section):
    """Other promises for some tickets."""

    match: MatchSection
    goals: dict[str, GoalSection]


@dataclasses.dataclass(frozen=True, kw_only=True)
class SourceSetting:
    """A source, how it proves itself, and the team that hears of answers without a ticket."""

    source: Any
    secret: tuple[str, ...]  # names of variables; any one of them proves a request
    unsigned: bool
    team: str
    token: (
        str  # the variable with the token for what is fetched from the vendor; "" where nothing is
    )
    polled: bool  # nobody calls it


@dataclasses.dataclass(frozen=True, kw_only=True)
class DeskSetting:
    """A desk without its token, and the variables that hold its credentials.

    Either `token`, or `client_id` and `client_secret` where the desk mints its tokens.
    """

    desk: Any
    client_id: str
    client_secret: str
    token: str
    statuses: Mapping[str, Category]
    sla_goals: Mapping[str, str]  # which goal of ours a clock of the helpdesk's own is
    sweep: timedelta | None  # how often the desk is asked for what no webhook told; None for never

    @property
    def variables(self) -> tuple[str, ...]:
        """The variables that have to be set."""
        return (self.token,) if self.token else (self.client_id, self.client_secret)


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
    email: EmailSection | None
    sms: SmsSection | None
    calendars: Mapping[str, Hours]
    default_calendar: str
    goals: tuple[Goal, ...]
    policies: tuple[SlaPolicy, ...]  # their teams are names of ours
    team_targets: Mapping[str, Mapping[str, Mapping[str, timedelta]]]  # goal -> team -> targets
    rules: tuple[Rule, ...]
    in_shadow: frozenset[str]  # rules that tell nobody
    routes: Mapping[str, Routes]
    ladders: Mapping[str, Ladder]  # "default" is always among them
    loop: Loop
    quiet_unless: Severity  # what interrupts people even while their team is not awake
    storm: Storm
    digest_plan: DigestPlan
    playbooks: Mapping[str, str]
    keep: Keep
    redact: Redact
    recovery: Recovery
    login: Mapping[str, LoginSection]
    sessions: Sessions
    outgoing: Outgoing
    api: Api
    words: LearningPlan
    accounts: AccountsSection
    topics: Topics
    digest: str = ""  # changes with the text of the file

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
        value = variable(self.env, name)
        if not value:
            raise ConfigError(f"set {name}, or {name}_FILE to a file that holds it")
        return value

    def secrets(self, names: Sequence[str], what: str) -> tuple[str, ...]:
        """The values of those of the variables that are set; at least one must be."""
        found = tuple(value for name in names if (value := variable(self.env, name)))
        if not found:
            raise ConfigError(f"{what} has no secret: set {names[0]} (or {names[0]}_FILE)")
        return found


def database_url(env: Mapping[str, str]) -> str:
    """DATABASE_URL, or what DATABASE_URL_FILE holds; "" for the embedded database."""
    return variable(env, "DATABASE_URL")


def variable(env: Mapping[str, str], name: str) -> str:
    """A variable's value, or the contents of the file that NAME_FILE names."""
    if value := env.get(name, "").strip():
        return value
    if not (path := env.get(f"{name}_FILE", "")):
        return ""
    try:
        return Path(path).read_text("utf-8").strip()
    except OSError as error:
        raise ConfigError(f"{name}_FILE: can't read {path}: {error.strerror}") from error


def whole(env: Mapping[str, str], name: str) -> int:
    value = env.get(name, "0") or "0"
    if not value.isdecimal():
        raise ConfigError(f"{name} is {value!r}: it must be a whole number, 0 or more")
    return int(value)
