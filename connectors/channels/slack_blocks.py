"""An alert in Slack's Block Kit.

Whatever comes from outside is written as `rich_text` or `plain_text`, which know no markup; `mrkdwn`
is used only where a date or a mention needs it, and then escaped.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, TypeAlias

from bridge.domain.model import Contact, Line, Message, Severity
from connectors.plain import cut, plain, web, when

Block: TypeAlias = dict[str, Any]

_SIGNS = {
    Severity.INFO: ("ℹ️", "Info"),
    Severity.WARNING: ("⚠️", "Warning"),
    Severity.HIGH: ("🟠", "High"),
    Severity.CRITICAL: ("🔴", "Critical"),
}
_RESOLVED = ("✅", "Resolved")

_MEMBER = re.compile(r"[UW][A-Z0-9]{2,}")
_MENTIONS = re.compile(r"(?i)<(?=[!@#]|https?:|mailto:)|@(?=(?:channel|here|everyone)\b)")

# Block Kit refuses a message as a whole when one part is too long. Ours are shorter than its limits
# (header 150, texts 2000 and 3000, 50 blocks), for a message has to be read on a phone.
_HEADER = 150
_FALLBACK = 400
_REPLY = 2500
_WORDS = 1200
_ROOM = 8000  # for all reasons together; Slack's total for blocks is about 13,000 (unconfirmed)
_MOST_REASONS = 10
_MOST_FACTS = 8


def blocks(message: Message, *, mention: bool = False, marker: str = "") -> list[Block]:
    """An alert as Block Kit: what is wrong, where, since when, each reason, what to do, who knows.

    `mention` calls the manager by name if the alert is grave enough to interrupt somebody.
    """
    built = [_plain_block("header", _title(message))]
    if mention:
        built += _mention(message)
    built.append(_context(_about(message)))
    if customer := _customer(message.customer):
        built.append(_context([_plain(f"Customer: {customer}")]))
    built += _reasons(message)
    for label, text in (("Told", ", ".join(message.told)), ("Note", message.remark)):
        if text.strip():
            built.append(_context([_plain(f"{label}: {_said(text, 300)}")]))
    return _signed(built, message, marker)


def reply_blocks(message: Message, *, mention: bool = False, marker: str = "") -> list[Block]:
    """A reply in the alert's thread, in the words of `message.text`."""
    words = _said(_reply(message), _REPLY, lines=True) or "-"
    built = [_rich(_section(_run(words)))]
    if mention:
        built += _mention(message)
    return _signed(built, message, marker)


def block_id(marker: str) -> str:
    """The id of a message's first block, by which it can be found again."""
    return f"bridge:{plain(marker, 240)}"


def _signed(built: list[Block], message: Message, marker: str) -> list[Block]:
    built.append(_context([_plain(f"Ref {_said(message.ref, 60) or '-'}")]))
    if marker:
        built[0]["block_id"] = block_id(marker)
    return built


def _reply(message: Message) -> str:
    return message.text if message.text.strip() else message.headline


def fallback(message: Message) -> str:
    """What a notification shows, and those who read no blocks."""
    return _escape(_said(f"{_title(message)} ({message.subject})", _FALLBACK))


def reply_fallback(message: Message) -> str:
    """The same for a reply."""
    return _escape(_said(_reply(message), _FALLBACK))


def _title(message: Message) -> str:
    """State and headline; in words too, for who can't tell colours apart."""
    sign, word = _RESOLVED if message.resolved else _SIGNS[message.severity]
    headline = _said(message.headline, 2 * _HEADER)
    if message.resolved and headline.casefold().startswith(word.casefold()):
        return f"{sign} {headline}"
    return f"{sign} {word}: {headline}"


def _mention(message: Message) -> list[Block]:
    if message.resolved or message.severity < Severity.HIGH:
        return []
    if not _MEMBER.fullmatch(message.manager_slack):
        return []
    return [{"type": "section", "text": _mrkdwn(f"<@{message.manager_slack}> this needs you.")}]


