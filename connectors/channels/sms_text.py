"""An alert as a text message: two segments at most, in the characters that every phone and network knows.

One character beyond GSM-7 (3GPP TS 23.038, 6.2.1) more than halves what fits into a segment, and each segment is paid
for: so what has no place there is written differently, or left out. Those that take two places are not used at all.
"""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata

from bridge.domain.model import Message
from connectors.plain import plain, web

LONGEST = 320

_GSM = frozenset(
    "@£$¥èéùìòÇØøÅåÆæßÉ !\"#%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà_"
)
_OTHERWISE = str.maketrans(
    {
        "“": '"', "”": '"', "„": '"', "«": '"', "»": '"',
        "‘": "'", "’": "'", "‚": "'", "`": "'", "´": "'",
        "–": "-", "—": "-", "−": "-", "•": "-", "·": "-", "~": "-",
        "…": "...", "€": "EUR", "Œ": "OE", "œ": "oe", "Ł": "L", "ł": "l", "Đ": "D", "đ": "d",
        "[": "(", "]": ")", "{": "(", "}": ")", "|": "/", "\\": "/", "^": "", "ı": "i", "ẞ": "SS",
    }
)  # fmt: skip
_LINK = re.compile(r"(?i)\b(?:\w+://|www\.)\S*|\b(?:[\w-]+\.)+[a-z]{2,}/\S*")
_SHORT = 6
_LINK_LONGEST = 100
_HEADLINE, _WHY, _SUBJECT, _WHO, _REF = 160, 60, 40, 40, 20


def text_of(message: Message, marker: str) -> str:
    """The alert in `LONGEST` characters: how grave, what, where, who, the link, and what it can be found by again.

    `message.text` says why this person is told: "Nobody has taken this in hand."
    Nothing of it is the customer's own words but what the headline has, and nothing that anybody wrote is a link.
    """
    last = f" Ref {said(message.ref, _REF) or '-'}/{short(marker)}"
    link = web(message.url).replace("~", "%7E")
    link = f" {link}" if link and set(link) <= _GSM and len(link) <= _LINK_LONGEST else ""
    word = "Resolved" if message.resolved else message.severity.name.capitalize()
    why = said(message.text, _WHY)
    about = (said(message.subject, _SUBJECT), said(message.customer.name, _WHO))
    where = ", ".join(filter(None, about))
    tail = (f". {why}" if why else "") + (f" ({where})" if where else "") + link + last
    headline = said(message.headline, min(_HEADLINE, LONGEST - len(tail) - len(word) - 2))
    if message.resolved and headline.casefold().startswith(word.casefold()):
        return headline + tail
    return (f"{word}: {headline}" if headline else word) + tail


def mark(message: Message, marker: str) -> str:
    """What only the text message of this marker has in it."""
    return f"{said(message.ref, _REF) or '-'}/{short(marker)}"


def short(marker: str) -> str:
    """A short form of a marker, for a person to read past: six letters and digits."""
    digest = hashlib.sha256(marker.encode("utf-8", "surrogatepass")).digest()
    return base64.b32encode(digest).decode("ascii")[:_SHORT]


def said(text: str, limit: int) -> str:
    """What somebody wrote, on one line, in GSM-7, without links; "" where nothing readable is left of it."""
    tamed = _LINK.sub("(link)", plain(text))
    written = "".join(_gsm(char) for char in tamed.translate(_OTHERWISE))
    written = " ".join(written.split())
    if not any(char.isalnum() for char in written):
        return ""
    return written if len(written) <= limit else written[: limit - 2].rstrip() + ".."


def _gsm(char: str) -> str:
    """The character, or its letter without accents; "" if GSM-7 has neither."""
    if char in _GSM:
        return char
    bare = unicodedata.normalize("NFKD", char)
    return "".join(one for one in bare if one in _GSM)
