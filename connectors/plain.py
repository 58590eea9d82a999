"""Words of others made harmless for any medium: control characters, directions, length, links."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_BREAKS = re.compile("\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]")
# Controls, marks that turn the direction of text, invisible formatting, and what is no character.
# The two joiners U+200C and U+200D stay: scripts and emoji are written with them.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\ufdd0-\ufdef\ufeff\ufff9-\ufffb\ufffe\uffff]"
)
_WEB = re.compile(r"https?://[^\s<>|\"'`\\]+")
_LONGEST_URL = 2000
_ENTITIES = {"&": 5, "<": 4, ">": 4}  # their length once escaped


def plain(text: str, limit: int = 0, *, lines: bool = False) -> str:
    """Without control characters, direction marks and half characters; cut to `limit` unless 0.

    On one line, or with line breaks of one kind and at most one empty line between two if `lines`.
    """
    text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    text = _UNSEEN.sub("", _BREAKS.sub("\n", text).replace("\t", " "))
    if lines:
        text = "\n".join(line.rstrip() for line in text.split("\n"))
        text = re.sub("\n{3,}", "\n\n", text).strip("\n ")
    else:
        text = " ".join(text.split())
    return cut(text, limit) if limit else text


def cut(text: str, limit: int) -> str:
    """At most `limit` long, with an ellipsis where something is missing.

    A character counts as the longest of what a vendor may count: UTF-16 units, or its HTML entity.
    """
    weights = [_ENTITIES.get(char, 2 if char > "\uffff" else 1) for char in text]
    if sum(weights) <= limit:
        return text
    used = 1  # the ellipsis
    for index, weight in enumerate(weights):
        used += weight
        if used > limit:
            return text[:index].rstrip() + "…"
    return text


def web(url: str) -> str:
    """The URL if it may be made a link, with `|`, `<` and `>` encoded; "" if it is something else."""
    url = plain(url)
    for char, code in (("|", "%7C"), ("<", "%3C"), (">", "%3E")):
        url = url.replace(char, code)
    return url if len(url) <= _LONGEST_URL and _WEB.fullmatch(url) else ""


def when(moment: datetime) -> str:
    """A moment in words: "14 Nov 2023, 22:13 UTC"."""
    moment = moment.astimezone(UTC)
    return f"{moment.day} {moment:%b %Y, %H:%M} UTC"
