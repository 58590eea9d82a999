"""Choosing keeps to what is wished, and knows nothing of later."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from random import Random

import numpy as np

from bridge.insight.backtest.album import Floats
from bridge.insight.backtest.choosing import Member, Pool, Wish, choose, fits, members, newest
from bridge.insight.backtest.drift import known_at, walked
from bridge.insight.backtest.plan import Variant
from bridge.insight.backtest.reckoning import Scene
from tests.backtest.test_playing_figures import case, scene

GOOD, NOISY, RARE = (Variant(rule=name) for name in ("good", "noisy", "rare"))


def history(many: int = 4000, base: float = 0.2) -> Scene:
    """Cases of which a fifth is bad. "good" finds half of them, "rare" some others, "noisy" alerts half of all."""
    random = Random(3)
    cases, first = [], []
    for number in range(many):
        bad = random.random() < base
        cases.append(case(number, bad=bad))
        good = bad and random.random() < 0.5
        rare = bad and not good and random.random() < 0.2
        first.append(
            [10.0 if good else inf, 5.0 if random.random() < 0.5 else inf, 30.0 if rare else inf]
        )
    return scene(cases, first, split=many * 6 // 10)


def pool(seen: Scene, *, early: bool = False) -> Pool:
    return Pool(
        scene=seen,
        members=[Member(columns=(n,), variants=(v,)) for n, v in enumerate((GOOD, NOISY, RARE))],
        first=seen.album.first,
        base=np.full(len(seen.album), np.inf, np.float32),
        early=early,
    )


def chosen(seen: Scene, wish: Wish) -> set[str]:
    found = choose(pool(seen), newest(seen.earlier, wish), wish)
    return {v.rule for member in found.members for v in member.variants} if found else set()


def test_the_set_with_most_hits_within_the_budget_is_chosen() -> None:
    assert chosen(history(), Wish()) == {"good", "rare"}


def test_a_budget_is_kept_with_a_standard_error_to_spare() -> None:
    assert Wish(budget=0.2).allowed(1600) == 320 - 16
    seen = history()
    rows = newest(seen.earlier, Wish())
    alone = replace(pool(seen), members=pool(seen).members[:1])
    alerted = float(np.isfinite(alone.of(alone.members[0], rows)).mean())
    assert choose(alone, rows, Wish(budget=alerted + 0.005)) is None
    assert choose(alone, rows, Wish(budget=alerted + 0.015)) is not None


def test_a_promised_deadline_itself_is_no_warning() -> None:
    at_the_end, before = (
        Variant(
            rule="resolution_time", tunable="target", value=value, share=True, goal="resolution"
        )
        for value in (1.0, 0.9)
    )
    assert [member.variants for member in members([at_the_end, before])] == [(before,)]


def test_a_small_budget_takes_less() -> None:
    assert chosen(history(), Wish(budget=0.05)) == {"rare"}


def test_a_long_lead_leaves_out_what_comes_late() -> None:
    assert chosen(history(), Wish(lead=80)) == {"good"}
    assert chosen(history(), Wish(lead=95, precision=0.1)) == set()


def test_without_a_precise_set_the_best_is_named_as_such() -> None:
    seen = history()
    wish = Wish(budget=0.6, precision=0.999)
    only_noise = replace(pool(seen), members=pool(seen).members[1:2])
    found = choose(only_noise, newest(seen.earlier, wish), wish)
    assert found is not None
    assert not found.floor
    assert found.rate <= 0.6


def test_pings_by_manager_and_day_are_a_budget_as_well() -> None:
    """A case a day, and half a ping for each: "noisy" rings every second day."""
    seen = history()
    assert chosen(seen, Wish(budget=None, pings=0.2, precision=0.01)) == {"good", "rare"}
    assert chosen(seen, Wish(budget=None, pings=0.05, precision=0.01)) == {"rare"}


def test_what_is_alerted_anyway_uses_up_the_budget() -> None:
    seen = history()
    wish = Wish()
    every_ninth = np.where(np.arange(len(seen.album)) % 9, np.inf, 1.0).astype(np.float32)
    full = replace(pool(seen), base=every_ninth)
    found = choose(full, newest(seen.earlier, wish), Wish(precision=0.01))
    assert found is not None
    assert {v.rule for member in found.members for v in member.variants} <= {"rare"}


def test_nothing_after_the_deadline_counts_where_there_is_one() -> None:
    seen = history()
    late = replace(seen.album, deadline=np.full(len(seen.album), 20.0, np.float32))
    cut = pool(replace(seen, album=late), early=True)
    rows = np.arange(len(late))
    assert np.isinf(cut.of(cut.members[2], rows)).all()
    assert np.isfinite(cut.of(cut.members[0], rows)).any()


def test_the_choice_is_the_same_whatever_came_later() -> None:
    """Turn all that the later part came to into its contrary: nothing changes."""
    seen = history()
    other = {
        "missed": np.where(np.arange(len(seen.album)) < seen.split, seen.album.bad["missed"], 1)
    }
    first = seen.album.first.copy()
    first[:, seen.split :] = 1.0
    turned = replace(seen, album=replace(seen.album, bad=other, first=first))
    wish = Wish()
    one, two = (choose(pool(s), newest(s.earlier, wish), wish) for s in (seen, turned))
    assert one == two


def test_while_time_goes_on_only_what_was_known_is_known() -> None:
    seen = history(400)
    now = float(seen.album.opened[300])
    rows, bad = known_at(seen, now, Wish())
    assert rows.max() < 300 - 8  # a case lasts 200 hours
    turned = dict(seen.album.bad)
    turned["missed"] = np.where(np.arange(400) < rows.max() + 1, turned["missed"], 1)
    again, same = known_at(replace(seen, album=replace(seen.album, bad=turned)), now, Wish())
    assert np.array_equal(rows, again)
    assert np.array_equal(bad, same)


def test_a_passed_deadline_is_known_before_a_case_ends() -> None:
    seen = history(400)
    album = replace(
        seen.album,
        deadline=np.full(400, 48.0, np.float32),
        resolved=np.full(400, 60.0, np.float32),
    )
    rows, bad = known_at(replace(seen, album=album), float(album.opened[300]), Wish())
    assert rows.max() == 298
    assert bad[-6:].all()


def test_walking_chooses_again_and_again() -> None:
    seen = history()
    first, rows, steps = walked(pool(seen), Wish())
    assert len(steps) == 8
    assert _alerted(first, np.arange(seen.split)) == 0
    assert 0 < _alerted(first, rows) <= 0.2 * len(rows)


def _alerted(first: Floats, rows: np.ndarray) -> int:  # type: ignore[type-arg]
    return int(np.isfinite(first[rows]).sum())


def timed(rule: str, goal: str, hours: int, handoffs: int = 0) -> Variant:
    return Variant(
        rule=rule, tunable="target", value=hours, number=hours, goal=goal, with_handoffs=handoffs
    )


def test_only_what_one_configuration_can_say_goes_together() -> None:
    short, long = (timed("stale_update", "periodic_update", h) for h in (24, 96))
    short_twice = timed("stale_update", "periodic_update", 24, handoffs=2)
    first = timed("first_response", "first_response", 96)
    one, two, three, four = (
        Member(columns=(0,), variants=(v,)) for v in (short, long, short_twice, first)
    )
    assert not fits(one, two, warn_apart=False)
    assert fits(two, three, warn_apart=False)
    assert fits(three, four, warn_apart=True)


def test_no_answer_and_no_update_are_also_tried_as_one() -> None:
    found = members(
        [
            timed("first_response", "first_response", 24),
            timed("stale_update", "periodic_update", 24),
        ]
    )
    assert [member.columns for member in found] == [(0,), (1,), (0, 1)]
