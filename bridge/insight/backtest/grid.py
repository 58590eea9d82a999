"""Which variants of the rules are tried: as they are configured, and on a grid of values.

A grid of targets is one goal with a warning for each, so that one pass tells them all: its clock does not depend on
what it warns of. Grids are coarse on purpose. Of ever finer ones some value always fits a history by chance.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from dataclasses import replace as with_values
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from bridge.domain.goals import BREACH, WARN, Goal, Lead
from bridge.domain.judge import Policy, Rule
from bridge.domain.model import Category, ConfigError, Severity
from bridge.domain.rules import rules as known_rules
from bridge.insight.backtest.plan import Plan, Rising, Single, Steps, Track, Value, Variant

RULE_OF_GOAL: Mapping[str, str] = {
    "first_response": "first_response",
    "next_reply": "next_reply",
    "periodic_update": "stale_update",
    "requester_wait": "requester_wait",
    "agent_work": "agent_work",
    "resolution": "resolution_time",
}
GOAL_OF_RULE: Mapping[str, str] = {rule: goal for goal, rule in RULE_OF_GOAL.items()}

HOURS = (1, 2, 4, 8, 12, 18, 24, 36, 48, 60, 72, 84, 96, 108, 120, 144, 168, 240, 336)
"""Targets that are tried, in working hours."""

SHARES = (0.25, 0.4, 0.5, 0.6, 0.65, 0.7, 0.75, 0.8, 0.9, 1.0)
"""Shares of a promised deadline that are tried as targets of the goal `resolution`."""

HANDOFFS = 3
"""Rules about clocks are tried for cases of any number of handoffs, and of at least 1 to so many."""

COUNTS = (1, 2, 3, 4, 5, 6)
LINES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
FACTORS = (0.125, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 4.0)
"""What is tried of a tunable that counts, of one in 0..1, and of any other as multiples of what is configured."""

NOTHING: Mapping[str, bool] = {}
FIXED: Mapping[str, Sequence[Mapping[str, bool]]] = {
    "handoffs": ({"teams_only": False}, {"teams_only": True}),
}
"""What else is tried of a rule that counts."""

CLOCKS = ("first_response", "next_reply", "periodic_update", "resolution")
"""Goals that are always tried. The two others only where they are configured: they are much like `resolution`."""

WITH_HANDOFFS = frozenset(RULE_OF_GOAL) - {"next_reply"}
"""Those that are also tried for cases with handoffs alone."""


def as_configured(policy: Policy) -> Plan:
    """Each rule as it is. Reminders are left out: a breach is told before them."""
    goals = tuple(replace(goal, nag=None) for goal in policy.goals)
    special = tuple(
        replace(one, goals={name: replace(goal, nag=None) for name, goal in one.goals.items()})
        for one in policy.policies
    )
    return Plan(
        policy=replace(policy, goals=goals, policies=special),
        tracks=tuple(Single(rule=rule, column=n) for n, rule in enumerate(policy.rules)),
        variants=tuple(
            Variant(rule=rule.name, tells=rule.name not in policy.in_shadow)
            for rule in policy.rules
        ),
    )


def whole_grid(
    policy: Policy, deadlines: Mapping[str, timedelta], sweeps: Iterable[tuple[str, str]] = ()
) -> Plan:
    """Every rule on its grid, those in shadow and those that are turned off as well.

    `deadlines` by priority ("default" for all others) are what `resolution` is tried in shares of. `sweeps` name
    further rules and tunables to try. Targets of single teams and policies, and the helpdesk's own service levels,
    play no part: a target that is recommended is everybody's. Raises ConfigError for a sweep of what there is not.
    """
    made = _Grid(policy)
    configured = {goal.name: goal for goal in policy.goals}
    for name in (*CLOCKS, *sorted(set(configured) - set(CLOCKS))):
        made.clock(configured.get(name, Goal(name=name)), deadlines)
    for name in sorted(set(known_rules()) - set(GOAL_OF_RULE)):
        rule = made.rule(name)
        if any(one.name == "at_least" for one in fields(rule)):  # type: ignore[arg-type]
            for fixed in FIXED.get(name, ({},)):
                made.single(rule, "at_least", fixed)
        else:
            made.single(rule, "")
    for name, tunable in sweeps:
        made.sweep(name, tunable)
    return made.plan()


class _Grid:
    """Tracks and variants as they are put together."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.configured = {rule.name: rule for rule in policy.rules}
        self.tracks: list[Track] = []
        self.variants: list[Variant] = []
        self.goals: list[Goal] = []
        self.done: set[tuple[str, str]] = set()

    def rule(self, name: str) -> Rule:
        """The rule as it is configured, else with its defaults."""
        rule: Rule = self.configured.get(name) or known_rules()[name]()
        return rule

    def plan(self) -> Plan:
        policy = replace(
            self.policy, goals=tuple(self.goals), policies=(), vendors={}, in_shadow=frozenset()
        )
        return Plan(policy=policy, tracks=tuple(self.tracks), variants=tuple(self.variants))

    def clock(self, goal: Goal, deadlines: Mapping[str, timedelta]) -> None:
        """A goal whose warnings are the targets to be tried, the longest of which is its breach."""
        promised = deadlines if goal.name == "resolution" else {}
        longest = {"" if p == "default" else p.lower(): due for p, due in promised.items()}
        longest = longest or {"": timedelta(hours=HOURS[-1])}
        tried: tuple[float, ...] = SHARES if promised else HOURS
        leads: tuple[Lead, ...] = SHARES[:-1]
        if not promised:
            leads = tuple(longest[""] - timedelta(hours=hours) for hours in HOURS[:-1])
        # A deadline counts from the opening and waits for nobody.
        pause = frozenset[Category]() if promised else goal.pause
        self.goals.append(
            replace(goal, targets=longest, teams={}, warn=leads, nag=None, pause=pause)
        )
        columns = []
        for many in range(HANDOFFS + 1 if goal.name in WITH_HANDOFFS else 1):
            row = []
            for value in tried:
                row.append(len(self.variants))
                self.variants.append(
                    _timed(goal.name, value, longest, many, by_share=bool(promised))
                )
            columns.append(tuple(row))
        names = [*(f"{WARN}{n + 1}" for n in range(len(tried) - 1)), BREACH]
        rule: Any = known_rules()[RULE_OF_GOAL[goal.name]]
        self.tracks.append(
            Steps(
                rule=rule(at_risk=Severity.WARNING, breached=Severity.WARNING),
                goal=goal.name,
                stages={name: n for n, name in enumerate(names)},
                columns=tuple(columns),
            )
        )
        self.done.add((RULE_OF_GOAL[goal.name], "target"))

    def single(self, rule: Rule, tunable: str, fixed: Mapping[str, bool] = NOTHING) -> None:
        """The rule with each value of a tunable, the configured one among them; as it is for ""."""
        values: list[Any] = _values(rule, tunable) if tunable else [None]
        rules, columns = [], []
        for value in values:
            tried: Any = rule
            if tunable:
                tried = with_values(tried, **{tunable: value}, **fixed)
            rules.append(tried)
            columns.append(len(self.variants))
            self.variants.append(
                Variant(
                    rule=rule.name,
                    tunable=tunable,
                    value=value,
                    number=_number(value),
                    fixed=fixed,
                )
            )
        if tunable == "at_least":
            self.tracks.append(Rising(rules=tuple(rules), columns=tuple(columns)))
        else:
            self.tracks += [
                Single(rule=tried, column=n) for tried, n in zip(rules, columns, strict=True)
            ]
        self.done.add((rule.name, tunable))

    def sweep(self, name: str, tunable: str) -> None:
        """What somebody asked to see besides."""
        if name not in known_rules():
            raise ConfigError(f"--sweep {name}.{tunable}: no rule is called {name!r}")
        if name in GOAL_OF_RULE and tunable in ("target", "with_handoffs"):
            return
        rule = self.rule(name)
        known = {one.name: getattr(rule, one.name) for one in fields(rule)}  # type: ignore[arg-type]
        numeric = [name for name, value in known.items() if type(value) in (int, float, timedelta)]
        if name in GOAL_OF_RULE or tunable not in numeric:
            numeric = ["target"] if name in GOAL_OF_RULE else numeric
            ways = ", ".join(f"{name}.{one}" for one in numeric) or "no number to sweep"
            raise ConfigError(f"--sweep {name}.{tunable}: {name} has {ways}")
        if (name, tunable) not in self.done:
            self.single(rule, tunable)


