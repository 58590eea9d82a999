"""What Slack allows an app in a workspace, and a client that heeds it.

Source: docs.slack.dev/apis/web-api/rate-limits: a message a second to each channel, with short bursts; other methods by
their tier, so many a minute for each method. How long a burst may be is not said, so there is none; nor how many
messages a whole workspace may get. A 429 names no limit; it is taken for that of the channel for a message, and for the
method's otherwise. The tiers of chat.postEphemeral and users.info are unconfirmed.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.web import SlackResponse

from connectors.budget import UNLIMITED, Budget, Learnt, Limit
from connectors.http import retry_after
from connectors.plain import plain

RATE_LIMITED = frozenset({"ratelimited", "rate_limited"})
"""Slack's codes for a limit that was met; real answers are said to have the first. Unconfirmed."""

_POST = "chat.postMessage"
_APART = timedelta(milliseconds=1001)  # by so much more than a second as a bucket is forgiving
_A_MINUTE = timedelta(minutes=1)
_TIERS = {  # calls a minute, by the tier that stands on each method's page
    "chat.postEphemeral": 100,
    "chat.update": 50,
    "conversations.history": 50,
    "conversations.replies": 50,
    "conversations.info": 50,
    "conversations.join": 50,
    "auth.test": 100,
    "users.info": 100,
    "users.lookupByEmail": 50,
    "views.open": 100,
    "views.publish": 100,
    "views.update": 100,
}
_LOWER_TIER = 20


def limit(method: str, channel: str) -> Limit:
    """What a call counts towards: "posts to C0123ABCD", or the method's own.

    Messages to a channel keep their distance from the first on. No answer tells how much of a tier is left: so a fifth
    of it at once, and the rest while the minute passes.
    """
    if method == _POST:
        return Limit(f"posts to {plain(channel, 40)}", 1, _APART)
    return Limit(method, _TIERS.get(method, _LOWER_TIER) // 5, _A_MINUTE / 4)


class Metered(WebClient):
    """A client that spends before each call, and learns from a refusal."""

    def __init__(self, *, account: str, budget: Budget = UNLIMITED, **settings: Any) -> None:
        super().__init__(**settings)
        self._account = account
        self._budget = budget

    def api_call(self, api_method: str, **arguments: Any) -> SlackResponse:
        """One call of any method: all of the SDK's come by here. Raises Undeliverable when the limit is used up."""
        given = arguments.get("json") or arguments.get("params") or {}
        one = limit(api_method, str(given.get("channel", "")))
        self._budget.spend(self._account, [one])
        try:
            return super().api_call(api_method, **arguments)
        except SlackApiError as error:
            if wait := _wait(error.response):
                self._budget.learn(self._account, Learnt(limit=one.name, left=0, resets=wait))
            raise


def _wait(response: Any) -> timedelta | None:
    """How long a limit that was met asks to wait; None if it was another refusal."""
    data = response.data if isinstance(response.data, Mapping) else {}
    if response.status_code != 429 and data.get("error") not in RATE_LIMITED:
        return None
    headers = {str(name): str(value) for name, value in dict(response.headers).items()}
    return retry_after(headers) or _A_MINUTE
