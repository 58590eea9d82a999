"""Finding phrases in texts: whole words with their inflections, and not where they are denied. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property, lru_cache

from bridge.domain.text.languages import LANGUAGES, Language
from bridge.domain.text.tokens import tokens

_FARTHEST = 6
"""So many words at most stand between a denial and what it denies."""


class Phrases:
    """Phrases by language ("" for words of no language we know), to be looked for in texts of any language.

    >>> Phrases({"en": ("cancel*", "money back")}).found("Cancelled twice, now I want my money back")
    ('cancelled', 'money back')
    >>> Phrases({"en": ("cancel*",)}).found("I don't want to cancel")
    ()
    >>> Phrases({"de": ("kündig*",)}).found("Ich möchte nicht kündigen")
    ()
    """

    def __init__(self, by_language: Mapping[str, Sequence[str]]) -> None:
        self._by_language = by_language
        self.found = lru_cache(maxsize=4096)(self._found)

    @cached_property
    def _starts(self) -> dict[str, list[_Phrase]]:
        """The phrases by the forms of their first word, or by its beginning."""
        found: dict[str, list[_Phrase]] = {}
        for name, phrases in self._by_language.items():
            for phrase in phrases:
                read = _Phrase(phrase, LANGUAGES.get(name))
                for start in sorted(read.words[0]):
                    found.setdefault(start, []).append(read)
        return found

    @cached_property
    def _beginnings(self) -> list[int]:
        """The lengths of beginnings that any ending may follow."""
        return sorted(
            {len(start) - 1 for start in self._starts if start.endswith("*")}, reverse=True
        )

    def _found(self, text: str) -> tuple[str, ...]:
        """What the text has of the phrases and doesn't deny, in the form it has there, each once, in its order."""
        words = tokens(text)
        found: dict[str, None] = {}
        place = 0
        while place < len(words):
            hits = self._at(words, place)
            many = len(hits[0].words) if hits else 1
            if hits and not any(_denied(words, place, many, hit.language) for hit in hits):
                found[" ".join(words[place : place + many])] = None
            place += many
        return tuple(found)

    def _at(self, words: list[str], place: int) -> list[_Phrase]:
        """The longest phrases that begin here: several languages can have the same."""
        word = words[place]
        keys = [word, *(word[:size] + "*" for size in self._beginnings if len(word) >= size)]
        fitting = [
            one for key in keys for one in self._starts.get(key, ()) if one.fits(words, place)
        ]
        longest = max((len(one.words) for one in fitting), default=0)
        return [one for one in fitting if len(one.words) == longest]


class _Phrase:
    """A phrase as it is looked for: the forms of each of its words, a beginning of any form with "*" after it."""

    def __init__(self, phrase: str, language: Language | None) -> None:
        parts = [part for word in phrase.split() for part in _parts(word)]
        endings = language.endings if language else ()
        self.language = language
        last = len(parts) - 1
        self.words = [_forms(part, endings if at == last else ()) for at, part in enumerate(parts)]

    def fits(self, words: list[str], place: int) -> bool:
        here = words[place : place + len(self.words)]
        return len(here) == len(self.words) and all(map(_is, here, self.words))


def _parts(word: str) -> list[str]:
    """A word as texts are taken apart, its "*" kept."""
    found = tokens(word.removesuffix("*"))
    return [*found[:-1], found[-1] + "*"] if word.endswith("*") else found


def _forms(word: str, endings: Iterable[str]) -> frozenset[str]:
    return frozenset(
        {word} if word.endswith("*") else {word, *(word + ending for ending in endings)}
    )


def _is(word: str, forms: frozenset[str]) -> bool:
    return word in forms or any(form.endswith("*") and word.startswith(form[:-1]) for form in forms)


def _denied(words: list[str], place: int, many: int, language: Language | None) -> bool:
    """Whether a denial stands before, with nothing of weight between, or where the language puts it after."""
    if language is None:
        return any(_denied(words, place, many, one) for one in LANGUAGES.values())
    for word in reversed(words[max(place - _FARTHEST, 0) : place]):
        if word in language.denials:
            return True
        if word not in language.between:
            break
    after = words[place + many : place + many + 2] if language.after else []
    if after and not after[0][0].isalnum():
        return False
    return any(word in language.denials for word in after)
