"""A digest as a message in a team's Slack channel."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from bridge.domain.digest import Digest
from bridge.work.digest_words import Advised, Shown, page_of
from connectors.channels.slack_lists import DigestLine, digest_blocks
from connectors.channels.slack_parts import context, plain_text


def message_of(digest: Digest) -> tuple[list[dict[str, Any]], str]:
    """Its blocks, and what notifications say of it."""
    page = page_of(digest)
    built = digest_blocks(
        page.title,
        [_open(one) for one in page.active],
        [_over(one) for one in page.closed],
        [line for coach in page.coaching for line in _coach(coach)],
    )
    told = " ".join((page.day + ".", *page.figures, page.times))
    return [*built, context([plain_text(told)])], page.title


def _open(one: Shown) -> DigestLine:
    return DigestLine(
        text=f"{one.level}: {one.why[0] if one.why else one.about}",
        why=" · ".join((one.about, *one.why[1:])),
        age=f"open for {one.age}",
        goal=one.goal,
        url=one.url,
        ref=one.ref,
    )


def _over(one: Shown) -> DigestLine:
    text = one.why[0] if one.why else one.about
    return DigestLine(text=text, why=one.outcome, url=one.url, ref=one.ref)


def _coach(coach: Advised) -> Iterator[DigestLine]:
    """What keeps coming back on one line, and each alert that calls for it on its own."""
    if coach.recurring:
        yield DigestLine(text=coach.name, why="; ".join(coach.recurring))
    for one in coach.cases:
        yield DigestLine(text=coach.name, why="; ".join(one.why), url=one.url, ref=one.ref)
