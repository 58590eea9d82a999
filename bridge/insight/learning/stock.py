"""Sentences that stand in many tickets' replies, known again by fingerprint."""

from __future__ import annotations

from collections.abc import Iterable

from bridge.domain.text.tokens import fingerprint, many_words
from bridge.domain.updates.reading import sentences

_FEWEST_WORDS = 3
"""A shorter sentence ("Yes.", "Thank you!") is no boilerplate."""


def stock(replies: Iterable[tuple[str, str]], tickets: int) -> frozenset[str]:
    """The fingerprints of sentences that stand in replies on so many tickets; `replies` are tickets and texts."""
    seen: dict[str, set[str]] = {}
    found: set[str] = set()
    for subject, said in replies:
        for sentence in sentences(said):
            if many_words(sentence) < _FEWEST_WORDS:
                continue
            mark = fingerprint(sentence)
            if mark in found:
                continue
            on = seen.setdefault(mark, set())
            on.add(subject)
            if len(on) >= tickets:
                found.add(mark)
                del seen[mark]
    return frozenset(found)
