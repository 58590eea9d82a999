"""Slack: one message per alert, kept current by edits, with replies in its thread."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.client import HTTPException
from typing import Any, ClassVar

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError, SlackClientError
from slack_sdk.web import SlackResponse

from bridge.domain.model import Action, Receipt, Undeliverable
from connectors import Dispatch, Person, Unsearchable
from connectors.budget import UNLIMITED, Budget
from connectors.channels.slack_blocks import (
    block_id,
    blocks,
    fallback,
    marked,
    reply_blocks,
    reply_fallback,
)
from connectors.channels.slack_limits import Metered
from connectors.channels.slack_parts import Block, View, member
from connectors.channels.slack_parts import fallback as plain_fallback
from connectors.channels.slack_people import person
from connectors.channels.slack_refusals import INVITE, Refusal, refusal, unreadable
from connectors.channels.slack_setup import SlackSetup
from connectors.http import TIMEOUT, transport, usable
from connectors.plain import plain

_QUIET = logging.getLogger(f"{__name__}.sdk")  # the SDK logs whole messages; we say what matters

_EVENT = "alert_bridge"
_THREAD = (Action.REPLY, Action.BROADCAST)
_NOBODY = frozenset({"users_not_found", "user_not_found", "user_not_visible"})
_NOT_THERE = frozenset({"user_not_in_channel", "channel_not_found", "not_in_channel"})

_TIMEOUT = int(TIMEOUT[1])  # seconds
_AT_ONCE = 2  # seconds: somebody waits, and Slack takes no answer after three
_PAGES = 5
_PER_PAGE = 200
_SKEW = timedelta(minutes=5)  # how far Slack's clock and ours may be apart
_GARBLED = (AttributeError, LookupError, TypeError, ValueError)  # what the SDK makes of bad answers


@dataclass(frozen=True, kw_only=True)
class Slack:
    """A workspace, through a bot token with the scopes of `connectors.channels.slack_setup.SCOPES`.

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
        """Post, edit, reply, tell one person; what `dispatch.action` says.

        A public channel that the bot isn't in is joined once. `metadata` and the first block's id carry
        the marker; an edit leaves the metadata as posted, so that the post can still be found by it.
        Whoever is to be told alone is told in the channel if they are in it, and in person otherwise.
        """
        message, marker, action = dispatch.message, dispatch.marker, dispatch.action
        told = {"text": fallback(message), "blocks": blocks(message, marker=marker)}
        if action is Action.EDIT:
            return self._edit(_previous(dispatch), told, dispatch.to)
        if action is Action.WHISPER:
            return self._whisper(dispatch)
        arguments: dict[str, Any] = {"channel": dispatch.to}
        if action is Action.POST:
            arguments |= told | {"blocks": blocks(message, mention=True, marker=marker)}
        elif action is Action.DIRECT:
            arguments |= told
        elif action in _THREAD:
            previous = _previous(dispatch)
            broadcast = action is Action.BROADCAST
            arguments |= {
                "channel": previous.to or dispatch.to,
                "thread_ts": previous.ref,
                "reply_broadcast": broadcast,
                "text": reply_fallback(message),
                "blocks": reply_blocks(message, mention=broadcast, marker=marker),
            }
        else:
            raise Undeliverable(f"Slack has no way to carry out a {action.value}")
        return self._post(arguments, marker, message.ref)

    def post_plain(
        self, channel: str, blocks: list[Block], text: str, *, marker: str, thread_ts: str = ""
    ) -> Receipt:
        """Post what is no alert: a summary, a digest. `text` is what notifications show, unescaped.

        Raises Undeliverable.
        """
        arguments: dict[str, Any] = {
            "channel": channel,
            "text": plain_fallback(text),
            "blocks": marked(blocks, marker),
        }
        if thread_ts:
            arguments |= {"thread_ts": thread_ts, "reply_broadcast": False}
        return self._post(arguments, marker)

    def update_plain(self, receipt: Receipt, blocks: list[Block], text: str) -> Receipt:
        """Edit it; nobody is notified. Raises Undeliverable."""
        return self._edit(receipt, {"text": plain_fallback(text), "blocks": blocks}, receipt.to)

    def find(self, dispatch: Dispatch, since: datetime) -> Receipt | None:
        """The message with the marker, in the channel or in the thread.

        An edit is harmless to repeat: None, send it again. What one person was told can't be looked for: that
        would take the scope im:history, and what only they can see is in no history at all.
        """
        if dispatch.action is Action.EDIT:
            return None
        if dispatch.action is Action.WHISPER or member(dispatch.to):
            raise Unsearchable("what one person is told can't be looked for")
        previous = dispatch.previous if dispatch.action in _THREAD else None
        channel = (previous.to if previous else "") or dispatch.to
        return self.find_plain(channel, dispatch.marker, since, previous.ref if previous else "")

    def find_plain(
        self, channel: str, marker: str, since: datetime, thread_ts: str = ""
    ) -> Receipt | None:
        """The same for what was posted by `post_plain`.

        One look after an ambiguous failure only: Slack allows apps that are sold outside of its marketplace hardly
        any reading of histories (docs.slack.dev/apis/web-api/rate-limits), and apps of one's own need a history scope.
        """
        wanted: dict[str, Any] = {
            "channel": channel,
            "oldest": f"{(since - _SKEW).timestamp():.6f}",
            "inclusive": True,
            "include_all_metadata": True,
            "limit": _PER_PAGE,
        }
        for _ in range(_PAGES):
            answer = self._look(thread_ts, wanted)
            for message in _listed(answer.get("messages")):
                if _bears(message, marker):
                    return Receipt(ref=str(message.get("ts", "")), to=channel)
            after = answer.get("response_metadata")
            cursor = after.get("next_cursor") if isinstance(after, dict) else None
            if not cursor:
                if answer.get("has_more"):
                    raise Unsearchable("Slack has more messages and doesn't say where")
                return None
            wanted["cursor"] = cursor
        raise Unsearchable("Slack has too many messages since then to look through")

    # --- what people see when they act

    def open_view(self, trigger_id: str, view: View) -> str:
        """Show a modal to who clicked; its id. A trigger is good for three seconds, so this one waits no longer.

        Raises Undeliverable. Source: docs.slack.dev/reference/methods/views.open.
        """
        answer = self._call(
            lambda client: client.views_open(trigger_id=trigger_id, view=view), seconds=_AT_ONCE
        )
        return _id(answer, "view")

    def update_view(self, view_id: str, view: View) -> None:
        """Show another in its place. Raises Undeliverable."""
        self._call(lambda client: client.views_update(view_id=view_id, view=view), seconds=_AT_ONCE)

    def publish_home(self, user: str, view: View) -> None:
        """Show a member their home of the app. Raises Undeliverable."""
        self._call(lambda client: client.views_publish(user_id=user, view=view))

    # --- who is who

    def user(self, id: str) -> Person:  # noqa: A002 - it is one
        """A member; `staff` only if they are a full member of the workspace, and a person.

        Guests, bots, strangers from shared channels and those who have left are none, nor is one who doesn't exist.
        Raises Undeliverable. Source: docs.slack.dev/reference/objects/user-object.
        """
        try:
            answer = self._call(lambda client: client.users_info(user=id), seconds=_AT_ONCE)
        except Refusal as refused:
            if refused.code not in _NOBODY:
                raise
            return Person(id=id)
        return person(id, answer.get("user"))

    def user_by_email(self, email: str) -> str:
        """The id of the member with this address, "" if there is none. Raises Undeliverable."""
        try:
            return _id(self._call(lambda client: client.users_lookupByEmail(email=email)), "user")
        except Refusal as refused:
            if refused.code not in _NOBODY:
                raise
            return ""

    def workspace(self) -> str:
        """The id of the workspace that the token is for. Raises Undeliverable."""
        found = self._call(lambda client: client.auth_test(), seconds=_AT_ONCE).get("team_id")
        if not isinstance(found, str) or not found:
            raise unreadable(self.name)
        return found

    def setup(self, channels: Mapping[str, str]) -> SlackSetup:
        """The workspace's side of these channels, by team: the app's scopes, and the bot's membership."""
        return SlackSetup(self, channels)

    # --- one call

    def _edit(self, previous: Receipt, told: Mapping[str, Any], to: str) -> Receipt:
        answer = self._call(
            lambda client: client.chat_update(
                channel=previous.to or to,
                ts=previous.ref,
                parse="none",  # Slack's default for edits is "client", which makes links
                link_names=False,
                **told,
            )
        )
        return Receipt(ref=previous.ref, to=str(answer.get("channel") or previous.to))

    def _whisper(self, dispatch: Dispatch) -> Receipt:
        """In the channel where only they see it, else in person: "C0123/U0123", "/U0123"."""
        channel, _, user = dispatch.to.partition("/")
        if not member(user):
            raise Undeliverable(f"{plain(dispatch.to, 60)} is no member in a channel")
        message = dispatch.message
        text = reply_fallback(message)
        drawn = reply_blocks(message, marker=dispatch.marker)
        if channel:
            try:
                answer = self._call(
                    lambda client: client.chat_postEphemeral(
                        channel=channel,
                        user=user,
                        text=text,
                        blocks=drawn,
                        parse="none",
                        link_names=False,
                    )
                )
                return Receipt(ref=str(answer.get("message_ts") or ""), to=channel)
            except Refusal as refused:
                if refused.code not in _NOT_THERE:
                    raise
        to_them = {"channel": user, "text": text, "blocks": drawn}
        return self._post(to_them, dispatch.marker, message.ref)

    def _look(self, thread_ts: str, wanted: dict[str, Any]) -> dict[str, Any]:
        try:
            if not thread_ts:
                return self._call(lambda client: client.conversations_history(**wanted))
            return self._call(lambda client: client.conversations_replies(ts=thread_ts, **wanted))
        except Refusal as refused:
            if refused.retry_after is not None:
                raise
            if refused.code == "thread_not_found":
                return {}
            raise Unsearchable(str(refused)) from None

    def _post(self, given: Mapping[str, Any], marker: str, ref: str = "") -> Receipt:
        payload = {"marker": marker} | ({"ref": plain(ref, 100)} if ref else {})
        arguments: dict[str, Any] = {
            "unfurl_links": False,
            "unfurl_media": False,
            "parse": "none",
            "link_names": False,
            "metadata": {"event_type": _EVENT, "event_payload": payload},
            **given,
        }

        def post(client: WebClient) -> SlackResponse:
            return client.chat_postMessage(**arguments)

        try:
            answer = self._call(post)
        except Refusal as refused:
            if refused.code != "not_in_channel":
                raise
            self._join(str(arguments["channel"]))
            answer = self._call(post)
        ts, channel = answer.get("ts"), answer.get("channel")
        if not isinstance(ts, str) or not isinstance(channel, str):
            raise unreadable(self.name)
        return Receipt(ref=ts, to=channel)

    def _join(self, channel: str) -> None:
        try:
            self._call(lambda client: client.conversations_join(channel=channel))
        except Refusal as refused:
            if refused.retry_after is not None:
                raise
            why = f"{self.name}: the bot isn't in {plain(channel, 40)} and can't join; {INVITE}"
            raise Undeliverable(why) from None

    def _call(
        self, call: Callable[[WebClient], SlackResponse], *, seconds: int = 0
    ) -> dict[str, Any]:
        """One request, never more. Every failure as Undeliverable, without what it was caused by."""
        data = self.answer(call, seconds=seconds).data
        if not isinstance(data, dict):
            raise unreadable(self.name)
        return data

    def answer(
        self, call: Callable[[WebClient], SlackResponse], *, seconds: int = 0
    ) -> SlackResponse:
        """The same as it came, with its headers: for setting up; `seconds` to wait for it, 0 for as long as usual.

        Raises Undeliverable; a `Refusal` has Slack's code.
        """
        token = self.token if isinstance(self.token, str) else self.token()
        token = token.strip()
        if not usable(token):
            raise Undeliverable(f"{self.name}: the token is empty or isn't one", wide=True)
        client = Metered(
            account=self.name,
            budget=self.budget,
            token=token,
            base_url=self.base_url,
            timeout=seconds or _TIMEOUT,
            retry_handlers=[],
            logger=_QUIET,
        )
        try:
            return call(client)
        except SlackApiError as error:
            raise refusal(error.response, token, who=self.name) from None
        except SlackClientError:
            why = f"{self.name}: the request can't be made; is the address or the proxy right?"
            raise Undeliverable(why, wide=True) from None
        except (OSError, HTTPException) as error:
            raise transport(error, who=self.name) from None
        except _GARBLED:
            raise unreadable(self.name) from None


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


def _id(answer: Mapping[str, Any], name: str) -> str:
    shown = answer.get(name)
    return str(shown.get("id") or "") if isinstance(shown, dict) else ""
