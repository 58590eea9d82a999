"""What a customer asks, and whether a reply takes it up. Pure."""

from __future__ import annotations

import re
from functools import lru_cache

from bridge.domain.updates.languages import ALL
from bridge.domain.updates.reading import CACHED, sentences, stems


def _words(part: str, *more: str, begin: str = r"(?<!\w)") -> re.Pattern[str]:
    """The words of all languages for a part of `Asked`."""
    ways = "|".join((*(getattr(one.asked, part) for one in ALL), *more))
    return re.compile(rf"{begin}(?:{ways})(?!\w)", re.IGNORECASE)


_BEGINS = _words("begins", begin=r"^[¿\W]*")
_WHEN = _words("when")
_SORTS = (
    (_words("why"), _words("because")),
    (_words("how_much"), _words("free", r"\d[\d.,]*")),
    (_words("how"), _words("steps")),
    (_words("where"), _words("places")),
    (_words("whether", begin=r"^\W*"), _words("yes_or_no", begin=r"^\W*")),
)
"""How a sort of question is known, and what in a reply answers it whatever words it uses."""


@lru_cache(CACHED)
def questions(text: str) -> tuple[str, ...]:
    """The sentences of a message that ask something."""
    found = [one for one in sentences(text) if one.endswith("?") or _BEGINS.match(one)]
    return tuple(one for one in found if stems(one) or _WHEN.search(one))


@lru_cache(CACHED)
def taken_up(question: str, reply: tuple[str, ...], *, timed: bool) -> bool:
    """Whether any of these sentences is about what is asked. `timed`: they name a time, which answers "when"."""
    if timed and _WHEN.search(question):
        return True
    for asked, answered in _SORTS:
        if asked.search(question) and any(answered.search(one) for one in reply):
            return True
    said = frozenset[str]().union(*(stems(one) for one in reply))
    return not said.isdisjoint(stems(question))
