"""Judging texts while nothing was learned yet: VADER's lexicon, and what customers say of service.

Hutto and Gilbert, VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media Text, 2014;
its library does the reckoning. The lexicon is English: of a text in another language it says little.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from typing import Any, NamedTuple

from msgspec import Struct
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer, SentiText, negated

from bridge.domain.text.service import SERVICE
from bridge.domain.text.tokens import unnamed
from bridge.domain.text.tone import Tone, Words

SHOWN = 3
"""So many words are named as those that weighed most."""

_LINE = -0.05
"""From this compound score down, VADER's authors call a text negative."""

_JOINED = re.compile(
    r"(?<!\w)(?:"
    + "|".join(re.escape(p).replace(r"\ ", r"\s+") for p in SERVICE if " " in p)
    + r")(?!\w)",
    re.IGNORECASE,
)


class Cold(Struct, frozen=True):
    """VADER, with the vocabulary of service. `negative` is 0.5 at the line that its authors draw."""

    name: str = "vader"
    line: float = 0.5

    def tone(self, text: str) -> Tone:
        """How negative, and up to three words with the most negative valence where it is."""
        return _tone(text)

    def boilerplate(self, sentence: str) -> bool:  # noqa: ARG002
        return False


COLD: Words = Cold()
"""What judges texts as long as nothing better was learned."""


class Signs(NamedTuple):
    """What VADER reads of a text: its score from -1 (all negative) to 1, and the shares of bad and of good words."""

    score: float = 0.0
    bad: float = 0.0
    good: float = 0.0


@lru_cache(maxsize=4096)
def signs(text: str) -> Signs:
    """What VADER reads of a text, with the vocabulary of service."""
    found = _analyser().polarity_scores(_readable(text))
    return Signs(float(found["compound"]), float(found["neg"]), float(found["pos"]))


@lru_cache(maxsize=4096)
def _tone(text: str) -> Tone:
    score = signs(text).score
    negative = min(max((1 + _LINE - score) / 2, 0.0), 1.0)
    return Tone(negative, _why(_readable(text)) if score <= _LINE else ())


@cache
def _analyser() -> Any:
    """Read once, when it is first needed: the lexicon has 7,500 entries."""
    found = SentimentIntensityAnalyzer()
    found.lexicon.update({_token(phrase): valence for phrase, valence in SERVICE.items()})
    return found


def _readable(text: str) -> str:
    """Without user names, which can be words ("united"); what has a valence of its own as one token."""
    plain = unnamed(text).replace("’", "'")
    return _JOINED.sub(lambda found: _token(found[0]), plain)


def _token(phrase: str) -> str:
    return "_".join(phrase.split())


def _why(text: str) -> tuple[str, ...]:
    """The words that made it negative, gravest first; a good word that was denied stands with its denial."""
    analyser, read = _analyser(), SentiText(text)
    words: list[str] = read.words_and_emoticons
    weighed: dict[str, float] = {}
    for place, word in enumerate(words):
        valence = analyser.sentiment_valence(0, read, word, place, [])[-1]
        if valence < 0:
            shown = word.lower().replace("_", " ")
            if analyser.lexicon[word.lower()] > 0:
                before = [w.lower() for w in words[max(place - 3, 0) : place]]
                denial = next((w for w in before if negated([w]) or w == "no"), "not")
                shown = f"{denial} {shown}"
            weighed[shown] = min(valence, weighed.get(shown, 0.0))
    return tuple(sorted(weighed, key=lambda w: (weighed[w], w))[:SHOWN])
