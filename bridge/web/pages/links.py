"""Where a case is found elsewhere."""

from __future__ import annotations

from flask_babel import gettext

from bridge.web.pages.here import bridge


def ticket_link(subject: str, called: str) -> tuple[str, str]:
    """The ticket in its helpdesk, and what it is called; no address where there is none."""
    name, _, key = subject.partition(":")
    desk = bridge().desks.get(name)
    if desk is None:
        return "", gettext("Survey answer") if name == "answer" else subject
    return desk.ticket_url(key, called), gettext("Ticket %(name)s", name=called or key)
