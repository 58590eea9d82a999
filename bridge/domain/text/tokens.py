"""Texts taken apart for counting, in any language: words, signs by themselves, no names and no numbers. Pure.

What is learned and what is judged by it are both made of these, so that they can't drift apart.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from hashlib import blake2b
from itertools import pairwise

GRAMS = (3, 5)
"""The lengths of the pieces of words that are counted beside whole words: they join forms and slips of the pen."""

_LINK = re.compile(r"https?://\S+|www\.\S+")
_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
_MENTION = re.compile(r"(?<!\w)@\w+")
_NUMBER = re.compile(r"\d+(?:[.,:/-]\d+)*")
_DRAWN_OUT = re.compile(r"(.)\1{2,}")
_TOKEN = re.compile(r"\w+(?:'\w+)*|[^\w\s]")


def unnamed(text: str) -> str:
    """The text without user names; links and addresses stand for themselves."""
    text = _unlinked(text)
    return _MENTION.sub(" ", text) if "@" in text else text


def _unlinked(text: str) -> str:
    """The text with links and addresses alike. Looking for what each has is many times as quick as its pattern."""
    if "http" in text or "www." in text:
        text = _LINK.sub(" _link ", text)
    return _MAIL.sub(" _mail ", text) if "@" in text else text


def normal(text: str) -> str:
    """Lower case, one form of each letter, no user names, every number alike, "sooooo" as "soo"."""
    text = unicodedata.normalize("NFKC", text).casefold().replace("’", "'")
    return _DRAWN_OUT.sub(r"\1\1", _NUMBER.sub("0", unnamed(text)))


def tokens(text: str) -> list[str]:
    """The words of a text, and each sign between them, in order.

    >>> tokens("My 3rd e-mail to @acme: STILL nothing!!")
    ['my', '0rd', 'e', '-', 'mail', 'to', ':', 'still', 'nothing', '!', '!']
    """
    return _TOKEN.findall(normal(text))


def mentions(text: str) -> list[str]:
    """The user names in a text. One that many write to is a company's; what is learned leaves out all others.

    >>> mentions("@Acme and @acme_help: nothing from help@acme.example")
    ['@acme', '@acme_help']
    """
    if "@" not in text:
        return []
    return [name.casefold() for name in _MENTION.findall(_unlinked(text))]


def is_mention(term: str) -> bool:
    """Whether a term is one of `mentions`: in words and pairs, "@" stands by itself."""
    return len(term) > 1 and term[0] == "@" and term[1] != " "


def phrases(words: list[str]) -> list[str]:
    """The words, and each pair of neighbours: "still", "nothing", "still nothing"."""
    return [*words, *(f"{one} {two}" for one, two in pairwise(words))]


@lru_cache(maxsize=50_000)
def pieces(word: str) -> tuple[str, ...]:
    """The pieces of a word with its edges: "_ca", "cat", "at_" and so on.

    As scikit-learn's `char_wb`: a word shorter than a piece is counted once, as a whole.
    """
    framed, found = f"_{word}_", []
    for size in range(GRAMS[0], GRAMS[1] + 1):
        if len(framed) <= size:
            found.append(framed)
            break
        found.extend(framed[at : at + size] for at in range(len(framed) - size + 1))
    return tuple(found)


def same(text: str) -> str:
    """What two texts have in common that say the same: their words without signs, names and numbers.

    >>> same("Thanks, order 4711 came!") == same("thanks order 12 came")
    True
    """
    return " ".join(word for word in tokens(text) if word[0].isalnum())


def fingerprint(sentence: str) -> str:
    """A sentence as it is known again: 16 hexadecimal digits of what it says, "" of nothing. It can't be read back."""
    said = same(sentence)
    return blake2b(said.encode(), digest_size=8).hexdigest() if said else ""


def many_words(text: str) -> int:
    """How many words a text has; a sign is none."""
    return sum(word[0].isalnum() for word in tokens(text))
