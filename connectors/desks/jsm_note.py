"""An alert as an internal note on a request in Jira Service Management.

Jira reads a comment as wiki markup: `[~accountid:…]` calls a person, `!https://…!` loads a picture, `{code}` swallows
the rest. So what has a meaning there is written with characters that look like it and have none. A backslash would do
as well (atlassian-renderer, BackslashEscapeRendererComponent), but only where the text is markup indeed, which is
unconfirmed for the service desk's own API; this note reads the same in either case.
"""

from __future__ import annotations

import re

from bridge.domain.model import Message
from connectors.desks import note

_ALIKE = str.maketrans("{}[]|\\", "｛｝［］｜＼")
_EDGES = str.maketrans("*_~^+@", "＊＿～＾＋＠")
_LINK = re.compile(r"(https?://[^\s<>\"'`]*[^\s<>\"'`!?.,;:)\]}|\\])")
_IN_LINKS = {ord(char): f"%{ord(char):02X}" for char in "{}[]|\\^!"}

# What turns a line into something else: headings and quotations, lists, rules.
_HEADING = re.compile(r"^(\s*(?:h[1-6]|bq))\.(?=\s|$)", re.IGNORECASE)
_BULLETS = re.compile(r"^(\s*)([-#]+)(?=\s|$)")
# Emphasis begins and ends at the edge of a word, and so does a name that is called: a_b and a@b.example are left alone.
_EDGE = re.compile(r"(?<![^\W_])[*_~^+@]|[*_~^+](?![^\W_])")
_TWICE = re.compile(r"!(?=.*!)")


def note_text(message: Message, marker: str = "") -> str:
    """The alert as an internal note that means nothing but its words: short, with the marker in its last line."""
    return "\n".join(_tame(line) for line in note.note_text(message, marker).split("\n"))


def _tame(line: str) -> str:
    parts = _LINK.split(line)
    parts[::2] = [_EDGE.sub(_alike, part).translate(_ALIKE) for part in parts[::2]]
    parts[1::2] = [part.translate(_IN_LINKS) for part in parts[1::2]]
    line = _HEADING.sub(r"\1․", "".join(parts))  # U+2024, one dot
    line = _BULLETS.sub(lambda found: found[1] + found[2].translate({45: "‐", 35: "＃"}), line)
    return _TWICE.sub("！", line)  # an exclamation mark alone encloses nothing


def _alike(found: re.Match[str]) -> str:
    return found[0].translate(_EDGES)