def _timed(
    goal: str, value: float, longest: Mapping[str, timedelta], many: int, *, by_share: bool
) -> Variant:
    """A target that is tried: a share of what is promised by priority, or hours."""
    targets, number = {"": timedelta(hours=value)}, float(value)
    if by_share:
        targets = {priority: due * value for priority, due in longest.items()}
        number = value * max(longest.values()).total_seconds() / 3600
    return Variant(
        rule=RULE_OF_GOAL[goal],
        tunable="target",
        value=value,
        number=number,
        goal=goal,
        share=by_share,
        targets=targets,
        with_handoffs=many,
    )


def _values(rule: Rule, tunable: str) -> list[Value]:
    """What is tried of a tunable, in rising order."""
    now: Any = getattr(rule, tunable)
    tried: set[Any] = {now}
    if isinstance(now, int):
        tried |= set(COUNTS) if now <= COUNTS[-1] else {max(round(now * f), 1) for f in FACTORS}
    elif isinstance(now, float):
        tried |= set(LINES) if 0 <= now <= 1 else {now * f for f in FACTORS}
    else:
        tried |= {now * f for f in FACTORS}
    return [value for value in sorted(tried) if _takes(rule, tunable, value)]


def _takes(rule: Any, tunable: str, value: Value) -> bool:
    """Whether the rule would take the value."""
    try:
        with_values(rule, **{tunable: value})
    except ValueError:
        return False
    return True


def _number(value: Value | None) -> float:
    if isinstance(value, timedelta):
        return value.total_seconds() / 3600
    return float(value or 0)