def _about(message: Message) -> Iterator[Block]:
    subject = _said(message.subject, 100) or "Case"
    if url := web(message.url):
        label = re.sub(r"[|*_~`<>]", "", subject) or "Case"
        yield _mrkdwn(f"<{_escape(url)}|{_escape(label)}>")
    else:
        yield _plain(subject)
        if message.url.strip():
            yield _plain(_said(message.url, 300))
    if message.title.strip():
        yield _plain(f"“{_said(message.title, 200)}”")
    if message.team.strip():
        yield _plain(f"Team: {_said(message.team, 100)}")
    if message.manager.strip():
        yield _plain(f"Manager: {_said(message.manager, 100)}")
    epoch = int(message.since.timestamp())
    date = f"<!date^{epoch}^{{date_short_pretty}} {{time}}|{when(message.since)}>"
    yield _mrkdwn(f"since {date}")


def _customer(contact: Contact) -> str:
    parts = (contact.name, contact.email, contact.phone)
    return " · ".join(_said(part, 120) for part in parts if part.strip())


def _reasons(message: Message) -> Iterator[Block]:
    """The reasons that hold, in full while there is room; then those that are gone, struck through."""
    standing = [line for line in message.lines if not line.gone]
    gone = [line for line in message.lines if line.gone]
    told = standing[:_MOST_REASONS]
    heads = [_headline(line) for line in told]
    room = _ROOM - sum(map(_size, heads))
    for line, head in zip(told, heads, strict=True):
        alone = len(standing) == 1 and line.headline == message.headline
        elements = ([] if alone else [head]) + list(_details(line))
        room += _size(head) - _size(elements)
        if room < 0:
            room += _size(elements) - _size(head)
            elements = [head]
        if elements:
            yield _rich(*elements)
    for line in gone[:_MOST_REASONS]:
        yield _rich(_section(_run(_said(line.headline, 200) or "-", strike=True)))
    if untold := len(standing[_MOST_REASONS:]) + len(gone[_MOST_REASONS:]):
        yield _context([_plain(f"and {untold} more reason{'s' * (untold > 1)}")])


def _size(part: Block | list[Block]) -> int:
    return len(json.dumps(part, ensure_ascii=False))


def _details(line: Line) -> Iterator[Block]:
    facts = line.facts[:_MOST_FACTS]
    if facts:
        runs: list[Block] = []
        for label, value in facts:
            runs.append(_run(f"{_said(label, 60)}: ", bold=True))
            runs.append(_run(f"{_said(value, 240)}\n"))
        yield _section(*runs)
    if words := _said(line.words, _WORDS, lines=True):
        yield {"type": "rich_text_quote", "elements": [_run(words)]}
    advice = [("What would put it right", line.fix), ("Playbook", line.playbook)]
    runs = [run for label, text in advice if text.strip() for run in _pair(label, text)]
    if line.recording.strip():
        runs += _pair("Listen", line.recording)
    if runs:
        yield _section(*runs)


def _headline(line: Line) -> Block:
    sign, word = _SIGNS[line.severity]
    return _section(_run(f"{sign} {word}: {_said(line.headline, 300)}", bold=True))


def _pair(label: str, text: str) -> list[Block]:
    url = web(text)
    shown = {"type": "link", "url": url} if url else _run(_said(text, 400))
    return [_run(f"{label}: ", bold=True), shown, _run("\n")]


# --- parts of blocks -----------------------------------------------------------------------------


def _said(text: str, limit: int, *, lines: bool = False) -> str:
    """What somebody wrote, with nothing left in it that calls people, whoever parses it.

    A word joiner, which is invisible, breaks `<!channel>`, `<@U…>`, `<http…|…>` and a bare @channel.
    """
    tamed = _MENTIONS.sub(lambda found: found[0] + "\u2060", plain(text, lines=lines))
    return cut(tamed, limit)


def _escape(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _mrkdwn(text: str) -> Block:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": True}


def _plain_block(kind: str, text: str) -> Block:
    return {"type": kind, "text": _plain(cut(text, _HEADER))}


def _context(elements: Iterator[Block] | list[Block]) -> Block:
    return {"type": "context", "elements": list(elements)}


def _rich(*elements: Block) -> Block:
    return {"type": "rich_text", "elements": list(elements)}


def _section(*runs: Block) -> Block:
    return {"type": "rich_text_section", "elements": list(runs)}


def _run(text: str, **style: bool) -> Block:
    return {"type": "text", "text": text} | ({"style": style} if style else {})
