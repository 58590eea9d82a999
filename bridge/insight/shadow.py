"""Rules in shadow beside the live ones: what each found, how it came out, and what it would add to everybody's day."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from sqlalchemy import Connection

from bridge.insight import periods
from bridge.insight.choice import Choice
from bridge.insight.intervals import FEW, share
from bridge.insight.tables import Kind, Row, Table, ratio, table
from bridge.settings import Settings
from bridge.store import people
from bridge.store.figures.shadows import Came, came
from bridge.store.shadows import Shadow, newest

SHOWN = 30
"""So many of the newest are listed."""

LIVE, IN_SHADOW = "live", "in shadow"
_DAY = timedelta(days=1)


class Shadows(Struct, frozen=True, kw_only=True):
    """Tables by rule, by week or month, and by team; and the newest findings that nobody was told of.

    `waiting` are the rules that are in shadow as it is configured, whether they found anything or not.
    """

    rules: Table
    weeks: Table
    teams: Table
    newest: tuple[Shadow, ...]
    waiting: tuple[str, ...]

    @property
    def tables(self) -> tuple[Table, ...]:
        """All of them."""
        return (self.rules, self.weeks, self.teams)


def shadow(connection: Connection, choice: Choice, now: datetime) -> Shadows:
    """Reckon."""
    scope = choice.scope
    found = came(connection, scope, choice.lines)
    configured = {rule.name for rule in choice.settings.rules}
    days = max((min(scope.until, now) - scope.since) / _DAY, 1.0)
    return Shadows(
        rules=_rules(found, days),
        weeks=_weeks(found, choice, now),
        teams=_teams(found, days),
        newest=tuple(newest(connection, scope.since, scope.until, choice.teams, SHOWN)),
        waiting=tuple(sorted(choice.settings.in_shadow & configured)),
    )


def lately(connection: Connection, settings: Settings, now: datetime, days: int) -> Shadows:
    """Of every team, in the last days."""
    zone = settings.hours.zone
    today = now.astimezone(zone).date()
    first = today - timedelta(days=days - 1)
    choice = Choice(
        period=periods.period(periods.OWN, now, zone, first=first, last=today),
        roster=people.roster(connection),
        settings=settings,
    )
    return shadow(connection, choice, now)


def _rules(found: Sequence[Came], days: float) -> Table:
    """Those in shadow first, each by how much it found. Pings: by the teams that had anything at all."""
    managers = len({one.team for one in found}) or 1
    several: dict[tuple[bool, str], list[Came]] = {}
    for one in found:
        several.setdefault((one.live, one.rule), []).append(one)
    rows = []
    for (live, rule), some in several.items():
        many, bad, adds = _sum(some, "found"), _sum(some, "bad"), _sum(some, "adds")
        sure = share(bad, many)
        rows.append(
            Row(
                cells=(
                    rule,
                    LIVE if live else IN_SHADOW,
                    many,
                    None if live else ratio(_sum(some, "alerted"), many),
                    None if live else ratio(_sum(some, "later"), many),
                    _sum(some, "low"),
                    _sum(some, "reopened"),
                    *((sure.value, sure.low, sure.high) if sure else (None, None, None)),
                    None if live else adds,
                    (many if live else adds) / days / managers,
                ),
                key=rule,
                faint=many < FEW,
            )
        )
    rows.sort(key=lambda row: (row.cells[1] == LIVE, -row.cells[2], row.cells[0]))
    return table(
        "shadow_rules",
        (
            ("rule", Kind.TEXT),
            ("told", Kind.TEXT),
            ("found", Kind.COUNT),
            ("share_alerted_before", Kind.SHARE),
            ("share_alerted_later", Kind.SHARE),
            ("low_after", Kind.COUNT),
            ("reopened_after", Kind.COUNT),
            ("share_bad_after", Kind.SHARE),
            ("share_bad_after_low", Kind.SHARE),
            ("share_bad_after_high", Kind.SHARE),
            ("adds", Kind.COUNT),
            ("pings_per_manager_day", Kind.SCORE),
        ),
        rows,
    )


def _weeks(found: Sequence[Came], choice: Choice, now: datetime) -> Table:
    """What was found in shadow by rule, beside the alerts of live rules; an alert with two rules counts for both."""
    parts = [LIVE, *_often(found, lambda one: not one.live)]
    many: Counter[tuple[object, str]] = Counter()
    for one in found:
        many[one.bucket, LIVE if one.live else one.rule] += one.found
    return table(
        "shadow_weeks",
        (("from", Kind.BUCKET), *((part, Kind.COUNT) for part in parts)),
        [
            Row(cells=(bucket, *(many[bucket, part] for part in parts)))
            for bucket in choice.period.buckets(now)
        ],
    )


def _often(found: Sequence[Came], wanted: Callable[[Came], bool]) -> list[str]:
    """The rules, the most frequent first."""
    counted: Counter[str] = Counter()
    for one in found:
        if wanted(one):
            counted[one.rule] += one.found
    return sorted(counted, key=lambda rule: (-counted[rule], rule))


def _teams(found: Sequence[Came], days: float) -> Table:
    """What all rules in shadow together would add to a team's day: each case once."""
    by_team: dict[str, list[Came]] = {}
    for one in found:
        by_team.setdefault(one.team, []).append(one)
    rows = []
    for team, some in sorted(by_team.items()):
        dark = [one for one in some if not one.live]
        adds = _sum(dark, "adds_alone")
        rows.append(Row(cells=(team, _sum(dark, "found"), adds, adds / days), key=team))
    rows.sort(key=lambda row: (-row.cells[2], row.cells[0]))
    return table(
        "shadow_teams",
        (
            ("team", Kind.TEXT),
            ("found", Kind.COUNT),
            ("adds", Kind.COUNT),
            ("pings_per_day", Kind.SCORE),
        ),
        rows,
    )


def _sum(some: Iterable[Came], name: str) -> int:
    return sum(getattr(one, name) for one in some)
