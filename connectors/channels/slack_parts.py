"""The parts that everything drawn for Slack is made of, safe whatever is put into them.

Words of others are `rich_text` or `plain_text`, which know no markup. Where a date, a link or a mention needs `mrkdwn`,
they lose the characters that mean something there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any, TypeAlias

from bridge.domain.model import Message, Severity
from connectors.plain import cut, plain, web, when

Block: TypeAlias = dict[str, Any]
View: TypeAlias = dict[str, Any]

SIGNS = {
    Severity.INFO: ("ℹ️", "Info"),
    Severity.WARNING: ("⚠️", "Warning"),
    Severity.HIGH: ("🟠", "High"),
    Severity.CRITICAL: ("🔴", "Critical"),
}
_RESOLVED = ("✅", "Resolved")

ROOM = 12_500
"""Characters of all blocks of a message; Slack refuses more than about 13,000 (unconfirmed)."""

LONGEST_HEADER = 150
LONGEST_REF = 60
_FALLBACK = 400

_MEMBER = re.compile(r"[UW][A-Z0-9]{2,}")
_MENTIONS = re.compile(r"(?i)<(?=[!@#]|https?:|mailto:)|@(?=(?:channel|here|everyone)\b)")
_MARKUP = re.compile(r"[|*_~`<>]")


# --- words


def said(text: str, limit: int, *, lines: bool = False) -> str:
    """What somebody wrote, with nothing left in it that calls people, whoever parses it.

    A word joiner, which is invisible, breaks `<!channel>`, `<@U…>`, `<http…|…>` and a bare @channel.
    """
    tamed = _MENTIONS.sub(lambda found: found[0] + "\u2060", plain(text, lines=lines))
    return cut(tamed, limit)


def unmarked(text: str, limit: int) -> str:
    """The same for `mrkdwn`: on one line, escaped, without markup."""
    return escape(_MARKUP.sub("", said(text, limit)))


def escape(text: str) -> str:
    """As Slack wants it wherever it may parse: docs.slack.dev/messaging/formatting-message-text."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def fallback(text: str) -> str:
    """What a notification shows, and those who read no blocks."""
    return escape(said(text, _FALLBACK)) or "-"


def title(message: Message) -> str:
    """State and headline; in words too, for who can't tell colours apart."""
    sign, word = _RESOLVED if message.resolved else SIGNS[message.severity]
    headline = said(message.headline, 2 * LONGEST_HEADER)
    if message.resolved and headline.casefold().startswith(word.casefold()):
        return f"{sign} {headline}"
    return f"{sign} {word}: {headline}"


def member(text: str) -> str:
    """A member's id ("U0123ABCD"), or "" for anything else."""
    return text if _MEMBER.fullmatch(text) else ""


# --- text objects


def mrkdwn(text: str) -> Block:
    """Text with markup: hand in only what is made here, and `unmarked` words."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def plain_text(text: str) -> Block:
    """Text without markup; emoji by name are drawn."""
    return {"type": "plain_text", "text": text, "emoji": True}


def date(moment: datetime) -> str:
    """A moment for `mrkdwn`, in the zone of each who reads it."""
    epoch = int(moment.timestamp())
    return f"<!date^{epoch}^{{date_short_pretty}} {{time}}|{when(moment)}>"


def address(url: str, limit: int = 1000) -> str:
    """The URL if it may be made a link and isn't so long that it crowds out the rest, else ""."""
    safe = web(url)
    return safe if len(escape(safe)) <= limit else ""


def link(url: str, label: str) -> Block:
    """A link as a text object; the label alone where the address is no web address."""
    words = said(label, 100) or "Case"
    if safe := address(url):
        return mrkdwn(f"<{escape(safe)}|{unmarked(words, 100) or 'Case'}>")
    return plain_text(words)


# --- blocks


def header(text: str) -> Block:
    """Big and bold, cut to what a header holds."""
    return {"type": "header", "text": plain_text(cut(text, LONGEST_HEADER))}


def section(text: Block) -> Block:
    """One text object."""
    return {"type": "section", "text": text}


def context(elements: Iterable[Block]) -> Block:
    """Small and grey; up to ten text objects."""
    return {"type": "context", "elements": list(elements)}


def actions(elements: Iterable[Block]) -> Block:
    """Buttons and menus; up to 25, each with an `action_id` of its own."""
    return {"type": "actions", "elements": list(elements)}


def rich(*elements: Block) -> Block:
    """Text without markup, made of runs; see `line` and `quote`."""
    return {"type": "rich_text", "elements": list(elements)}


def line(*runs: Block) -> Block:
    """A part of rich text."""
    return {"type": "rich_text_section", "elements": list(runs)}


def quote(text: str) -> Block:
    """A part of rich text: the words of somebody."""
    return {"type": "rich_text_quote", "elements": [run(text)]}


def run(text: str, **style: bool) -> Block:
    """Words within rich text: `bold=True`, `strike=True`."""
    return {"type": "text", "text": text} | ({"style": style} if style else {})


def size(part: Block | list[Block]) -> int:
    """How long it is on the wire, in characters."""
    return len(json.dumps(part, ensure_ascii=False))


def ref_line(ref: str) -> Block:
    """The alert's reference, by which a message is found again."""
    return context([plain_text(f"Ref {said(ref, LONGEST_REF) or '-'}")])
