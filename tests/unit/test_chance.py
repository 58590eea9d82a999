"""Exact tails: against the plain sums that they stand for."""

from __future__ import annotations

from math import comb, exp, factorial, inf, lgamma

import pytest

from bridge.domain.chance import (
    beta_binomial_tail,
    binomial_tail,
    least,
    negative_binomial_tail,
    poisson_tail,
)


def below(many: int, chances: list[float]) -> float:
    return 1 - sum(chances[:many])


@pytest.mark.parametrize(("many", "mean"), [(0, 2.0), (1, 0.1), (5, 2.0), (9, 3.5)])
def test_poisson(many: int, mean: float) -> None:
    each = [exp(-mean) * mean**k / factorial(k) for k in range(20)]
    assert poisson_tail(many, mean) == pytest.approx(below(many, each))


@pytest.mark.parametrize(("many", "mean", "size"), [(0, 2.0, 3.0), (4, 1.5, 0.7), (9, 4.0, 12.0)])
def test_negative_binomial(many: int, mean: float, size: float) -> None:
    share = size / (size + mean)
    each = [
        exp(lgamma(k + size) - lgamma(size) - lgamma(k + 1)) * share**size * (1 - share) ** k
        for k in range(20)
    ]
    assert negative_binomial_tail(many, mean, size) == pytest.approx(below(many, each))


def test_a_negative_binomial_of_endless_size_is_a_poisson_count() -> None:
    assert negative_binomial_tail(7, 2.5, inf) == poisson_tail(7, 2.5)
    assert negative_binomial_tail(7, 2.5, 1e9) == pytest.approx(poisson_tail(7, 2.5))


def test_the_more_counts_vary_the_more_likely_is_a_high_one() -> None:
    chances = [negative_binomial_tail(12, 3.0, size) for size in (inf, 100.0, 10.0, 1.0)]
    assert chances == sorted(chances)


@pytest.mark.parametrize(
    ("many", "of", "share"), [(0, 5, 0.3), (3, 5, 0.3), (5, 5, 0.9), (6, 5, 0.9)]
)
def test_binomial(many: int, of: int, share: float) -> None:
    each = [comb(of, k) * share**k * (1 - share) ** (of - k) for k in range(of + 1)]
    assert binomial_tail(many, of, share) == pytest.approx(below(many, each), abs=1e-12)


def test_beta_binomial() -> None:
    """With one against one, every number is as likely."""
    assert beta_binomial_tail(3, 4, 1.0, 1.0) == pytest.approx(2 / 5)
    assert beta_binomial_tail(0, 4, 1.0, 1.0) == 1.0
    assert beta_binomial_tail(5, 4, 1.0, 1.0) == 0.0
    assert beta_binomial_tail(3, 8, 2e5, 8e5) == pytest.approx(binomial_tail(3, 8, 0.2), rel=1e-4)


def test_nothing_comes_of_nothing() -> None:
    assert poisson_tail(1, 0.0) == negative_binomial_tail(1, 0.0, 2.0) == 0.0


@pytest.mark.parametrize("chance", [0.5, 1e-3, 1e-9])
def test_least_is_the_first_count_that_is_so_unlikely(chance: float) -> None:
    many = least(3.0, 5.0, chance)
    assert negative_binomial_tail(many, 3.0, 5.0) <= chance
    assert negative_binomial_tail(many - 1, 3.0, 5.0) > chance
