"""Each tunable with each of its values: what one threshold more or less would change."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from bridge.domain.judge import Policy
from bridge.insight.backtest.choosing import Choice, Pool, Wish, choose, newest
from bridge.insight.backtest.grid import GOAL_OF_RULE
from bridge.insight.backtest.pasting import sentence
from bridge.insight.backtest.plan import Variant
from bridge.insight.backtest.reckoning import Scene, parts
from bridge.insight.backtest.report_of import CurvePoint, Point, Sweep

BUDGETS = (0.02, 0.04, 0.06, 0.08, 0.1, 0.125, 0.15, 0.175, 0.2, 0.25, 0.3)
"""Shares of cases for which the best set is shown."""


def sweeps(
    scene: Scene,
    variants: Sequence[Variant],
    offset: int,
    policy: Policy,
    asked: Sequence[tuple[str, str]] = (),
) -> tuple[Sweep, ...]:
    """A sweep of every rule that ever held, or of those that are asked for; by rule, tunable and handoffs.

    The variants stand in the album from `offset` on.
    """
    groups: dict[tuple[str, str, str], list[int]] = {}
    for n, one in enumerate(variants):
        if not one.tunable or (asked and (one.rule, one.tunable) not in asked):
            continue
        groups.setdefault((one.rule, one.tunable, _besides(one)), []).append(n)
    found = []
    for (rule, tunable, besides), columns in groups.items():
        first = scene.album.first[[offset + n for n in columns]]
        if not np.isfinite(first).any() and (rule, tunable) not in asked:
            continue
        points = [
            Point(
                number=variants[n].number,
                text=_text(variants[n]),
                parts=parts(scene, hours),
                now=_now(variants[n], policy),
            )
            for n, hours in zip(columns, first, strict=True)
        ]
        found.append(
            Sweep(
                rule=rule,
                tunable=_called(rule, tunable) + besides,
                unit="h" if rule in GOAL_OF_RULE else "",
                points=tuple(sorted(points, key=lambda one: one.number)),
            )
        )
    return tuple(found)


def _called(rule: str, tunable: str) -> str:
    return (
        f"goals.{GOAL_OF_RULE[rule]}.target" if rule in GOAL_OF_RULE else f"rules.{rule}.{tunable}"
    )


def _besides(one: Variant) -> str:
    """What else of the rule is other than usual."""
    if one.with_handoffs:
        return f", rules.{one.rule}.with_handoffs = {one.with_handoffs}"
    return "".join(f", rules.{one.rule}.{name} = true" for name, on in one.fixed.items() if on)


def _text(one: Variant) -> str:
    if one.share:
        return f"{one.value:.0%} of the deadline"
    return f"{one.value:g}h" if one.goal else f"{one.value}"


def _now(one: Variant, policy: Policy) -> bool:
    """Whether this is what is configured."""
    rule = next((r for r in policy.rules if r.name == one.rule), None)
    if rule is None:
        return False
    if not one.goal:
        same = getattr(rule, one.tunable) == one.value
        return same and all(getattr(rule, name) == on for name, on in one.fixed.items())
    goal = next((g for g in policy.goals if g.name == one.goal), None)
    same = goal is not None and dict(goal.targets) == dict(one.targets)
    return same and getattr(rule, "with_handoffs", 0) == one.with_handoffs


def curve(
    pool: Pool, wish: Wish, tell: Callable[[], object] | None = None
) -> tuple[CurvePoint, ...]:
    """The best set for each of some budgets, whatever its precision, chosen on the newest of the earlier cases."""
    found = []
    every = np.arange(len(pool.scene.album))
    for budget in BUDGETS:
        asked = Wish(budget=budget, pings=wish.pings, precision=0.0, lead=wish.lead)
        choice = choose(pool, newest(pool.scene.earlier, asked), asked)
        if choice is not None:
            first = pool.together(choice.members, every)
            found.append(
                CurvePoint(budget=budget, rules=said(choice, pool), parts=parts(pool.scene, first))
            )
        if tell is not None:
            tell()
    return tuple(found)


def said(choice: Choice, pool: Pool) -> tuple[str, ...]:
    """A set in words, a sentence for each rule."""
    return tuple(
        sentence(one, early=pool.early) for member in choice.members for one in member.variants
    )
