"""A history played under the present rules and under all that could be tried, and what to make of it: the report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from time import perf_counter

import numpy as np
from msgspec import Struct

from bridge.domain.judge import Policy
from bridge.domain.model import ConfigError
from bridge.insight.backtest.album import Album, Floats
from bridge.insight.backtest.case import Case, Found
from bridge.insight.backtest.choosing import Wish
from bridge.insight.backtest.drift import months, slices
from bridge.insight.backtest.grid import as_configured, whole_grid
from bridge.insight.backtest.pasting import configured
from bridge.insight.backtest.plan import Plan
from bridge.insight.backtest.reckoning import Scene, figures, managers, parts
from bridge.insight.backtest.recommending import Recommended, recommend
from bridge.insight.backtest.report_of import (
    Feedback,
    History,
    OutcomeFigures,
    Overlap,
    Report,
    RuleFigures,
    Setup,
    Speed,
    Sweep,
)
from bridge.insight.backtest.running import play_all
from bridge.insight.backtest.sweeping import sweeps
from bridge.insight.intervals import FEW, difference_of_shares

Say = Callable[[str, int, int], object]
"""Told what is being done, how much of it is done, and of how much; 0 where that is not known."""


class Source(Struct, frozen=True, kw_only=True):
    """Where cases come from. `read` gives them anew each time that it is asked, and fills `Found`.

    `files` are the names of the files, none for our own database. `deadlines` are what is promised, by priority.
    """

    read: Callable[[Found, Say], Iterator[Case]]
    files: tuple[str, ...] = ()
    deadlines: Mapping[str, timedelta] = {}
    feedback: tuple[Feedback, ...] = ()


class Asked(Struct, frozen=True, kw_only=True):
    """What is asked of a backtest. `outcome` is what counts as bad, "" for the first one; `split` is the share (0..1)
    of the cases, the oldest, by which is chosen. `sweeps` are rules and tunables; all are shown where none is named."""

    wish: Wish = Wish()
    outcome: str = ""
    split: float = 0.6
    sweeps: tuple[tuple[str, str], ...] = ()
    recommend: bool = True
    jobs: int = 1


def backtest(source: Source, policy: Policy, asked: Asked, say: Say) -> Report:
    """Play a history, and report on it. Raises ConfigError for a history or a question that makes no sense."""
    began = perf_counter()
    plans = [as_configured(policy)]
    if asked.recommend or asked.sweeps:
        plans.append(whole_grid(policy, source.deadlines, asked.sweeps))
    found = Found()
    album = played(source, plans, asked, found, say)
    scene = _scene(album, asked)
    now = plans[0].variants
    tells = [n for n, one in enumerate(now) if one.tells]
    present = scene.first(tells)
    setups = [_setup("present", [configured(policy, now[n].rule) for n in tells], scene, present)]
    made: Recommended | None = None
    if asked.recommend:
        replay = _replayed(source, asked, say)
        made = recommend(
            scene,
            plans,
            policy,
            asked.wish,
            deadlines=source.deadlines,
            replay=replay,
            say=say,
        )
        setups += made.setups
    swept: tuple[Sweep, ...] = ()
    if len(plans) > 1:
        say("reckoning", 0, 0)
        swept = sweeps(scene, plans[1].variants, len(now), policy, asked.sweeps)
    recommended = made.first if made else None
    seconds = perf_counter() - began
    return Report(
        outcome=scene.outcome,
        history=_history(source, found, scene),
        budget=asked.wish.budget,
        budget_pings=asked.wish.pings,
        setups=tuple(setups),
        rules=_rules(scene, plans[0], policy),
        overlap=_overlap(album, plans[0]),
        managers=managers(album, present),
        months=months(scene, present, recommended),
        slices=slices(scene, present, recommended),
        sweeps=swept,
        curve=made.curve if made else (),
        recommendation=made.recommendation if made else None,
        others=_others(scene, present),
        feedback=source.feedback,
        warnings=(*found.warnings, *_warnings(scene)),
        speed=Speed(
            seconds=round(seconds, 3),
            events_by_second=round(album.events / seconds, 1),
            jobs=asked.jobs,
        ),
    )


def played(source: Source, plans: Sequence[Plan], asked: Asked, found: Found, say: Say) -> Album:
    """The album of a history under some plans."""

    def told() -> Iterator[Case]:
        for number, case in enumerate(source.read(found, say), 1):
            say("playing", number, found.cases)
            yield case

    return play_all(told(), plans, jobs=asked.jobs, until=lambda: found.until)


def _replayed(source: Source, asked: Asked, say: Say) -> Callable[[Policy], Floats]:
    """Plays the history once more under another policy: when its rules alert each case."""

    def replay(policy: Policy) -> Floats:
        plan = as_configured(policy)
        album = played(source, [plan], asked, Found(), say)
        tells = [n for n, one in enumerate(plan.variants) if one.tells]
        first: Floats = np.min(album.first[tells], axis=0)
        return first

    return replay


def _scene(album: Album, asked: Asked) -> Scene:
    if not len(album):
        raise ConfigError("the history has no cases: look at `only` in the mapping, or at --days")
    if not album.bad:
        raise ConfigError("the mapping names no outcome: say in [outcomes.…] what went badly")
    outcome = asked.outcome or next(iter(album.bad))
    if outcome not in album.bad:
        raise ConfigError(f"no outcome is called {outcome!r}: there is {', '.join(album.bad)}")
    scene = Scene(album=album, outcome=outcome, split=round(len(album) * asked.split))
    if not scene.bad.any():
        raise ConfigError(f"no case came out badly ({outcome}): nothing can be learned from it")
    if not len(scene.earlier) or not len(scene.later):
        raise ConfigError("one part of the history has no case with a known end: change --split")
    return scene


def _setup(name: str, rules: Sequence[str], scene: Scene, first: Floats) -> Setup:
    return Setup(name=name, rules=tuple(rules), parts=parts(scene, first))


def _history(source: Source, found: Found, scene: Scene) -> History:
    album = scene.album
    return History(
        files=source.files,
        rows=found.rows,
        events=album.events,
        cases=len(album),
        left_out=found.left_out,
        unknown=int((~scene.known).sum()),
        teams=sum(bool(team) for team in album.teams),
        began=album.opened_at(0),
        until=found.until,
        split_at=album.opened_at(scene.split),
        flaws={name: flaw.many for name, flaw in found.flaws.items()},
    )


def _rules(scene: Scene, plan: Plan, policy: Policy) -> tuple[RuleFigures, ...]:
    """Every rule that held at all, those with most hits first."""
    found = []
    telling = [n for n, one in enumerate(plan.variants) if one.tells]
    for n, one in enumerate(plan.variants):
        first = scene.first([n])
        if not np.isfinite(first).any():
            continue
        others = scene.first([m for m in telling if m != n])
        alone = scene.known & scene.bad & (first < scene.moment) & ~(others < scene.moment)
        found.append(
            RuleFigures(
                rule=one.rule,
                words=configured(policy, one.rule),
                tells=one.tells,
                parts=parts(scene, first),
                only=int(alone.sum()),
            )
        )
    return tuple(sorted(found, key=lambda one: (-one.parts.whole.hits, one.rule)))


def _overlap(album: Album, plan: Plan) -> Overlap:
    held = np.isfinite(album.first[: len(plan.variants)])
    some = [n for n in range(len(plan.variants)) if held[n].any()]
    shares = tuple(
        tuple(float((held[i] & held[j]).sum() / held[i].sum()) for j in some) for i in some
    )
    return Overlap(rules=tuple(plan.variants[n].rule for n in some), shares=shares)


def _others(scene: Scene, present: Floats) -> tuple[OutcomeFigures, ...]:
    """The present configuration by the other outcomes."""
    found = []
    for name in scene.album.bad:
        other = Scene(album=scene.album, outcome=name, split=scene.split)
        if name != scene.outcome and other.known.any():
            found.append(
                OutcomeFigures(
                    outcome=name,
                    unknown=int((~other.known).sum()),
                    present=figures(other, present, other.whole),
                )
            )
    return tuple(found)


def _warnings(scene: Scene) -> Iterator[str]:
    """What makes the figures less sure than they look."""
    earlier, later = scene.earlier, scene.later
    bad, worse = int(scene.bad[earlier].sum()), int(scene.bad[later].sum())
    apart = difference_of_shares(bad, len(earlier), worse, len(later))
    if apart is not None and apart.clear:
        yield (
            f"The share of bad cases changed: {bad / len(earlier):.0%} of the earlier, "
            f"{worse / len(later):.0%} of the later ones. A budget is kept by what is newest."
        )
    for name, many in (("earlier", bad), ("later", worse)):
        if many < FEW:
            yield f"Only {many} of the {name} cases came out badly: the figures say little."
    many = int((~scene.known).sum())
    if many:
        yield f"How {many:,} cases came out is not known yet: they are in no figure."
