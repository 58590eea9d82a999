"""Slack: one message per alert, kept current by edits, with replies in its thread."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.client import HTTPException
from typing import Any, ClassVar

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from bridge.domain.model import Action, Receipt, Undeliverable
from connectors import Dispatch, Unsearchable
from connectors.budget import UNLIMITED, Budget
from connectors.channels.slack_blocks import (
    block_id,
    blocks,
    fallback,
    reply_blocks,
    reply_fallback,
)
from connectors.channels.slack_limits import RATE_LIMITED, Metered
from connectors.channels.slack_refusals import ACCOUNT, ADVICE, INVITE, Refusal
from connectors.channels.slack_setup import SlackSetup
from connectors.http import TIMEOUT, redact, transport, usable, verdict
from connectors.plain import plain

_QUIET = logging.getLogger(f"{__name__}.sdk")  # the SDK logs whole messages; we say what matters

_EVENT = "alert_bridge"
_CODE = re.compile(r"[a-z][a-z0-9_-]{1,60}")
_SCOPES = re.compile(r"[a-z_.:, -]{1,100}")
_THREAD = (Action.REPLY, Action.BROADCAST)

_TIMEOUT = int(TIMEOUT[1])  # seconds
_PAGES = 5
_PER_PAGE = 200
_SKEW = timedelta(minutes=5)  # how far Slack's clock and ours may be apart
_SOON = timedelta(seconds=30)

_PASSING = frozenset({"internal_error", "fatal_error", "service_unavailable"})  # maybe carried out
_NOT_DONE = frozenset({"request_timeout", "team_added_to_org", "message_limit_exceeded"})
_GARBLED = (AttributeError, LookupError, TypeError, ValueError)  # what the SDK makes of bad answers


@dataclass(frozen=True, kw_only=True)
class Slack:
    """A workspace, through a bot token with chat:write (and channels:join, channels:history).

    `token` may be a function that gives the current one. What is sent is taken from the `budget`.
    """

    kind: ClassVar[str] = "slack"

    name: str = "slack"
    token: str | Callable[[], str] = field(repr=False)
    base_url: str = "https://slack.com/api/"
    budget: Budget = field(default=UNLIMITED, repr=False)

    def __post_init__(self) -> None:
        _QUIET.setLevel(logging.CRITICAL)

    def send(self, dispatch: Dispatch) -> Receipt:
        """Post, edit or reply; what `dispatch.action` says.

        A public channel that the bot isn't in is joined once. `metadata` and the first block's id carry
        the marker; an edit leaves the metadata as posted, so that the post can still be found by it.
        """
        message, marker = dispatch.message, dispatch.marker
        if dispatch.action is Action.EDIT:
            previous = _previous(dispatch)
            answer = self._call(
                lambda client: client.chat_update(
                    channel=previous.to or dispatch.to,
                    ts=previous.ref,
                    text=fallback(message),
                    blocks=blocks(message, marker=marker),
                    parse="none",  # Slack's default for edits is "client", which makes links
                    link_names=False,
                )
            )
            return Receipt(ref=previous.ref, to=str(answer.get("channel") or previous.to))
        arguments: dict[str, Any] = {
            "channel": dispatch.to,
            "unfurl_links": False,
            "unfurl_media": False,
            "parse": "none",
            "link_names": False,
            "metadata": {
                "event_type": _EVENT,
                "event_payload": {"marker": marker, "ref": plain(message.ref, 100)},
            },
        }
        if dispatch.action is Action.POST:
            shown = blocks(message, mention=True, marker=marker)
            arguments |= {"text": fallback(message), "blocks": shown}
        elif dispatch.action in _THREAD:
            previous = _previous(dispatch)
            broadcast = dispatch.action is Action.BROADCAST
            arguments |= {
                "channel": previous.to or dispatch.to,
                "thread_ts": previous.ref,
                "reply_broadcast": broadcast,
                "text": reply_fallback(message),
                "blocks": reply_blocks(message, mention=broadcast, marker=marker),
            }
        else:
            raise Undeliverable(f"Slack has no way to carry out a {dispatch.action.value}")
        return self._post(arguments)

    def find(self, dispatch: Dispatch, since: datetime) -> Receipt | None:
        """The message with the marker, in the channel or in the thread.

        An edit is harmless to repeat: None, send it again. One look after an ambiguous failure only: Slack
        allows apps that are sold outside of its marketplace hardly any reading of histories
        (docs.slack.dev/apis/web-api/rate-limits), and apps of one's own need a history scope.
        """
        if dispatch.action is Action.EDIT:
            return None
        previous = dispatch.previous if dispatch.action in _THREAD else None
        channel = (previous.to if previous else "") or dispatch.to
        wanted: dict[str, Any] = {
            "channel": channel,
            "oldest": f"{(since - _SKEW).timestamp():.6f}",
            "inclusive": True,
            "include_all_metadata": True,
            "limit": _PER_PAGE,
        }
        for _ in range(_PAGES):
            answer = self._look(previous, wanted)
            for message in _listed(answer.get("messages")):
                if _bears(message, dispatch.marker):
                    return Receipt(ref=str(message.get("ts", "")), to=channel)
            after = answer.get("response_metadata")
            cursor = after.get("next_cursor") if isinstance(after, dict) else None
            if not cursor:
                if answer.get("has_more"):
                    raise Unsearchable("Slack has more messages and doesn't say where")
                return None
            wanted["cursor"] = cursor
        raise Unsearchable("Slack has too many messages since then to look through")

    def setup(self, channels: Mapping[str, str]) -> SlackSetup:
        """The workspace's side of these channels, by team: the app's scopes, and the bot's membership."""
        return SlackSetup(self, channels)

    def _look(self, previous: Receipt | None, wanted: dict[str, Any]) -> dict[str, Any]:
        try:
            if previous is None:
                return self._call(lambda client: client.conversations_history(**wanted))
            return self._call(
                lambda client: client.conversations_replies(ts=previous.ref, **wanted)
            )
        except Refusal as refusal:
            if refusal.retry_after is not None:
                raise
            if refusal.code == "thread_not_found":
                return {}
            raise Unsearchable(str(refusal)) from None

    def _post(self, arguments: dict[str, Any]) -> Receipt:
        def post(client: WebClient) -> SlackResponse:
            return client.chat_postMessage(**arguments)

        try:
            answer = self._call(post)
        except Refusal as refusal:
            if refusal.code != "not_in_channel":
                raise
            self._join(str(arguments["channel"]))
            answer = self._call(post)
        ts, channel = answer.get("ts"), answer.get("channel")
        if not isinstance(ts, str) or not isinstance(channel, str):
            raise self._unreadable()
        return Receipt(ref=ts, to=channel)

    def _join(self, channel: str) -> None:
        try:
            self._call(lambda client: client.conversations_join(channel=channel))
        except Refusal as refusal:
            if refusal.retry_after is not None:
                raise
            why = f"{self.name}: the bot isn't in {plain(channel, 40)} and can't join; {INVITE}"
            raise Undeliverable(why) from None

    def _call(self, call: Callable[[WebClient], SlackResponse]) -> dict[str, Any]:
        """One request, never more. Every failure as Undeliverable, without what it was caused by."""
        data = self.answer(call).data
        if not isinstance(data, dict):
            raise self._unreadable()
        return data

    def answer(self, call: Callable[[WebClient], SlackResponse]) -> SlackResponse:
        """The same as it came, with its headers: for setting up. Raises Undeliverable; a `Refusal` has Slack's code."""
        token = self.token if isinstance(self.token, str) else self.token()
        token = token.strip()
        if not usable(token):
            raise Undeliverable(f"{self.name}: the token is empty or isn't one", wide=True)
        client = Metered(
            account=self.name,
            budget=self.budget,
            token=token,
            base_url=self.base_url,
            timeout=_TIMEOUT,
            retry_handlers=[],
            logger=_QUIET,
        )
        try:
            return call(client)
        except SlackApiError as error:
            raise self._refused(error.response, token) from None
        except SlackClientError:
            why = f"{self.name}: the request can't be made; is the address or the proxy right?"
            raise Undeliverable(why, wide=True) from None
        except (OSError, HTTPException) as error:
            raise transport(error, who=self.name) from None
        except _GARBLED:
            raise self._unreadable() from None

    def _refused(self, response: Any, token: str) -> Undeliverable:
        """Sent, retry at, or never: by the status, and by the code in an answer that says 200."""
        data = response.data if isinstance(response.data, dict) else {}
        found = data.get("error")
        code = found if isinstance(found, str) and _CODE.fullmatch(found) else ""
        words = redact(code, [token])
        status = 429 if code in RATE_LIMITED else int(response.status_code)
        headers = {str(name): str(value) for name, value in dict(response.headers).items()}
        if failure := verdict(status, headers, words, who=self.name):
            return failure
        if not code:
            return self._unreadable()
        if code in _PASSING:
            why = f"{self.name} has trouble: {words}"
            return Undeliverable(why, retry_after=_SOON, unsure=True, wide=True)
        if code in _NOT_DONE:
            return Undeliverable(f"{self.name} is not ready: {words}", retry_after=_SOON)
        advice = ADVICE.get(code, "")
        needed = data.get("needed")
        if isinstance(needed, str) and _SCOPES.fullmatch(needed):
            advice += f" (needed: {needed})"
        why = f"{self.name} refused: {words}" + (f" ({advice})" if advice else "")
        refusal = Refusal(why, wide=code in ACCOUNT)
        refusal.code = code
        return refusal

    def _unreadable(self) -> Undeliverable:
        why = f"{self.name} gave an answer that can't be read"
        return Undeliverable(why, retry_after=_SOON, unsure=True)


def _previous(dispatch: Dispatch) -> Receipt:
    if dispatch.previous is None or not dispatch.previous.ref:
        raise Undeliverable(f"there is no message to {dispatch.action.value}")
    return dispatch.previous


def _bears(message: dict[str, Any], marker: str) -> bool:
    """Is this the message with our marker? In its metadata, or in the id of a block."""
    metadata = message.get("metadata")
    payload = metadata.get("event_payload") if isinstance(metadata, dict) else None
    if isinstance(payload, dict) and payload.get("marker") == marker:
        return True
    ids = (block.get("block_id") for block in _listed(message.get("blocks")))
    return any(one == block_id(marker) for one in ids)


def _listed(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
