"""Several alerts in one message of Slack: what /alerts answers, a storm, the daily digest.

Each function gives blocks that begin with a header; `notice` is what a notification says of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import accumulate, chain
from math import ceil

from msgspec import Struct

from bridge.domain.model import Message
from connectors.channels.slack_parts import (
    LONGEST_REF,
    ROOM,
    SIGNS,
    Block,
    address,
    context,
    date,
    header,
    line,
    mrkdwn,
    plain_text,
    rich,
    run,
    said,
    section,
    size,
)
from connectors.channels.slack_rows import LONGEST_URL, row, ticket_run

MOST_LISTED = 10
"""How many alerts `listed` draws."""

STORM_PAGE = 25
"""How many alerts stand on a page of a storm: with 13,000 characters for all blocks (unconfirmed) no more fit."""

_MOST_ACTIVE = 15
_MOST_OTHERS = 8

_HELP = (
    ("/alerts", "my open alerts"),
    ("/alerts team", "those of my team; /alerts team Support those of another"),
    ("/alerts 4711", "those of a ticket, by its number or key: HELP-12, zendesk:4711"),
)


class DigestLine(Struct, frozen=True, kw_only=True):
    """One alert of a digest, in words; each part but `text` may be empty. Nothing in it is escaped."""

    text: str  # the headline
    why: str = ""  # why it is to be done first
    age: str = ""  # "3 hours"
    goal: str = ""  # "contact the customer by 15:20"
    url: str = ""  # the ticket
    ref: str = ""


def notice(blocks: Sequence[Block]) -> str:
    """What the header of these blocks says, for notifications and for those who read no blocks."""
    return str(blocks[0]["text"]["text"])


# --- what /alerts answers


def listed(heading: str, messages: Sequence[Message], more: int = 0) -> list[Block]:
    """Up to `MOST_LISTED` alerts with buttons, while there is room. `more` are those that weren't handed in."""
    built = [header(said(heading, 150) or "Alerts")]
    drawn = _fitting([row(message) for message in messages[:MOST_LISTED]], ROOM)
    built += chain.from_iterable(drawn)
    if left := len(messages) - len(drawn) + more:
        built.append(_words(f"and {left} more: open the Home tab of the app."))
    elif not messages:
        built.append(_words("None is open."))
    return built


def help_blocks() -> list[Block]:
    """What /alerts understands."""
    lines = [line(run(asked, bold=True), run(f": {means}")) for asked, means in _HELP]
    bullets: Block = {"type": "rich_text_list", "style": "bullet", "elements": lines}
    return [header("/alerts"), rich(bullets)]


# --- a storm


def storm_pages(count: int) -> int:
    """On how many pages so many alerts stand."""
    return ceil(count / STORM_PAGE)


def storm_summary(
    channel: str, count: int, since: datetime, gravest: Message, pages: int
) -> list[Block]:
    """One message in place of many: how many alerts there are in `channel` ("#support"), and the gravest of them."""
    where = f" for {said(channel, 80)}" if channel.strip() else ""
    in_pages = "on one page" if pages == 1 else f"on {pages} pages"
    return [
        header(f"{SIGNS[gravest.severity][0]} {count} alerts at once{where}"),
        section(
            mrkdwn(
                f"Since {date(since)}. One message for all: they stand in the thread, {in_pages}."
            )
        ),
        rich(line(run("The gravest: ", bold=True), *_entry(gravest))),
    ]


def storm_page(messages: Sequence[Message], number: int, of: int) -> list[Block]:
    """Page `number` of `of`, each alert on one line; the first `STORM_PAGE` of what is handed in."""
    shown = messages[:STORM_PAGE]
    built = [header(f"Page {number} of {of}")]
    if shown:
        lines = [line(*_entry(message)) for message in shown]
        built.append(rich({"type": "rich_text_list", "style": "bullet", "elements": lines}))
    if left := len(messages) - len(shown):
        built.append(_words(f"and {left} more: ask for them with /alerts."))
    return built


def _entry(message: Message) -> list[Block]:
    sign, word = SIGNS[message.severity]
    if message.resolved:
        sign, word = "✅", "Resolved"
    headline = said(message.headline, 100) or "-"
    ref = said(message.ref, LONGEST_REF)
    return [run(f"{sign} {word}: {headline} · "), ticket_run(message), run(f" · {ref or '-'}")]


# --- the digest


def digest_blocks(
    heading: str,
    active: Sequence[DigestLine],
    closed: Sequence[DigestLine] = (),
    coach: Sequence[DigestLine] = (),
) -> list[Block]:
    """What is to be done first, what was closed, who is to be coached on what; says so where nothing is to be done."""
    built = [header(said(heading, 150) or "Alerts today")]
    if not active:
        built.append(_words("Nothing to do: no alert is open."))
    built += _part("", active, _MOST_ACTIVE, ROOM // 2)
    built += _part("Closed yesterday", closed, _MOST_OTHERS, ROOM // 5)
    built += _part("To coach", coach, _MOST_OTHERS, ROOM // 5)
    return built


def _part(heading: str, lines: Sequence[DigestLine], most: int, room: int) -> list[Block]:
    if not lines:
        return []
    built = [rich(line(run(heading, bold=True)))] if heading else []
    style = "bullet" if heading else "ordered"
    entries = _fitting([[line(*_digest_entry(one))] for one in lines[:most]], room)
    elements = list(chain.from_iterable(entries))
    built.append(rich({"type": "rich_text_list", "style": style, "elements": elements}))
    if left := len(lines) - len(elements):
        built.append(context([plain_text(f"and {left} more")]))
    return built


def _digest_entry(one: DigestLine) -> list[Block]:
    text = said(one.text, 120) or "-"
    url = address(one.url, LONGEST_URL)
    first: Block = {"type": "link", "url": url, "text": text} if url else run(text, bold=True)
    rest = [said(one.why, 100), said(one.age, 40), said(one.goal, 80), said(one.ref, LONGEST_REF)]
    told = "".join(f" · {words}" for words in rest if words)
    return [first, run(told)] if told else [first]


def _words(text: str) -> Block:
    return rich(line(run(text)))


def _fitting(parts: Sequence[list[Block]], room: int) -> list[list[Block]]:
    """The first of them, as many as there is room for."""
    sizes = accumulate(size(part) for part in parts)
    return [part for part, used in zip(parts, sizes, strict=True) if used <= room]
