"""The channels of a workspace that an app can see, for choosing one; and joining it.

Source: docs.slack.dev/reference/methods/conversations.list: public channels, and private ones that the bot is in; each
kind takes a scope of its own; at most 1,000 a page, 20 calls a minute (tier 2). Private channels without the bot are
nowhere to be seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from connectors.channels.slack import Slack
from connectors.channels.slack_refusals import Refusal, unreadable
from connectors.plain import plain, web

PUBLIC, PRIVATE = "public_channel", "private_channel"
PER_PAGE = 1000
PATIENCE = 5
"""Seconds: somebody waits for a page."""


class Room(Struct, frozen=True, kw_only=True):
    """A channel; `joined` says whether the bot is in it."""

    id: str
    name: str
    private: bool = False
    joined: bool = False


class Rooms(Struct, frozen=True, kw_only=True):
    """Channels by name. `cursor` is where there are more, "" at the end; `unseen` are kinds that the app may not list.

    `unseen` are scopes: "channels:read" for public channels, "groups:read" for private ones.
    """

    found: tuple[Room, ...] = ()
    cursor: str = ""
    unseen: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether a channel that isn't here can't be seen at all."""
        return not self.cursor and not self.unseen


def rooms(slack: Slack, *, pages: int = 3) -> Rooms:
    """The channels on the first pages; a call each.

    Raises Undeliverable; a `Refusal` says "missing_scope" where the app may list no channels at all.
    """
    for kinds, unseen in _KINDS:
        try:
            return _listed(slack, kinds, unseen, pages)
        except Refusal as refused:
            if refused.code != "missing_scope" or kinds == _KINDS[-1][0]:
                raise
    return Rooms()  # the last of them has returned or raised


_KINDS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    ((PUBLIC, PRIVATE), ()),
    ((PUBLIC,), ("groups:read",)),
    ((PRIVATE,), ("channels:read",)),
)


def _listed(slack: Slack, kinds: Sequence[str], unseen: tuple[str, ...], pages: int) -> Rooms:
    found: list[Room] = []
    cursor = ""
    for _ in range(pages):
        data = _call(slack, kinds, cursor)
        channels = data.get("channels")
        if not isinstance(channels, list):
            raise unreadable(slack.name)
        found += [room for one in channels if (room := _room(one))]
        after = data.get("response_metadata")
        cursor = str(after.get("next_cursor") or "") if isinstance(after, dict) else ""
        if not cursor:
            break
    by_name = tuple(sorted(found, key=lambda room: (room.name.casefold(), room.id)))
    return Rooms(found=by_name, cursor=cursor, unseen=unseen)


def _call(slack: Slack, kinds: Sequence[str], cursor: str) -> Mapping[str, Any]:
    answer = slack.answer(
        lambda client: client.conversations_list(
            types=",".join(kinds),
            exclude_archived=True,
            limit=PER_PAGE,
            **({"cursor": cursor} if cursor else {}),
        ),
        seconds=PATIENCE,
    )
    if not isinstance(answer.data, dict):
        raise unreadable(slack.name)
    return answer.data


def room(slack: Slack, channel: str) -> Room:
    """One channel by its id. Raises Undeliverable, a `Refusal` where the app can't see it or may not ask."""
    data = slack.answer(
        lambda client: client.conversations_info(channel=channel), seconds=PATIENCE
    ).data
    found = _room(data.get("channel")) if isinstance(data, dict) else None
    if found is None:
        raise unreadable(slack.name)
    return found


def join(slack: Slack, channel: str) -> Room:
    """Let the bot join a public channel; harmless where it is in it. Raises Undeliverable."""
    data = slack.answer(
        lambda client: client.conversations_join(channel=channel), seconds=PATIENCE
    ).data
    found = _room(data.get("channel")) if isinstance(data, dict) else None
    if found is None:
        raise unreadable(slack.name)
    return replace(found, joined=True)


def _room(told: Any) -> Room | None:
    if not isinstance(told, dict) or not isinstance(told.get("id"), str):
        return None
    return Room(
        id=plain(told["id"], 40),
        name=plain(str(told.get("name") or told["id"]), 80),
        private=bool(told.get("is_private")),
        joined=bool(told.get("is_member")),
    )


def permalink(slack: Slack, channel: str, ts: str) -> str:
    """The address of a message. Raises Undeliverable. Source: docs.slack.dev/reference/methods/chat.getPermalink."""
    data = slack.answer(
        lambda client: client.chat_getPermalink(channel=channel, message_ts=ts), seconds=PATIENCE
    ).data
    found = web(str(data.get("permalink") or "")) if isinstance(data, dict) else ""
    if not found:
        raise unreadable(slack.name)
    return found
