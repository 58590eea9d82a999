"""Judging texts by what was learned of a company's own comments: a weight for each word, in plain arithmetic.

TF-IDF and logistic regression, as scikit-learn reckons them (Pedregosa et al., 2011); here without it.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from heapq import nlargest
from math import exp, log, sqrt
from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from bridge.domain.model import Unreadable
from bridge.domain.text import cold
from bridge.domain.text.cold import COLD, SHOWN
from bridge.domain.text.tokens import fingerprint, mentions, phrases, pieces, tokens
from bridge.domain.text.tone import Tone

LARGEST = 256 * 1024 * 1024
"""Bytes of an artefact when it is unpacked; a larger one is refused."""

FORMAT = 1


class Term(Struct, frozen=True, array_like=True):
    """How rare a word is (its inverse document frequency), and how much it says: above 0 for negative.

    `alone` is the logarithm of the odds that a text of it alone is a negative one, for saying why; 0 where unknown.
    """

    idf: float
    weight: float
    alone: float = 0.0


class Artefact(Struct, frozen=True, kw_only=True):
    """What was learned, as it is stored. No text stands in it: single words and pairs that at least two comments have.

    `line` is the negativity, in 0..1, from which on a text counts as negative. `phrases` are words, pairs, and the
    user names that many write to; `pieces` parts of words, `aside` the weights of what `beside` tells. `stock` are
    fingerprints of sentences that stand in many tickets' replies. `figures` say what it was made of and how well it
    does: see `bridge.insight.learning`.
    """

    name: str
    line: float
    bias: float
    aside: tuple[float, float, float, float]
    phrases: dict[str, Term]
    pieces: dict[str, Term]
    stock: frozenset[str] = frozenset()
    figures: dict[str, Any] = {}
    format: int = FORMAT

    def body(self) -> bytes:
        """As it is stored: JSON, compressed with zlib."""
        return zlib.compress(msgspec.json.encode(self, order="deterministic"), 9)


def unpacked(body: bytes) -> Artefact:
    """The artefact that `Artefact.body` made. Raises Unreadable for anything else."""
    unpacking = zlib.decompressobj()
    try:
        told = unpacking.decompress(body, LARGEST)
        if not unpacking.eof:
            raise Unreadable("what was learned is cut off, or too large: `bridge learn` anew")
        found = msgspec.json.decode(told, type=Artefact)
    except (zlib.error, msgspec.DecodeError) as error:
        raise Unreadable("what was learned can't be read: `bridge learn` anew") from error
    if found.format != FORMAT:
        raise Unreadable(f"what was learned has the format {found.format}: `bridge learn` anew")
    return found


class Learned:
    """Judges texts as an artefact says. See `Words`."""

    def __init__(self, artefact: Artefact) -> None:
        self._artefact = artefact
        self._phrases, self._pieces = _Block(artefact.phrases), _Block(artefact.pieces)
        self._parts = lru_cache(maxsize=50_000)(self._known_pieces)
        self._judged = lru_cache(maxsize=4096)(self._judge)

    @classmethod
    def from_body(cls, body: bytes) -> Learned:
        """What `bridge.store.wordings` keeps. Raises Unreadable."""
        return cls(unpacked(body))

    @property
    def name(self) -> str:
        return self._artefact.name

    @property
    def line(self) -> float:
        return self._artefact.line

    def tone(self, text: str) -> Tone:
        """How likely it is to be a negative one, and up to three words that weighed most, where it is."""
        return self._judged(text)

    def negative(self, text: str) -> float:
        """How likely it is that this text is a negative one, in 0..1; one without any words is none."""
        words = tokens(text)
        return _likely(self._score(text, words)) if words else 0.0

    def boilerplate(self, sentence: str) -> bool:
        return fingerprint(sentence) in self._artefact.stock

    def _judge(self, text: str) -> Tone:
        words = tokens(text)
        likely = _likely(self._score(text, words)) if words else 0.0
        return Tone(likely, self._why(text, words) if likely >= self.line else ())

    def _score(self, text: str, words: list[str]) -> float:
        """The logarithm of the odds that the text is a negative one."""
        known = self._artefact
        aside = zip(known.aside, beside(text, words), strict=True)
        score = known.bias + sum([weight * value for weight, value in aside])
        parts: list[int] = []
        for word in words:
            parts += self._parts(word)
        whole = self._phrases.places(phrases(words) + mentions(text))
        return score + self._phrases.sum(whole) + self._pieces.sum(parts)

    def _known_pieces(self, word: str) -> list[int]:
        return self._pieces.places(pieces(word))

    def _why(self, text: str, words: list[str]) -> tuple[str, ...]:
        """The words and pairs that alone would be most negative, none within another; else what the cold start says."""
        known = self._artefact.phrases
        alone = {phrase: known[phrase].alone for phrase in phrases(words) if phrase in known}
        shown: list[str] = []
        for phrase in nlargest(4 * SHOWN, alone, key=lambda p: (alone[p], p)):
            parts = phrase.split(" ")
            told = any(phrase in other.split(" ") or other in parts for other in shown)
            if alone[phrase] > 0 and not told:
                shown.append(phrase)
        return tuple(shown[:SHOWN]) or COLD.tone(text).why

    def explained(self) -> Artefact:
        """What was learned, with the weight that each word and pair has `alone`."""
        terms = {
            phrase: replace(term, alone=self._alone(phrase))
            for phrase, term in self._artefact.phrases.items()
        }
        return replace(self._artefact, phrases=terms)

    def _alone(self, phrase: str) -> float:
        """Of signs, single letters, numbers and stand-ins, 0: they explain nothing."""
        words = phrase.split(" ")
        telling = all(len(word) > 1 and word[0].isalpha() for word in words)
        return round(self._score(phrase, words), 4) if telling else 0.0


class _Block:
    """Terms by number, with what each adds where it stands once: this is what has to be quick."""

    def __init__(self, terms: Mapping[str, Term]) -> None:
        self._places = {term: place for place, term in enumerate(terms)}
        self._squares = [term.idf * term.idf for term in terms.values()]
        self._products = [term.idf * term.weight for term in terms.values()]

    def places(self, found: Iterable[str]) -> list[int]:
        """The numbers of those that are known."""
        known = self._places
        return [known[term] for term in found if term in known]

    def sum(self, places: list[int]) -> float:
        """What terms add: (1 + ln of how often) times idf each, all brought to length 1, times their weights."""
        squares, products = self._squares, self._products
        square = total = 0.0
        for place, many in Counter(places).items():
            if many == 1:
                square += squares[place]
                total += products[place]
            else:
                often = 1 + log(many)
                square += squares[place] * often * often
                total += products[place] * often
        return total / sqrt(square) if square else 0.0


def _likely(score: float) -> float:
    """The probability with these odds' logarithm, without an overflow at either end."""
    return 1 / (1 + exp(-score)) if score > 0 else exp(score) / (1 + exp(score))


def beside(text: str, words: Sequence[str]) -> tuple[float, float, float, float]:
    """What is looked at beside the words: what VADER reads of them, and the logarithm of how many they are."""
    return (*cold.signs(text), log(1 + len(words)))
