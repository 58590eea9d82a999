"""Who called: phone numbers as telephone companies hand them on."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"\+?[1-9]\d{6,14}", re.ASCII)
_KEYPAD = {
    letter: digit
    for digit, letters in enumerate(("ABC", "DEF", "GHI", "JKL", "MNO", "PQRS", "TUV", "WXYZ"), 2)
    for letter in letters
}
_HIDDEN = frozenset(
    "".join(str(_KEYPAD[letter]) for letter in word)
    for word in ("ANONYMOUS", "BLOCKED", "PRIVATE", "RESTRICTED", "UNAVAILABLE", "UNKNOWN")
)


def phone(given: str) -> str:
    """The caller's number; "" for one that is withheld, and for addresses that are no number.

    Twilio gives a withheld number as a word spelt on the keypad, +266696687 for ANONYMOUS; that other carriers do
    the same with the other words is unconfirmed, and harmless where they don't.

    >>> phone("+15005550006"), phone("+266696687"), phone("anonymous"), phone("sip:ada@example.com")
    ('+15005550006', '', '', '')
    >>> phone("+1 500 555 0006")
    '+15005550006'
    """
    number = re.sub(r"[\s().-]", "", given)
    if not _NUMBER.fullmatch(number) or number.removeprefix("+") in _HIDDEN:
        return ""
    return number
