"""An alert as a row of a list: its headline, where it stands, and buttons."""

from __future__ import annotations

from collections.abc import Iterator

from bridge.domain.model import Message
from connectors.channels.slack_blocks import standing
from connectors.channels.slack_offers import row_buttons
from connectors.channels.slack_parts import (
    LONGEST_REF,
    Block,
    address,
    context,
    date,
    line,
    link,
    mrkdwn,
    plain_text,
    rich,
    run,
    said,
    title,
    unmarked,
)
from connectors.plain import cut

LONGEST_URL = 200
"""Of a link in a list: a longer one would crowd out the other alerts."""


def row(message: Message) -> list[Block]:
    """Three blocks at most."""
    headline = rich(line(run(cut(title(message), 150), bold=True)))
    return [headline, context(_facts(message)), *row_buttons(message)]


def ticket(message: Message) -> Block:
    """A link to the ticket, or its name where the address is too long for a list."""
    return link(address(message.url, LONGEST_URL), said(message.subject, 60))


def ticket_run(message: Message) -> Block:
    """The same within rich text."""
    words = said(message.subject, 60) or "Case"
    url = address(message.url, LONGEST_URL)
    return {"type": "link", "url": url, "text": words} if url else run(words)


def _facts(message: Message) -> Iterator[Block]:
    yield ticket(message)
    yield mrkdwn(f"since {date(message.since)}")
    goal = next((one for one in message.goals if not one.met), None)
    if goal and not message.resolved:
        due = f"{unmarked(goal.what, 60) or 'Goal'} by {date(goal.due_at)}"
        yield mrkdwn(f"! {due}: missed" if goal.missed else due)
    name = said(message.customer.name or message.customer.email, 60)
    words = (name, standing(message), said(message.ref, LONGEST_REF))
    yield plain_text(" · ".join(filter(None, words)))
