"""The app's home in Slack: the open alerts of who looks at it."""

from __future__ import annotations

from collections.abc import Sequence

from bridge.domain.model import Message
from connectors.channels.slack_parts import (
    Block,
    View,
    context,
    header,
    line,
    plain_text,
    rich,
    run,
)
from connectors.channels.slack_rows import row

MOST = 24
"""How many alerts are drawn: a view holds a hundred blocks, and each takes four."""


def home(messages: Sequence[Message], more: int = 0) -> View:
    """My open alerts, in the order in which they are handed in, the first `MOST` of them.

    `more` are those that weren't handed in. Slack shows it to one person, and keeps it until it is published again.
    """
    count = len(messages) + more
    if not count:
        built = [header("No open alerts"), _line(_EMPTY)]
        return {"type": "home", "blocks": [*built, context([plain_text(_HELP)])]}
    built = [header("One open alert" if count == 1 else f"{count} open alerts")]
    shown = messages[:MOST]
    for message in shown:
        built += [*row(message), {"type": "divider"}]
    if left := count - len(shown):
        built.append(_line(f"and {left} more: they move up as these are resolved."))
    return {"type": "home", "blocks": [*built, context([plain_text(_HELP)])]}


_EMPTY = "Nothing waits for you. Alerts that you own, or were added to, stand here until they are resolved."
_HELP = "/alerts shows the same in any channel; /alerts team those of your team; /alerts 4711 one ticket's."


def _line(text: str) -> Block:
    return rich(line(run(text)))
