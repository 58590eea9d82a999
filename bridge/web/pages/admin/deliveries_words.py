"""Deliveries in words: what was to be done, how far it came, and the way out where it went wrong."""

from __future__ import annotations

import re
from collections.abc import Mapping

from flask_babel import lazy_gettext as _
from msgspec import Struct

from bridge.domain.model import Action
from bridge.domain.routing import EMAIL, SLACK, SMS
from bridge.store.deliveries import FAILED, HELD, HELD_BACK, SENDING, SENT, WAITING
from bridge.store.outgoing import DROPPED, Shown

STATES: Mapping[str, object] = {
    FAILED: _("Failed"),
    HELD: _("Held"),
    WAITING: _("Waiting"),
    SENDING: _("Being sent"),
    SENT: _("Sent"),
    DROPPED: _("Given up"),
}

ACTIONS: Mapping[str, object] = {
    Action.POST.value: _("Message"),
    Action.EDIT.value: _("Update of the message"),
    Action.REPLY.value: _("Reply in the thread"),
    Action.BROADCAST.value: _("Reply shown in the channel"),
    Action.DIRECT.value: _("Direct message"),
    Action.WHISPER.value: _("Answer to one person"),
    Action.NOTE.value: _("Note on the ticket"),
    Action.TAG.value: _("Tag on the ticket"),
    Action.UNTAG.value: _("Removal of a tag"),
    Action.FOLLOW_UP.value: _("Question to the customer"),
}


class Way(Struct, frozen=True):
    """The way out, and the page on which it is (its endpoint), "" for none."""

    words: object
    endpoint: str = ""


_TEAMS, _PEOPLE, _SOURCES = "pages.teams.show", "pages.people.show", "pages.sources.show"

_WAYS: tuple[tuple[str, Way], ...] = (
    (r"has no Slack channel", Way(_("Give the team a Slack channel, then retry."), _TEAMS)),
    (r"no channel .* is configured", Way(_("Add the channel to the configuration, then retry."))),
    (
        r"channel_not_found|not_in_channel|is_archived|no member in a channel",
        Way(_("Invite the app to the channel, or give the team another one; then retry."), _TEAMS),
    ),
    (
        r"_auth|token_(revoked|expired)|account_inactive|missing_scope|token is empty|\b40[13]\b",
        Way(
            _("The other side refuses our credential: check the connection, then retry."), _SOURCES
        ),
    ),
    (
        r"^gave up after",
        Way(_("The other side was away for too long: check the connection, then retry."), _SOURCES),
    ),
    (
        r"is closed and cannot be written to|^the ticket (is closed|was)|does not exist any more",
        Way(_("Nothing can be written there any more: drop it.")),
    ),
    (
        r"want(s)? no messages",
        Way(_("They have to text START first. Until then, tell them by another medium."), _PEOPLE),
    ),
    (
        r"^it was over before|did it before$|takes its place|no message to |summary",
        Way(_("Nothing is left to do: it stands here for the record.")),
    ),
    (
        r"no e-mail address|no phone number|knows nobody by this",
        Way(_("Complete the person's addresses, then retry."), _PEOPLE),
    ),
    (
        r"^(undelivered|failed)\b",
        Way(_("The phone network could not deliver it: check the number, then retry."), _PEOPLE),
    ),
)

_USUAL: Mapping[str, Way] = {
    FAILED: Way(_("Mend what the reason names, then retry."), _SOURCES),
    HELD: Way(_("Retry it once the reason is gone.")),
    WAITING: Way(_("It is tried again by itself.")),
}


def way_out(row: Shown) -> Way | None:
    """What can be done about a delivery; None where it needs nothing."""
    if row.state not in _USUAL or not row.reason:
        return None
    if row.reason.startswith(HELD_BACK):
        return Way(_("It goes by itself once that is over."))
    for pattern, way in _WAYS:
        if re.search(pattern, row.reason):
            return way
    return _USUAL[row.state]


def channel_named(channel: str) -> object:
    """A channel as people call it; a desk by its own name."""
    return {SLACK: "Slack", EMAIL: _("E-mail"), SMS: _("Text message")}.get(channel, channel)
