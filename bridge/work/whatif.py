"""What another policy would have done: the past lived through again under both, and what differs.

Tickets are looked at one by one, the newest first, so that it can end at any time and still tells something.
"""

from __future__ import annotations

import dataclasses
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from time import monotonic
from zoneinfo import ZoneInfo

from msgspec import Struct, field
from msgspec.structs import replace
from sqlalchemy import Connection

from bridge.domain.judge import Around, Policy, Rule
from bridge.domain.model import Alert, BridgeError, ConfigError, Severity, Team, Ticket
from bridge.domain.rules import rules as known_rules
from bridge.settings.reader import Reader
from bridge.store import people, whatif
from bridge.work.again import MADE_UP, live_again
from bridge.work.around import CONTACTS_WITHIN, around, customer
from bridge.work.bridge import Bridge
from bridge.work.faults import Fault, guarded
from bridge.work.following import Facts
from bridge.work.written import word

BATCH = 200
SHOWN = 20
LOW = 0.4
"""A score at or below it was a bad end, whatever the rules say of scores."""

Tell = Callable[[int, int], object]
"""Told how many tickets have been judged, and of how many."""


class Busy(BridgeError):
    """Somebody else looks at the past already."""


class Refused(ConfigError):
    """A value that the configuration would not take. `field` is the tunable, "" for the rule itself."""

    def __init__(self, field: str, why: str) -> None:
        super().__init__(f"{field}: {why}" if field else why)
        self.field, self.why = field, why


class Bounds(Struct, frozen=True, kw_only=True):
    """How much is looked at: at most so many tickets, for at most so long; None for no end."""

    tickets: int | None = None
    seconds: float | None = None


class Case(Struct, frozen=True, kw_only=True):
    """An alert of one policy and not of the other. `ref` is "" where there was none in earnest.

    `low_score` and `reopened` are what came of the case after the alert.
    """

    subject: str
    name: str
    team: str
    opened_at: datetime
    severity: Severity
    headline: str
    ref: str = ""
    low_score: bool = False
    reopened: bool = False


class Both(Struct):
    """A number by the present policy, and by the changed one."""

    now: int = 0
    then: int = 0


class Comparison(Struct, kw_only=True):
    """What differs. `judged` of `total` tickets were looked at; `faults` could not be judged.

    `really` is how many alerts there were in earnest on the tickets that were looked at. `by_rule` counts the alerts
    with this reason among others. Weeks are called by their Mondays. `added` and `dropped` show the first cases of
    `many_added` and `many_dropped`.
    """

    since: datetime
    until: datetime
    total: int
    judged: int = 0
    faults: int = 0
    really: int = 0
    alerts: Both = field(default_factory=Both)
    teams: dict[str, Both] = {}
    weeks: dict[date, Both] = {}
    severities: dict[Severity, Both] = {}
    by_rule: dict[str, Both] = {}
    added: list[Case] = []
    dropped: list[Case] = []
    many_added: int = 0
    many_dropped: int = 0
    bad_added: int = 0  # of those added, with a low score or a reopening afterwards
    bad_dropped: int = 0

    @property
    def whole(self) -> bool:
        """Whether every ticket was looked at."""
        return self.judged >= self.total


def changed_rules(
    present: Sequence[Rule], name: str, values: Mapping[str, object]
) -> tuple[Rule, ...]:
    """The rules with other values for one of them, read as bridge.toml is: `enabled` turns it on or off.

    What isn't named stays as it is. Raises Refused for a rule, a tunable or a value that would not be taken.
    """
    tables: dict[str, dict[str, object]] = {one: {"enabled": False} for one in known_rules()}
    tables |= {rule.name: tunables(rule) for rule in present}
    tables[name] = tables.get(name, {}) | dict(values)
    try:
        return Reader("", "").rules({"rules": tables})
    except ConfigError as error:
        raise _refused(name, str(error)) from error


def changed_shadow(
    present: frozenset[str], name: str, values: Mapping[str, object]
) -> frozenset[str]:
    """The rules in shadow, with `shadow` of one of them changed where it is among the values. Raises Refused."""
    shadow = values.get("shadow", name in present)
    if not isinstance(shadow, bool):
        raise Refused("shadow", "it is true or false")
    return present | {name} if shadow else present - {name}


def value_of(written: str) -> object:
    """A value as it is written in bridge.toml; where it is none, a word without its quotes: off, 0.3, "high", true."""
    try:
        return tomllib.loads(f"value = {written.strip()}")["value"]
    except tomllib.TOMLDecodeError:
        return written.strip()


def tunables(rule: object) -> dict[str, object]:
    """A rule's tunables as the configuration writes them; of a class, its defaults."""
    return {
        field.name: word(getattr(rule, field.name))
        for field in dataclasses.fields(rule)  # type: ignore[arg-type]
    }


