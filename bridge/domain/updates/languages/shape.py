"""What has to be known of a language."""

from __future__ import annotations

from msgspec import Struct


class Asked(Struct, frozen=True, kw_only=True):
    """Sorts of questions, and what in a reply answers each whatever it is about."""

    begins: str  # words that make a sentence a question without a question mark
    when: str
    why: str
    because: str
    how_much: str
    free: str
    how: str
    steps: str
    where: str
    places: str
    whether: str
    yes_or_no: str


class Language(Struct, frozen=True, kw_only=True):
    """What sentences of replies do in a language.

    `commits`: we undertake something, or say what comes. `asks`: the customer is asked for something, or told what to
    do. `done`: something was put right; `not_yet`: no, it wasn't. `conditional`: it depends. `hollow`: it fits any
    case; the whole of such a phrase is matched. `receipt`: a message has arrived. `content`: a customer is; `but`:
    they aren't. `common`: words that stand in every text.
    """

    commits: tuple[str, ...]
    asks: tuple[str, ...]
    done: tuple[str, ...]
    not_yet: str
    conditional: str
    hollow: tuple[str, ...]
    receipt: tuple[str, ...]
    content: str
    but: str
    asked: Asked
    common: str
