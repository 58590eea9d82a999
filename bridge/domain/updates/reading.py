"""What is left of a message once greeting, signature and quotes are gone: its sentences and its words. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

from bridge.domain.updates.languages import ALL

CACHED = 2048
"""So many texts are kept read, in each way of reading: a ticket is judged at every one of its events."""

_QUOTED = re.compile(
    r"^\s*(?:>|-{3,}\s*(?:original|ursprüngliche|message d'origine|mensaje original)"
    r"|on .{5,90} wrote:|am .{5,90} schrieb.{0,60}:|le .{5,90} a écrit\s*:|el .{5,90} escribió:"
    r"|from: .+@|von: .+@|de\s?: .+@|##-)",
    re.IGNORECASE,
)
"""The first line of what somebody else wrote. A single line that begins with ">" is dropped alone."""

_CLOSING = (
    r"(?:(?:with |my )?(?:kind|best|warm|warmest|many) (?:regards|wishes)|regards|best|cheers|sincerely(?: yours)?"
    r"|yours (?:sincerely|faithfully)|many thanks|thanks|thank you|(?:mit )?(?:freundlichen?|besten?|herzlichen?"
    r"|vielen?|liebe[nr]?|schönen?) gr(?:ü|ue)(?:ß|ss)en?|mfg|vg|lg|(?:bien )?cordialement|bien à vous"
    r"|sincères salutations|(?:un )?saludos?(?: cordial(?:es)?)?|atentamente)"
)
_SIGNED = re.compile(
    rf"^\s*{_CLOSING}\s*[,.!]?\s*(?:your .{{0,40}}|ihr .{{0,40}})?$", re.IGNORECASE
)
_SIGNED_INLINE = re.compile(rf"(?<=[.!?])\s+{_CLOSING}\s*,\s*[^.!?]{{1,60}}$", re.IGNORECASE)
_GREETED = re.compile(
    r"^\s*(?:hi|hello|hey|dear|good (?:morning|afternoon|evening)|hallo|guten (?:tag|morgen|abend)"
    r"|sehr geehrte[rs]?|liebe[rs]?|servus|moin|bonjour|bonsoir|cher|chère|hola|buenos días|buenas tardes"
    r"|estimad[oa]s?)\b(?:\s+[^\s,!:\n]+){0,5}?\s*[,!:\n]\s*",
    re.IGNORECASE,
)
_BREAK = re.compile(
    r"(?<=[!?…])\s+|(?<=\.)\s+(?=[A-ZÄÖÜÀÉÈÊÓÚÍÁÑ¿¡0-9\"'(])"
    r"(?!Jan|Feb|Mär|April|Mai\b|Jun|Jul|Aug|Sep|Okt|Nov|Dez)|\n+|\s+[•·]\s+"
)
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
_DIGITS = re.compile(r"\d+")

_COMMON = frozenset(word for one in ALL for word in one.common.split())
"""Words that stand in every text, whatever it is about."""


@lru_cache(CACHED)
def body(text: str) -> str:
    """The message without quotes, greeting and signature; "" where nothing else was written."""
    kept: list[str] = []
    for line in text.splitlines():
        if line.lstrip().startswith(">"):
            continue
        if line.rstrip() == "--" or _QUOTED.match(line):
            break
        if kept and _SIGNED.match(line):
            break
        if line.strip():
            kept.append(line.strip())
    bare = _GREETED.sub("", "\n".join(kept), count=1)
    return _SIGNED_INLINE.sub("", bare).strip()


@lru_cache(CACHED)
def sentences(text: str) -> tuple[str, ...]:
    """The sentences and lines of the body."""
    return tuple(one.strip() for one in _BREAK.split(body(text)) if _WORD.search(one))


def many_words(text: str) -> int:
    """How many words a text has."""
    return len(_WORD.findall(text))


@lru_cache(CACHED)
def known(text: str) -> bool:
    """Whether it seems to be in a language that is read here: at least a tenth of its words are common there."""
    words = [word.casefold() for word in _WORD.findall(body(text))]
    return 10 * sum(word in _COMMON for word in words) >= len(words) > 0


@lru_cache(CACHED)
def stems(text: str) -> frozenset[str]:
    """What a text is about: the first five letters of its words, common ones and those below three letters apart.

    Five letters are enough to tell words apart and few enough to join their forms ("refund", "refunded"), in languages
    that inflect at the end.
    """
    words = (word.casefold() for word in _WORD.findall(text))
    return frozenset(word[:5] for word in words if len(word) > 2 and word not in _COMMON)


@lru_cache(CACHED)
def normalised(text: str) -> str:
    """The body for comparing: lower case, no punctuation, every number alike, so that a new date is no new message."""
    return " ".join(_WORD.findall(_DIGITS.sub("0", body(text).casefold())))