def compare(
    bridge: Bridge,
    change: Callable[[Policy], Policy],
    days: int,
    *,
    bounds: Bounds = Bounds(),  # noqa: B008 - a frozen value
    tell: Tell | None = None,
) -> Comparison:
    """Live through the last days under the present policy, and under what `change` makes of it.

    Raises Busy where somebody does so already.
    """
    began = monotonic()
    with bridge.engine.begin() as connection:
        if not whatif.alone(connection):
            raise Busy("the past is being looked at already: try again in a moment")
        until = bridge.now()
        since = until - timedelta(days=days)
        present = facts_of(bridge, connection, until)
        other = replace(present, policy=change(present.policy))
        found = Comparison(since=since, until=until, total=whatif.many(connection, since))
        zone = bridge.settings.hours.zone
        for subject, history, real, near in _pasts(connection, since):
            enough = bounds.tickets is not None and found.judged >= bounds.tickets
            late = bounds.seconds is not None and monotonic() - began > bounds.seconds
            if enough or late:
                break
            lived = [
                guarded(
                    lambda facts=facts: live_again(bridge, facts, history, real, until),  # type: ignore[misc]  # noqa: B023
                    subject=subject,
                )
                for facts in (replace(policy, around=near) for policy in (present, other))
            ]
            found.judged += 1
            now, then = lived
            if isinstance(now, Fault) or isinstance(then, Fault):
                found.faults += 1
            else:
                found.really += sum(since <= alert.opened_at <= until for alert in real)
                _count(found, now.alerts, then.alerts, zone)
                _differ(found, now.ticket or then.ticket, now.alerts, then.alerts)
            if tell is not None:
                tell(found.judged, found.total)
    return found


def with_rules(
    rules: tuple[Rule, ...], in_shadow: frozenset[str] | None = None
) -> Callable[[Policy], Policy]:
    """The policy with other rules; with others in shadow, where that is given."""
    if in_shadow is None:
        return lambda policy: replace(policy, rules=rules)
    return lambda policy: replace(policy, rules=rules, in_shadow=in_shadow)


def facts_of(bridge: Bridge, connection: Connection, now: datetime) -> Facts:
    """What judging goes by: the policy, teams and people of today."""
    roster = people.roster(connection)
    known = list(roster.teams) or [Team(name=bridge.settings.default_team)]
    loops = {team.name: bridge.loop(team, roster) for team in known}
    return Facts(
        bridge.policy(list(roster.teams), bridge.words(connection)), roster, loops, {}, {}, now
    )


def _pasts(
    connection: Connection, since: datetime
) -> Iterator[tuple[str, list[whatif.Heard], list[Alert], Mapping[str, Around]]]:
    """Each ticket with all that we heard of it, its real alerts and what is known around it, some at a time."""
    last = None
    while some := whatif.touched(connection, since, last, BATCH):
        subjects = [one.subject for one in some]
        histories = whatif.heard(connection, subjects)
        real = whatif.alerts_of(connection, subjects)
        customers = [customer(s, None, [h.event for h in histories[s]]) for s in subjects]
        near = around(connection, customers, since - CONTACTS_WITHIN)
        for subject in subjects:
            yield subject, histories[subject], real[subject], near
        last = some[-1]


# --- what differs


def _count(found: Comparison, now: Sequence[Alert], then: Sequence[Alert], zone: ZoneInfo) -> None:
    for side, alerts in (("now", now), ("then", then)):
        for alert in _within(found, alerts):
            opened = alert.opened_at.astimezone(zone).date()
            places = [
                found.alerts,
                found.teams.setdefault(alert.team, Both()),
                found.weeks.setdefault(opened - timedelta(days=opened.weekday()), Both()),
                found.severities.setdefault(alert.severity, Both()),
                *(
                    found.by_rule.setdefault(rule, Both())
                    for rule in sorted({reason.finding.rule for reason in alert.reasons})
                ),
            ]
            for place in places:
                setattr(place, side, getattr(place, side) + 1)


def _differ(
    found: Comparison, ticket: Ticket | None, now: Sequence[Alert], then: Sequence[Alert]
) -> None:
    """A case is added or dropped where only one of both calls for it; its first alert stands for it."""
    before, after = _within(found, now), _within(found, then)
    if ticket is None or bool(before) == bool(after):
        return
    case = _case(ticket, (before or after)[0])
    bad = case.low_score or case.reopened
    if after:
        found.many_added += 1
        found.bad_added += bad
        found.added += [case][: SHOWN - len(found.added)]
    else:
        found.many_dropped += 1
        found.bad_dropped += bad
        found.dropped += [case][: SHOWN - len(found.dropped)]


def _within(found: Comparison, alerts: Sequence[Alert]) -> list[Alert]:
    return [alert for alert in alerts if found.since <= alert.opened_at <= found.until]


def _case(ticket: Ticket, alert: Alert) -> Case:
    opened = alert.opened_at
    scores = Counter(
        (answer.score or 0) <= LOW
        for answer in ticket.answers
        if answer.score is not None and answer.at is not None and answer.at > opened
    )
    return Case(
        subject=ticket.id,
        name=ticket.name or ticket.key,
        team=alert.team,
        opened_at=opened,
        severity=alert.severity,
        headline=max(alert.reasons, key=lambda reason: reason.finding.severity).finding.headline,
        ref="" if alert.ref.startswith(MADE_UP) else alert.ref,
        low_score=bool(scores[True]),
        reopened=any(at > opened for at in ticket.reopened),
    )


# --- a rule's values


def _refused(name: str, told: str) -> Refused:
    """The reader's sentence without the file and line, of which there is none; the field named apart."""
    _, _, rest = told.partition(": ")
    where, _, why = rest.partition(": ")
    field = where.removeprefix(f"rules.{name}").lstrip(".")
    return Refused(field, why)
