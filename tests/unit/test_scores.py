"""What a customer's own value is worth."""

from __future__ import annotations

import doctest
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.domain.model import ConfigError, Unreadable
from connectors import scores
from connectors.scores import RANGES, WORDS, Score, check_scale, normalise


@pytest.mark.parametrize(
    ("raw", "scale", "score"),
    [
        (0, "nps", 0.0),
        ("0", "nps", 0.0),
        ("10", "nps", 1.0),
        (7.0, "nps", 0.7),
        ("Detractor", "nps", 0.3),
        (1, "ces", 0.0),
        (7, "ces", 1.0),
        ("Very easy", "ces", 1.0),
        ("strongly disagree", "ces", 0.0),
        ("good", "csat", 1.0),
        ("BAD", "csat", 0.0),
        ("bad_with_comment", "csat", 0.0),
        (2, "csat", 0.25),
        ("4,5", "csat", 0.875),
        ("4/5", "csat", 0.75),
        ("9 out of 10", "nps", 0.9),
        ("★★★☆☆", "stars", 0.5),
        ("⭐⭐⭐⭐⭐", "stars", 1.0),
        (1, "thumbs", 1.0),
        (True, "thumbs", 1.0),
        ("👎🏽", "thumbs", 0.0),
        ("thumbs up", "thumbs", 1.0),
        ("Great", "words", 1.0),
        ("Okay", "words", 0.5),
        ("Bad", "words", 0.0),
        ("🙂", "csat", 0.75),
        ("☹️", "csat", 0.25),
        ("Gold star", "colours", 1.0),
        ("green", "colours", 2 / 3),
        ("Yellow light", "colours", 1 / 3),
        ("red", "colours", 0.0),
        (4, "colours", 1.0),
        (None, "nps", None),
        ("", "nps", None),
        ("unoffered", "csat", None),
        ("N/A", "ces", None),
    ],
)
def test_known_scores(raw: object, scale: str, score: float | None) -> None:
    assert normalise(raw, scale=scale).score == pytest.approx(score)


@pytest.mark.parametrize(
    ("raw", "scale"),
    [
        (11, "nps"),
        (-1, "nps"),
        (0, "csat"),
        ("6/5", "csat"),
        ("purple", "colours"),
        (True, "nps"),
        (5, "number"),
        (5, "words"),
        (float("nan"), "nps"),
        (float("inf"), "nps"),
        (10**400, "nps"),
        ("9" * 5000, "nps"),
        ([], "nps"),
        ({}, "nps"),
        ("٣", "nps"),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_cannot_be_ranked_is_refused(raw: object, scale: str) -> None:
    with pytest.raises(Unreadable, match=r"^score: "):
        normalise(raw, scale=scale)


def test_settings_win_over_the_tables() -> None:
    assert normalise("70", scale="number", low=0, high=100) == Score(0.7, 0, 100)
    assert normalise(6, scale="number", low=6, high=1) == Score(0.0, 6, 1)
    assert normalise(7, scale="ces", low=7, high=1).score == 0
    assert normalise("Meh", scale="words", words={"meh": 0.4}).score == 0.4
    assert normalise("good", scale="csat", words={"Good": 0.6}).score == 0.6
    with pytest.raises(Unreadable):
        normalise(3, scale="number", low=3, high=3)


@pytest.mark.parametrize(
    ("setting", "complaint"),
    [
        ({"scale": "furlongs"}, "scale: unknown; there are csat, ces, nps"),
        ({"scale": "nps", "low": 1.0, "high": 1.0}, "high: must differ from low"),
        ({"scale": "csat", "words": {"meh": 1.1}}, r"words\.meh: must be from 0"),
        ({"scale": "csat", "words": {"ok": 0.5, "meh": -0.1}}, r"words\.meh: must be from 0"),
    ],
)
def test_a_scale_that_cannot_work_is_refused(setting: Any, complaint: str) -> None:
    with pytest.raises(ConfigError, match=f"^{complaint}"):
        check_scale(**setting)


def test_every_scale_works_as_it_is_and_with_ends_of_ones_own() -> None:
    for scale in RANGES:
        check_scale(scale)
        check_scale(scale, low=6, high=1, words={"worst": 0, "best": 1})
        check_scale(scale, high=3)


def test_the_tables_are_sound() -> None:
    assert WORDS.keys() <= RANGES.keys()
    for table in WORDS.values():
        assert all(word == word.lower() and 0 <= worth <= 1 for word, worth in table.items())
    assert doctest.testmod(scores).failed == 0


@given(
    raw=st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    scale=st.sampled_from(sorted(RANGES)),
    low=st.none() | st.floats(-100, 100),
    high=st.none() | st.floats(-100, 100),
)
def test_a_score_lies_between_0_and_1_or_is_refused(
    raw: object, scale: str, low: float | None, high: float | None
) -> None:
    try:
        score = normalise(raw, scale=scale, low=low, high=high).score
    except Unreadable:
        return
    assert score is None or 0 <= score <= 1
