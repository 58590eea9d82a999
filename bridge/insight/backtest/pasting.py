"""A set of rules as what can be pasted into bridge.toml, as sentences, and as the policy that it would be."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import timedelta
from difflib import unified_diff
from typing import Any

from msgspec.structs import replace

from bridge.domain.goals import Goal
from bridge.domain.judge import Policy
from bridge.domain.model import Severity
from bridge.domain.rules import Warns, begins_in_shadow, lasting
from bridge.domain.rules import rules as known_rules
from bridge.insight.backtest.grid import GOAL_OF_RULE
from bridge.insight.backtest.plan import Variant
from bridge.settings import parse
from bridge.work.whatif import tunables

Table = dict[str, Any]
Tables = dict[str, Table]
"""By name: "goals.resolution", "rules.handoffs"."""

_WORDS: Mapping[str, str] = {
    "first_response": "no first answer for {}",
    "next_reply": "no answer to the customer's last message for {}",
    "stale_update": "no update to the customer for {}",
    "requester_wait": "the customer has waited {} in all",
    "agent_work": "with the agents for {}",
    "resolution_time": "unsolved after {}",
}


def sentence(variant: Variant, *, early: bool = False) -> str:
    """What a variant says, in words."""
    if variant.goal:
        time = f"{variant.value:g} h"
        if variant.share:
            time = f"{variant.value:.0%} of the time until the deadline"
        words = f"{variant.rule}: {_WORDS[variant.rule].format(time)}"
        if variant.with_handoffs:
            times = "once" if variant.with_handoffs == 1 else f"{variant.with_handoffs} times"
            words += f", where the case changed hands {times} or more"
    elif variant.tunable:
        words = f"{variant.rule}: {variant.tunable} = {_written(variant.value)}"
        words += "".join(f", {name} = {_written(on)}" for name, on in variant.fixed.items() if on)
    else:
        words = f"{variant.rule}: as it is configured"
    return f"{words}; before the deadline alone" if early else words


def configured(policy: Policy, rule: str) -> str:
    """What a rule says as it is configured: "first_response: 8 h, at risk at 75%"."""
    goal = next((one for one in policy.goals if one.name == GOAL_OF_RULE.get(rule)), None)
    if rule in GOAL_OF_RULE:
        if goal is None or not goal.targets:
            return f"{rule}: no target"
        targets = ", ".join(
            f"{priority} {lasting(due)}" if priority else lasting(due)
            for priority, due in goal.targets.items()
        )
        warns = ", ".join(
            f"{lead:.0%}" if isinstance(lead, float) else f"{lasting(lead)} before"
            for lead in goal.warn
        )
        return f"{rule}: {targets}" + (f"; at risk at {warns}" if warns else "")
    now = next((one for one in policy.rules if one.name == rule), None)
    at_least = getattr(now, "at_least", None)
    return f"{rule}: at_least = {at_least}" if at_least is not None else rule


def asked(
    chosen: Iterable[Variant],
    policy: Policy,
    quiet: Collection[str],
    deadlines: Mapping[str, timedelta],
) -> Tables:
    """The tables that make a policy tell what was chosen. `quiet` are the rules that are to tell nobody.

    With `deadlines`, by priority, what comes after them is not told.
    """
    by_rule: dict[str, list[Variant]] = {}
    for one in sorted(chosen, key=lambda one: (one.rule, one.number)):
        by_rule.setdefault(one.rule, []).append(one)
    goals, rules = Tables(), Tables()
    if deadlines:
        # `early` asks whether this goal is breached. A deadline counts from the opening and waits for nobody.
        goals["resolution"] = {"target": _by_priority(deadlines), "pause": []}
    for name, variants in by_rule.items():
        table = _own(policy, name)
        for key in ("shadow", "early", "with_handoffs", "at_risk_with_handoffs"):
            table.pop(key, None)
        if "enabled" in table:
            table["enabled"] = True
        if begins_in_shadow(known_rules()[name]):
            table["shadow"] = False
        if deadlines and issubclass(known_rules()[name], Warns):
            table["early"] = True
        if name in GOAL_OF_RULE:
            _clock(table, goals, variants, policy)
        elif variants[0].tunable:
            table |= {variants[0].tunable: variants[0].value} | dict(variants[0].fixed)
        rules[name] = table
    silenced = set(quiet) | ({"resolution_time"} if deadlines else set())
    for name in sorted({rule.name for rule in policy.rules} & silenced - set(rules)):
        rules[name] = _own(policy, name) | {"shadow": True}
    found = {f"goals.{name}": table for name, table in goals.items()}
    return found | {f"rules.{name}": table for name, table in rules.items()}


def _clock(table: Table, goals: Tables, variants: Sequence[Variant], policy: Policy) -> None:
    """A goal and its rule: the longest of two targets is the breach, the other a warning before it."""
    last, name = variants[-1], variants[-1].goal
    if last.share:
        goals["resolution"]["warn"] = [last.value]
        table |= _severities(table, last.rule, ("at_risk",)) | {"breached": "off"}
        if last.with_handoffs:
            table["at_risk_with_handoffs"] = last.with_handoffs
        return
    goal: Table = {"target": _duration(last.targets[""])}
    usual = next((one for one in policy.goals if one.name == name), Goal(name=name))
    if usual.pause is not None:
        goal["pause"] = sorted(category.value for category in usual.pause)
    if usual.nag is not None:
        goal["nag"] = _duration(usual.nag)
    if last.with_handoffs:
        table["with_handoffs"] = last.with_handoffs
    told = ["breached"]
    if len(variants) > 1:
        first = variants[0]
        goal["warn"] = [_duration(last.targets[""] - first.targets[""])]
        table["at_risk_with_handoffs"] = first.with_handoffs
        told.append("at_risk")
    table |= _severities(table, last.rule, told)
    goals[name] = goal


def _severities(table: Table, rule: str, stages: Iterable[str]) -> Table:
    """People must be told at these stages: as gravely as it is configured, but no less than a warning."""
    usual = tunables(known_rules()[rule]()) | table
    quiet = ("off", Severity.INFO.name.lower())
    return {stage: "warning" for stage in stages if usual[stage] in quiet}


def _own(policy: Policy, name: str) -> Table:
    """What is configured of a rule otherwise than by default."""
    now = next((one for one in policy.rules if one.name == name), None)
    if now is None:
        return {"enabled": False}
    usual, own = tunables(known_rules()[name]()), tunables(now)
    table = {key: value for key, value in own.items() if value != usual[key]}
    shadow = name in policy.in_shadow
    return table | ({"shadow": shadow} if shadow != begins_in_shadow(known_rules()[name]) else {})


def present(policy: Policy, names: Iterable[str]) -> Tables:
    """The same tables as they are configured now; none for a goal that has no target."""
    found: Tables = {}
    goals = {goal.name: goal for goal in policy.goals}
    for name in names:
        kind, _, own = name.partition(".")
        if kind == "rules":
            found[name] = _own(policy, own)
        elif own in goals:
            found[name] = _goal(goals[own])
    return found


def _goal(goal: Goal) -> Table:
    table: Table = {"target": _by_priority(goal.targets)}
    if goal.warn:
        table["warn"] = [w if isinstance(w, float) else _duration(w) for w in goal.warn]
    if goal.pause is not None:
        table["pause"] = sorted(category.value for category in goal.pause)
    if goal.nag is not None:
        table["nag"] = _duration(goal.nag)
    return table


def toml(tables: Tables) -> str:
    """The tables as they are written in bridge.toml."""
    parts = [
        "\n".join([f"[{name}]", *(f"{key} = {_written(value)}" for key, value in table.items())])
        for name, table in tables.items()
        if table
    ]
    return "\n\n".join(parts) + "\n" if parts else ""


def diff(before: Tables, after: Tables) -> str:
    """What changes, as a unified diff of the tables that do; a table that is the same is left out."""
    names = [name for name in after if before.get(name) != after[name]]
    old = toml({name: before[name] for name in names if name in before}).splitlines(keepends=True)
    new = toml({name: after[name] for name in names}).splitlines(keepends=True)
    return "".join(unified_diff(old, new, "bridge.toml", "bridge.toml", n=100))


def policy_of(text: str, policy: Policy) -> Policy:
    """The policy with what was pasted, read as bridge.toml is. Raises ConfigError for what would not be taken."""
    settings = parse(text, {})
    named = {kind: set(tables) for kind, tables in _tables(text).items()}
    goals = {goal.name: goal for goal in policy.goals}
    goals |= {goal.name: goal for goal in settings.goals}
    said = named.get("rules", set())
    rules = {rule.name: rule for rule in policy.rules} | {
        rule.name: rule for rule in settings.rules if rule.name in said
    }
    shadow = (policy.in_shadow - said) | (settings.in_shadow & said)
    return replace(
        policy,
        goals=tuple(goals.values()),
        rules=tuple(rules[name] for name in sorted(rules)),
        in_shadow=shadow,
    )


def _tables(text: str) -> Mapping[str, Mapping[str, Any]]:
    return tomllib.loads(text)


def _by_priority(targets: Mapping[str, timedelta]) -> Any:
    """Targets as they are written: one for everybody, else by priority."""
    if set(targets) <= {"", "default"}:
        return _duration(next(iter(targets.values()), timedelta()))
    return {priority or "default": _duration(due) for priority, due in targets.items()}


def _duration(length: timedelta) -> str:
    """A duration as bridge.toml has it: "36h", "61h30m"."""
    seconds = round(length.total_seconds())
    hours, seconds = divmod(seconds, 3600)
    minutes, seconds = divmod(seconds, 60)
    parts = ((hours, "h"), (minutes, "m"), (seconds, "s"))
    return "".join(f"{many}{unit}" for many, unit in parts if many) or "0s"


def _written(value: Any) -> str:
    """A value in TOML. Strings are written as in JSON, which TOML reads alike."""
    if isinstance(value, timedelta):
        return json.dumps(_duration(value))
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(k)} = {_written(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_written, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _key(name: str) -> str:
    bare = name.replace("-", "").replace("_", "")
    return name if bare.isalnum() and bare.isascii() else json.dumps(name, ensure_ascii=False)
