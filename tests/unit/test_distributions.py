"""Distributions: the tests are scipy's, the effects are known by hand, and big data does not ring for nothing."""

from __future__ import annotations

import pytest

from bridge.domain.distributions import OTHERS, categories, scores


def test_the_category_that_grew_is_named_with_its_shares() -> None:
    found = categories({"login": 50, "bill": 50}, {"login": 75, "bill": 25})
    assert found is not None
    assert (found.test, found.grew) == ("chi-squared", "login")
    assert (found.before, found.now) == (0.5, 0.75)
    # chi² = 200 (50·25 − 50·75)² / (100·100·125·75) = 13.33; V = √(13.33 / 200)
    assert found.effect == pytest.approx(0.2582, abs=1e-4)
    assert found.chance == pytest.approx(0.00026, abs=1e-5)


def test_the_same_spread_is_no_change() -> None:
    found = categories({"a": 400, "b": 100}, {"a": 40, "b": 10})
    assert found is not None
    assert (found.effect, found.chance) == (pytest.approx(0), pytest.approx(1))


def test_much_data_makes_a_small_change_sure_but_not_large() -> None:
    found = categories({"a": 500_000, "b": 500_000}, {"a": 505_000, "b": 495_000})
    assert found is not None
    assert found.chance < 1e-6
    assert found.effect < 0.01


def test_rare_categories_are_taken_together() -> None:
    rare = {f"rare {n}": 1.0 for n in range(30)}
    found = categories({"a": 100, **rare}, {"a": 40, **rare})
    assert found is not None
    assert found.grew == OTHERS


@pytest.mark.parametrize(
    ("before", "now"),
    [({}, {}), ({"a": 9}, {}), ({"a": 900}, {"a": 900}), ({"a": 3, "b": 2}, {"a": 2, "b": 3})],
    ids=["nothing", "one side", "one category", "too little"],
)
def test_too_little_says_nothing(before: dict[str, float], now: dict[str, float]) -> None:
    assert categories(before, now) is None


def test_scores_that_fell_have_an_effect_below_nothing() -> None:
    found = scores({0.0: 10, 1.0: 90}, {0.0: 50, 1.0: 50})
    assert found is not None
    assert found.test == "Mann-Whitney"
    # Of all pairs, 90 % · 50 % go down and 10 % · 50 % go up.
    assert found.effect == pytest.approx(0.05 - 0.45)
    assert found.chance < 1e-8


def test_scores_that_are_all_alike_have_not_changed() -> None:
    found = scores({1.0: 20}, {1.0: 30})
    assert found is not None
    assert (found.chance, found.effect) == (1.0, 0.0)


def test_too_few_scores_say_nothing() -> None:
    assert scores({1.0: 4}, {0.0: 400}) is None
    assert scores({}, {0.0: 400}) is None


def test_millions_of_scores_are_compared_by_their_shares() -> None:
    found = scores({0.0: 1_000_000, 1.0: 9_000_000}, {0.0: 5_000_000, 1.0: 5_000_000})
    assert found is not None
    assert found.effect == pytest.approx(-0.4)
