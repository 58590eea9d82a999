"""Scores of every kind on one scale: 0 is worst, 1 is best.

The tables below are all there is to know; a source's settings `low` and `high` name the worst and the best value
where they differ. A best value below the worst turns the scale round: 6 to 1 for school marks, 7 to 1 for a
customer effort score that counts effort (ours counts ease: high is good).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from bridge.domain.model import ConfigError, Unreadable

# What a number means: worst and best. None: the settings must say.
RANGES: dict[str, tuple[float, float] | None] = {
    "csat": (1, 5),
    "ces": (1, 7),
    "nps": (0, 10),
    "stars": (1, 5),
    "thumbs": (0, 1),
    "colours": (1, 4),
    "words": None,
    "number": None,
}

# What a word means on one scale; a word that is not there is looked up under "words".
WORDS: dict[str, dict[str, float]] = {
    # Zendesk's legacy rating has two values: api-reference/ticketing/ticket-management/satisfaction_ratings
    "csat": {
        "good": 1.0,
        "good_with_comment": 1.0,
        "goodwithcomment": 1.0,
        "bad": 0.0,
        "bad_with_comment": 0.0,
        "badwithcomment": 0.0,
    },
    "nps": {"promoter": 1.0, "passive": 0.75, "detractor": 0.3},  # the middle of each band
    "thumbs": {
        "up": 1.0,
        "thumbs up": 1.0,
        "thumbs_up": 1.0,
        "like": 1.0,
        "yes": 1.0,
        "true": 1.0,
        "down": 0.0,
        "thumbs down": 0.0,
        "thumbs_down": 0.0,
        "dislike": 0.0,
        "no": 0.0,
        "false": 0.0,
    },
    # Customer Thermometer's four temperatures
    "colours": {
        "gold star": 1.0,
        "gold": 1.0,
        "green": 2 / 3,
        "green light": 2 / 3,
        "yellow": 1 / 3,
        "yellow light": 1 / 3,
        "amber": 1 / 3,
        "red": 0.0,
        "red light": 0.0,
    },
    "words": {
        # Help Scout: Great, Okay, Bad
        "amazing": 1.0,
        "awesome": 1.0,
        "great": 1.0,
        "excellent": 1.0,
        "very good": 1.0,
        "good": 0.75,
        "okay": 0.5,
        "ok": 0.5,
        "fair": 0.5,
        "average": 0.5,
        "poor": 0.25,
        "bad": 0.0,
        "very poor": 0.0,
        "very bad": 0.0,
        "terrible": 0.0,
        "awful": 0.0,
        "very satisfied": 1.0,
        "satisfied": 0.75,
        "neutral": 0.5,
        "neither satisfied nor dissatisfied": 0.5,
        "dissatisfied": 0.25,
        "unsatisfied": 0.25,
        "very dissatisfied": 0.0,
        "very unsatisfied": 0.0,
        "positive": 1.0,
        "negative": 0.0,
        "very easy": 1.0,
        "easy": 0.75,
        "difficult": 0.25,
        "very difficult": 0.0,
        "strongly agree": 1.0,
        "agree": 0.75,
        "disagree": 0.25,
        "strongly disagree": 0.0,
        "👍": 1.0,
        "👎": 0.0,
        "😍": 1.0,
        "🤩": 1.0,
        "😀": 1.0,
        "😃": 1.0,
        "😄": 1.0,
        "😁": 1.0,
        "😊": 0.75,
        "🙂": 0.75,
        "☺": 0.75,
        "😐": 0.5,
        "😑": 0.5,
        "😶": 0.5,
        "😕": 0.25,
        "🙁": 0.25,
        "☹": 0.25,
        "😟": 0.25,
        "😞": 0.0,
        "😢": 0.0,
        "😡": 0.0,
        "😠": 0.0,
        "🤬": 0.0,
        "❤": 1.0,
        "💚": 1.0,
        "💔": 0.0,
    },
}

# What says that nothing was said.
SILENCE = frozenset(
    {"", "-", "n/a", "na", "none", "null", "skipped", "offered", "unoffered", "not applicable"}
)

_NUMBER = re.compile(r"([+-]?\d{1,9}(?:[.,]\d{1,9})?)(?:\s*(?:/|of|out of)\s*(\d{1,9}))?", re.ASCII)
_STARS = re.compile(r"([★⭐🌟]+)[☆✩]*")
_NOISE = re.compile(r"[\ufe0f\U0001f3fb-\U0001f3ff\x00]")  # variation selector, skin tones


class Score(NamedTuple):
    """A score in 0..1, None where nothing was said; `low` and `high` are the worst and the best number of its scale."""

    score: float | None
    low: float | None = None
    high: float | None = None


def normalise(
    raw: object,
    *,
    scale: str = "number",
    low: float | None = None,
    high: float | None = None,
    words: Mapping[str, float] | None = None,
) -> Score:
    """What the customer's own value is worth on the scale.

    Numbers may come as text ("0" is a score), with their best value behind ("4/5") or as stars. `words` are the
    source's own and win over the tables. Raises Unreadable for a number off the scale and for a word that no
    table knows: an answer that can't be ranked is kept for a person to see, not dropped.

    >>> normalise("0", scale="nps")
    Score(score=0.0, low=0, high=10)
    >>> normalise("Gold star", scale="colours").score
    1.0
    >>> normalise("unoffered", scale="csat").score is None
    True
    """
    if isinstance(raw, bool):
        raw = str(raw)
    if raw is not None and not isinstance(raw, str | int | float):
        raise Unreadable("score: expected a number or a word")
    if isinstance(raw, int | float) and not abs(raw) < 1e9:
        raise Unreadable("score: expected a number of sensible size")
    text = _NOISE.sub("", str(raw) if raw is not None else "").strip().lower()
    for table in (words or {}, WORDS.get(scale, {}), WORDS["words"]):
        for word, worth in table.items():
            if word.lower() == text:
                return Score(worth)
    if text in SILENCE:
        return Score(None)
    if isinstance(raw, float):
        return _rank(raw, scale, low, high)
    if stars := _STARS.fullmatch(text):
        return _rank(len(stars[1]), "stars", low, high)
    if number := _NUMBER.fullmatch(text):
        best = float(number[2]) if number[2] and high is None else high
        return _rank(float(number[1].replace(",", ".")), scale, low, best)
    raise Unreadable(f"score: {text[:40]!r} is no known score on the scale {scale!r}")


def check_scale(
    scale: str,
    low: float | None = None,
    high: float | None = None,
    words: Mapping[str, float] | None = None,
) -> None:
    """Raise ConfigError, naming the setting, for a source's scale that could never work."""
    if scale not in RANGES:
        raise ConfigError(f"scale: unknown; there are {', '.join(RANGES)}")
    if low is not None and low == high:
        raise ConfigError("high: must differ from low")
    for word, worth in (words or {}).items():
        if not 0 <= worth <= 1:
            raise ConfigError(f"words.{word}: must be from 0 (worst) to 1 (best)")


def _rank(value: float, scale: str, low: float | None, high: float | None) -> Score:
    worst, best = RANGES.get(scale) or (None, None)
    worst = low if low is not None else worst
    best = high if high is not None else best
    if worst is None or best is None:
        raise Unreadable(f"score: {value:g} means nothing before low and high are set")
    if worst == best or not min(worst, best) <= value <= max(worst, best):
        raise Unreadable(f"score: {value:g} is not on the scale {worst:g}..{best:g}")
    return Score((value - worst) / (best - worst), worst, best)
