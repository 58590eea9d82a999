"""Slack's own errors: what to do about each, and which concern the whole account.

Source: docs.slack.dev/reference/methods, under each method's errors; some codes are unconfirmed.
"""

from __future__ import annotations

from bridge.domain.model import Undeliverable

INVITE = "invite the bot there: /invite @Alert Bridge"

ADVICE = {
    "account_inactive": "its user or workspace was deactivated; install the app again",
    "cant_update_message": "the message isn't ours to edit",
    "channel_not_found": f"no such channel, or a private one without the bot; {INVITE}",
    "edit_window_closed": "the message is too old to be edited",
    "invalid_auth": "the token isn't valid; set the one of the app's OAuth page",
    "invalid_blocks": "the message's blocks aren't valid",
    "is_archived": "the channel is archived; give the team another one",
    "message_not_found": "the message was deleted",
    "missing_scope": "the app lacks a scope; add it and install the app again",
    "msg_blocks_too_long": "the message's blocks are too long",
    "msg_too_long": "the message is too long",
    "no_text": "the message is empty",
    "not_authed": "no token was sent",
    "not_in_channel": f"the bot isn't in the channel; {INVITE}",
    "restricted_action": "the workspace's settings forbid posting in this channel",
    "thread_not_found": "the message to reply to was deleted",
    "token_expired": "the token has expired",
    "token_revoked": "the token was revoked; install the app again",
}
ACCOUNT = frozenset(
    {
        "access_denied",
        "account_inactive",
        "accesslimited",
        "ekm_access_denied",
        "enterprise_is_restricted",
        "invalid_auth",
        "is_inactive",
        "missing_scope",
        "no_permission",
        "not_allowed_token_type",
        "not_authed",
        "org_login_required",
        "team_access_not_granted",
        "token_expired",
        "token_revoked",
        "two_factor_setup_required",
        "upgrade_required",
    }
)


class Refusal(Undeliverable):
    """Slack's own error, with its code."""

    code = ""
