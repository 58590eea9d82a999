"""Slack's own errors: what to do about each, and which concern the whole account.

Source: docs.slack.dev/reference/methods, under each method's errors; some codes are unconfirmed.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

from bridge.domain.model import Undeliverable
from connectors.channels.slack_limits import RATE_LIMITED
from connectors.http import redact, verdict

_SOON = timedelta(seconds=30)
_CODE = re.compile(r"[a-z][a-z0-9_-]{1,60}")
_SCOPES = re.compile(r"[a-z_.:, -]{1,100}")
_PASSING = frozenset({"internal_error", "fatal_error", "service_unavailable"})  # maybe carried out
_NOT_DONE = frozenset({"request_timeout", "team_added_to_org", "message_limit_exceeded"})

INVITE = "invite the bot there: /invite @Alert Bridge"

ADVICE = {
    "account_inactive": "its user or workspace was deactivated; install the app again",
    "cannot_dm_bot": "that member is a bot",
    "cant_update_message": "the message isn't ours to edit",
    "channel_not_found": f"no such channel, or a private one without the bot; {INVITE}",
    "edit_window_closed": "the message is too old to be edited",
    "expired_trigger_id": "it took more than three seconds to answer the click; click again",
    "invalid_auth": "the token isn't valid; set the one of the app's OAuth page",
    "invalid_blocks": "the message's blocks aren't valid",
    "is_archived": "the channel is archived; give the team another one",
    "message_not_found": "the message was deleted",
    "messages_tab_disabled": "the app's home takes no messages; paste the manifest again",
    "missing_scope": "the app lacks a scope; add it and install the app again",
    "msg_blocks_too_long": "the message's blocks are too long",
    "msg_too_long": "the message is too long",
    "no_text": "the message is empty",
    "not_authed": "no token was sent",
    "not_enabled": "the app's home is switched off; paste the manifest again",
    "not_in_channel": f"the bot isn't in the channel; {INVITE}",
    "restricted_action": "the workspace's settings forbid posting in this channel",
    "thread_not_found": "the message to reply to was deleted",
    "token_expired": "the token has expired",
    "token_revoked": "the token was revoked; install the app again",
    "user_disabled": "that member was deactivated",
    "user_not_found": "no such member; is the id one of this workspace?",
    "user_not_in_channel": "that member isn't in the channel",
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


def refusal(response: Any, token: str, *, who: str) -> Undeliverable:
    """What a refusal means: sent, retry at, or never; by the status, and by the code in an answer that says 200.

    Where Slack has spoken for itself it is a `Refusal` with its code.
    """
    data = response.data if isinstance(response.data, dict) else {}
    found = data.get("error")
    code = found if isinstance(found, str) and _CODE.fullmatch(found) else ""
    words = redact(code, [token])
    status = 429 if code in RATE_LIMITED else int(response.status_code)
    headers = {str(name): str(value) for name, value in dict(response.headers).items()}
    if failure := verdict(status, headers, words, who=who):
        return failure
    if not code:
        return unreadable(who)
    if code in _PASSING:
        return Undeliverable(
            f"{who} has trouble: {words}", retry_after=_SOON, unsure=True, wide=True
        )
    if code in _NOT_DONE:
        return Undeliverable(f"{who} is not ready: {words}", retry_after=_SOON)
    advice = ADVICE.get(code, "")
    needed = data.get("needed")
    if isinstance(needed, str) and _SCOPES.fullmatch(needed):
        advice += f" (needed: {needed})"
    why = f"{who} refused: {words}" + (f" ({advice})" if advice else "")
    refused = Refusal(why, wide=code in ACCOUNT)
    refused.code = code
    return refused


def unreadable(who: str) -> Undeliverable:
    """An answer that is none of Slack's."""
    why = f"{who} gave an answer that can't be read"
    return Undeliverable(why, retry_after=_SOON, unsure=True)
