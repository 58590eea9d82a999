"""Where a backtest's history and its rules come from: files and a mapping, or our own database."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec.structs import replace
from sqlalchemy import Connection

from bridge.domain.hours import Hours
from bridge.domain.judge import Policy
from bridge.insight.backtest.backtest import Say, Source
from bridge.insight.backtest.case import Case, Found
from bridge.insight.backtest.cases import cases
from bridge.insight.backtest.inbox import inbox_cases
from bridge.insight.backtest.mapping import Mapping as Mapped
from bridge.insight.backtest.report_of import Feedback
from bridge.settings import load, parse
from bridge.store import rulestats
from bridge.work.bridge import Bridge
from bridge.work.whatif import facts_of

USUAL = """
[goals.first_response]
target = "8h"
warn = [0.75]

[goals.next_reply]
target = "8h"
warn = [0.75]

[goals.periodic_update]
target = "3d"

[goals.resolution]
target = "5d"
warn = [0.8]
"""
"""What is promised where no configuration says otherwise, round the clock."""


def files_of(paths: Sequence[Path], mapping: Mapped) -> Source:
    """A history in files."""

    def read(found: Found, say: Say) -> Iterator[Case]:
        return cases(
            paths, mapping, tell=lambda done, total: say("reading", done, total), found=found
        )

    return Source(read=read, files=tuple(path.name for path in paths), deadlines=mapping.deadlines)


def policy_for(mapping: Mapped, config: Path | None, env: Mapping[str, str]) -> Policy:
    """The policy that judges a history in files: that of a configuration, else every rule as it is by default.

    Raises ConfigError.
    """
    chosen = config or env.get("BRIDGE_CONFIG")
    settings = load(env, chosen) if chosen else parse(USUAL, {})
    hours = settings.hours if chosen else Hours(ZoneInfo(mapping.file.zone))
    return Policy(
        rules=settings.rules,
        goals=settings.goals,
        hours=hours,
        statuses=mapping.statuses,
        policies=tuple(one for one in settings.policies if not one.match.teams),
        in_shadow=settings.in_shadow,
        tiers=settings.accounts.tiers,
    )


def database_of(bridge: Bridge, connection: Connection, days: int) -> tuple[Source, Policy]:
    """Our own database's last days, and the policy of today. Nothing may have been asked in the transaction before.

    All that is read of the history is as it was at one moment, however often it is read.
    """
    now = bridge.now()
    since = now - timedelta(days=days)
    with bridge.engine.begin() as other:
        policy = replace(facts_of(bridge, other, now).policy, vendors={})
        told = _said(other, since)

    def read(found: Found, say: Say) -> Iterator[Case]:
        return inbox_cases(
            connection,
            policy,
            since,
            tell=lambda done, total: say("reading", done, total),
            found=found,
        )

    feedback = [
        Feedback(rule=rule, useful=useful, not_useful=useless, asked=alerts)
        for rule, (useful, useless, alerts) in sorted(told.items())
    ]
    return Source(read=read, feedback=tuple(feedback)), policy


def _said(connection: Connection, since: datetime) -> dict[str, tuple[int, int, int]]:
    """How many alerts were called useful, not useful, and either, by rule."""
    found: dict[str, tuple[int, int, int]] = {}
    for one in rulestats.used(connection, since):
        useful, useless, rated = found.get(one.rule, (0, 0, 0))
        found[one.rule] = (useful + one.useful, useless + one.useless, rated + one.rated)
    return found
