"""What to configure: the set chosen on the earlier cases, played as it would be pasted, and shown on the later ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta

import numpy as np
from msgspec import Struct

from bridge.domain.judge import Policy
from bridge.insight.backtest.album import Floats
from bridge.insight.backtest.choosing import Choice, Pool, Wish, choose, members, newest
from bridge.insight.backtest.drift import walked
from bridge.insight.backtest.pasting import asked, diff, policy_of, present, sentence, toml
from bridge.insight.backtest.plan import Plan, Variant
from bridge.insight.backtest.reckoning import Scene, figures, parts
from bridge.insight.backtest.report_of import CurvePoint, Recommendation, Setup, Walk
from bridge.insight.backtest.sweeping import curve, said

NAIVE: Sequence[tuple[str, float]] = (
    ("first_response", 24),
    ("stale_update", 48),
    ("handoffs", 2),
    ("reopened", 1),
)
"""What one would write down without looking: any of these, or three quarters of the deadline."""

NAIVE_SHARE = 0.75


class Recommended(Struct, frozen=True, kw_only=True):
    """What was recommended, the sets to compare, and when the recommended one alerts each case."""

    recommendation: Recommendation | None
    setups: tuple[Setup, ...]
    curve: tuple[CurvePoint, ...]
    first: Floats | None


def recommend(
    scene: Scene,
    plans: Sequence[Plan],
    policy: Policy,
    wish: Wish,
    *,
    deadlines: Mapping[str, timedelta],
    replay: Callable[[Policy], Floats],
    say: Callable[[str, int, int], object],
) -> Recommended:
    """Choose, and play what was chosen. The plans are that of the present rules, and the grid."""
    say("choosing", 0, 0)
    now, grid = plans[0].variants, plans[1].variants
    kept, quiet = _left(scene, now)
    pool = Pool(
        scene=scene,
        members=members(grid),
        first=scene.album.first[len(now) :],
        base=scene.first(kept),
        early=bool(deadlines),
    )
    naive, every = _naive(grid), range(len(scene.album))
    setups = [_setup("naive", naive, scene, scene.first([len(now) + n for n, _ in naive]))]
    chosen = choose(pool, newest(scene.earlier, wish), wish)
    if chosen is None:
        return Recommended(
            recommendation=_nothing(wish), setups=tuple(setups), curve=(), first=None
        )
    variants = [grid[n] for n in chosen.columns]
    tables = asked(variants, policy, quiet, deadlines)
    text = toml(tables)
    first = replay(policy_of(text, policy))
    rules = said(chosen, pool)
    setups.append(Setup(name="recommended", rules=rules, parts=parts(scene, first)))
    expected = pool.together(chosen.members, np.arange(len(every)))
    say("choosing", 0, 0)
    walk_first, rows, steps = walked(pool, wish)
    recommendation = Recommendation(
        rules=rules,
        toml=text,
        diff=diff(present(policy, tables), tables),
        chosen_on=_chosen_on(chosen, scene, wish),
        notes=tuple(_notes(chosen, scene, wish, first, expected)),
        walk=Walk(
            figures=figures(scene, walk_first, rows),
            steps=len(steps),
            rules=tuple(said(step, pool) if step else () for step in steps),
        ),
    )
    return Recommended(
        recommendation=recommendation, setups=tuple(setups), curve=curve(pool, wish), first=first
    )


def _left(scene: Scene, now: Sequence[Variant]) -> tuple[list[int], list[str]]:
    """Which of the present rules tell on as they are, and which are to tell nobody unless they are chosen.

    A rule that never held was not tried by this history. One that tells of the bad thing itself, as a low score does,
    is no warning: it is needed whatever warns before it.
    """
    kept, quiet = [], []
    for n, one in enumerate(now):
        told = figures(scene, scene.first([n]), scene.earlier)
        itself = told.late > 0 and told.hits == 0
        if one.tells and told.alerted and not itself:
            quiet.append(one.rule)
        elif one.tells:
            kept.append(n)
    return kept, quiet


def _naive(grid: Sequence[Variant]) -> list[tuple[int, Variant]]:
    return [
        (n, one)
        for n, one in enumerate(grid)
        if not one.with_handoffs
        and not any(one.fixed.values())
        and (
            (one.share and one.value == NAIVE_SHARE)
            or (not one.share and (one.rule, one.value) in NAIVE)
        )
    ]


def _setup(name: str, chosen: Sequence[tuple[int, Variant]], scene: Scene, at: Floats) -> Setup:
    return Setup(name=name, rules=tuple(sentence(v) for _, v in chosen), parts=parts(scene, at))


def _nothing(wish: Wish) -> Recommendation:
    return Recommendation(
        rules=(),
        toml="",
        diff="",
        chosen_on=f"No set of rules told of a bad case {wish.lead:g} h before it within the budget.",
    )


def _chosen_on(chosen: Choice, scene: Scene, wish: Wish) -> str:
    since = scene.album.opened_at(int(newest(scene.earlier, wish)[0]))
    return (
        f"Chosen among {chosen.tried:,} sets by the newest {chosen.cases:,} of the earlier cases, opened since "
        f"{since:%Y-%m-%d}: {chosen.rate:.1%} alerted, precision {chosen.precision:.2f}, recall "
        f"{chosen.recall:.2f}, median lead {chosen.lead:.0f} h there."
    )


def _notes(
    chosen: Choice, scene: Scene, wish: Wish, first: Floats, expected: Floats
) -> Iterator[str]:
    """What should be known before it is followed."""
    if not chosen.floor:
        yield (
            f"No set reached a precision of {wish.precision:.0%} within the budget: "
            "this is the one that tells most bad cases, whatever its precision."
        )
    rows = newest(scene.earlier, wish)
    album = scene.album
    split = album.opened[scene.split]
    open_then = int((album.opened[rows] + album.ended[rows] > split).sum())
    if open_then:
        yield (
            f"{open_then:,} of the {len(rows):,} cases it was chosen by had not ended when the later part began: "
            "how the same choice does by what was known at each time alone is told beside it."
        )
    both = np.isfinite(first) != np.isfinite(expected)
    if both.any():
        yield (
            f"{int(both.sum()):,} cases are alerted otherwise by the rules as they would be configured than by "
            "their values on the grid: the figures are those of the rules as they would be configured."
        )
