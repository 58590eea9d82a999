"""What a sentence of a reply does: promises, asks, reports a result, or says what fits any case. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bridge.domain.updates.languages import ALL
from bridge.domain.updates.reading import stems

LEFT_OVER = 3
"""A sentence with a phrase that fits any case, and no more content words than these beside it, says nothing."""


def _any(ways: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(ways)})(?!\w)", re.IGNORECASE)


_COMMITS = _any(way for one in ALL for way in one.commits)
_ASKS = _any(way for one in ALL for way in one.asks)
_DONE = _any(way for one in ALL for way in one.done)
_NOT_YET = _any(one.not_yet for one in ALL)
_CONDITIONAL = _any(one.conditional for one in ALL)
_HOLLOW = _any(way for one in ALL for way in one.hollow)
_RECEIPT = _any(way for one in ALL for way in one.receipt)
_CONTENT = _any(one.content for one in ALL)
_BUT = _any(one.but for one in ALL)


def commits(sentence: str) -> bool:
    """Whether we undertake something, or say what comes."""
    return bool(_COMMITS.search(sentence))


def conditional(sentence: str) -> bool:
    """Whether what it says depends on something, so that no date in it is a promise."""
    return bool(_CONDITIONAL.search(sentence))


def asks(sentence: str) -> bool:
    """Whether it asks the customer for something, or says what they can do."""
    return "?" in sentence or bool(_ASKS.search(sentence))


def settles(sentence: str) -> bool:
    """Whether it reports that something was done."""
    return bool(_DONE.search(sentence)) and not _NOT_YET.search(sentence)


def hollow(sentence: str) -> bool:
    """Whether it would fit any other case as well: thanks, regret, "we are working on it"."""
    bare, many = _HOLLOW.subn(" ", sentence)
    return bool(many) and len(stems(bare)) <= LEFT_OVER


def receipt(text: str) -> bool:
    """Whether it acknowledges that a message arrived."""
    return bool(_RECEIPT.search(text))


def contented(text: str) -> bool:
    """Whether a customer only says thanks, or that all is well."""
    return bool(_CONTENT.search(text)) and not _BUT.search(text) and "?" not in text
