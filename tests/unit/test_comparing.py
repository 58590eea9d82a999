"""Two groups are compared only as far as they are alike, and what is reckoned of it holds as often as it says."""

from __future__ import annotations

import random
from math import inf

import pytest

from bridge.insight.comparing import UNLIKE, Stratum, standardised, within
from bridge.insight.intervals import difference_of_shares


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [(0.5, 0.5, 0.0), (0.5, 0.4, 0.202), (0.4, 0.5, -0.202), (0.02, 0.01, 0.082), (1, 0, inf)],
)
def test_shares_are_as_far_apart_as_such_shares_vary(
    one: float, other: float, apart: float
) -> None:
    assert standardised(one, other) == pytest.approx(apart, abs=0.001)
    assert (abs(apart) > UNLIKE) is (abs(one - other) > 0.05)


def test_a_single_large_stratum_is_the_plain_difference() -> None:
    plain, alike = (
        difference_of_shares(300, 1000, 200, 1000),
        within([Stratum(300, 1000, 200, 1000)]),
    )
    assert plain
    assert alike
    assert alike.value == pytest.approx(plain.value)
    assert (alike.low, alike.high) == pytest.approx((plain.low, plain.high), abs=0.001)


def test_a_difference_that_comes_from_what_the_groups_are_made_of_goes_away() -> None:
    """Alerts open on urgent cases, half of which are rated badly anyway: within a priority nothing is different."""
    urgent, usual = Stratum(450, 900, 50, 100), Stratum(10, 100, 90, 900)
    plain = difference_of_shares(460, 1000, 140, 1000)
    assert plain
    assert plain.clear
    alike = within([urgent, usual])
    assert alike
    assert alike.value == pytest.approx(0)
    assert not alike.clear


def test_strata_without_both_say_nothing() -> None:
    assert within([]) is None
    assert within([Stratum(3, 5, 0, 0), Stratum(0, 0, 2, 4)]) is None
    one = Stratum(3, 5, 1, 4)
    assert within([one, Stratum(9, 9, 0, 0)]) == within([one])


def test_the_interval_holds_the_truth_as_often_as_it_says_with_many_small_strata() -> None:
    chance, held, tries = random.Random(7), 0, 400
    for _ in range(tries):
        strata = []
        for number in range(40):
            risk, whole, others = 0.05 + number % 10 * 0.06, 3 + number % 5, 4 + number % 7
            part = sum(chance.random() < risk + 0.1 for _ in range(whole))
            other = sum(chance.random() < risk for _ in range(others))
            strata.append(Stratum(part, whole, other, others))
        found = within(strata)
        held += found is not None and found.low <= 0.1 <= found.high
    assert 0.92 <= held / tries <= 0.98
