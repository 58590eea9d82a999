"""A Slack workspace in memory: channels, people, tokens, messages with their threads and edits.

People act and look through `Slack`; the bridge's app acts over HTTP (see `slack_api`).
Shapes and errors follow docs.slack.dev/reference/methods and docs.slack.dev/apis/web-api/rate-limits.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from bridge.sandbox.wire import Bucket, Clock, Ids, Json, Window

SCOPES = (
    "channels:history",
    "channels:join",
    "channels:read",
    "chat:write",
    "groups:history",
    "groups:read",
    "im:write",
    "users:read",
    "users:read.email",
)
"""What `Slack.add_token` grants when not told otherwise."""

_TRIGGER_LIFE = timedelta(seconds=3)


class SlackError(Exception):
    """The Web API says `ok: false` with this error and these further members."""

    def __init__(self, error: str, **more: object) -> None:
        super().__init__(error)
        self.error = error
        self.more = more


@dataclass(slots=True)
class Channel:
    """A channel, or the direct messages with one person."""

    id: str
    name: str
    is_private: bool
    is_archived: bool
    is_member: bool
    """Is the bridge's bot in it?"""
    created: datetime
    user: str | None = None
    """Whose direct messages these are, if so."""


@dataclass(frozen=True, slots=True)
class User:
    """A person in the workspace, or the bot."""

    id: str
    name: str
    email: str
    real_name: str
    is_bot: bool = False


@dataclass(frozen=True, slots=True)
class Version:
    """A message as it was before an edit."""

    text: str
    blocks: list[Json]
    at: datetime


@dataclass(slots=True)
class Message:
    """A message as it is now. Read it; change it through the API."""

    channel: str
    ts: str
    user: str
    text: str
    blocks: list[Json]
    at: datetime
    metadata: Json | None = None
    thread_ts: str | None = None
    broadcast: bool = False
    """A reply that was shown in the channel as well."""
    ephemeral_to: str | None = None
    edited_at: datetime | None = None
    versions: list[Version] = field(default_factory=list)
    """What it said before, oldest first."""

    @property
    def edits(self) -> int:
        """How often it was edited."""
        return len(self.versions)

    @property
    def is_reply(self) -> bool:
        """Is it an answer in a thread?"""
        return self.thread_ts is not None and self.thread_ts != self.ts


@dataclass(frozen=True, slots=True)
class Arrival:
    """A message that the workspace took in, with the real time for measuring latency."""

    method: str
    channel: str
    ts: str
    at: datetime
    monotonic: float
    """`time.perf_counter()` at that moment."""


class Slack:
    """One workspace with one installed app. All methods may be called from any thread.

    `messages_per_second` and `burst` limit posts to each channel, `calls_per_minute` every other
    method; both in handed-in time, None for no limit. Where a channel is asked for, its id or its
    name will do.
    """

    team_id = "T0SANDBOX1"
    app_id = "A0SANDBOX1"
    bot_id = "B0SANDBOX1"
    bot_user = "U0SANDBOX1"

    def __init__(
        self,
        now: Clock,
        team: str = "demo",
        *,
        messages_per_second: float | None = 1.0,
        burst: int = 3,
        calls_per_minute: int | None = 50,
    ) -> None:
        self.now = now
        self.team = team
        self.channels: dict[str, Channel] = {}
        self.users: dict[str, User] = {
            self.bot_user: User(self.bot_user, "alert_bridge", "", "Alert Bridge", is_bot=True)
        }
        self.tokens: dict[str, tuple[str, ...]] = {}
        self.revoked: set[str] = set()
        self.views: list[Json] = []
        self.arrivals: list[Arrival] = []
        self.calls: Counter[str] = Counter()
        """Calls that arrived, by method, as `chat.postMessage`."""
        self.post_limit = Bucket(now, messages_per_second, burst)
        self.method_limit = Window(now, calls_per_minute, timedelta(minutes=1))
        self.lock = threading.RLock()
        self._messages: dict[str, dict[str, Message]] = {}
        self._ephemeral: list[Message] = []
        self._last: dict[str, int] = {}  # channel -> microseconds of its last ts
        self._triggers: dict[str, tuple[str, datetime]] = {}
        self._ids = Ids(f"slack:{team}")

    # -- setting up --

    def add_channel(
        self, name: str, *, private: bool = False, member: bool = True, archived: bool = False
    ) -> str:
        """A channel, with the bot in it unless said otherwise; returns its id."""
        with self.lock:
            channel = Channel(
                f"C{self._ids.hex(10).upper()}", name, private, archived, member, self.now()
            )
            self.channels[channel.id] = channel
            self._messages[channel.id] = {}
            return channel.id

    def add_user(self, name: str, email: str, real_name: str | None = None) -> str:
        """A person; returns the user id."""
        with self.lock:
            user_id = f"U{self._ids.hex(10).upper()}"
            self.users[user_id] = User(user_id, name, email, real_name or name.title())
            return user_id

    def add_token(self, token: str, scopes: Iterable[str] = SCOPES) -> None:
        """A bot token of the app."""
        with self.lock:
            self.tokens[token] = tuple(scopes)
            self.revoked.discard(token)

    def revoke(self, token: str) -> None:
        """The app was uninstalled: `token_revoked` from now on."""
        with self.lock:
            self.revoked.add(token)

    # -- what people do and see --

    def say(self, channel: str, user: str, text: str, thread_ts: str | None = None) -> Message:
        """A person writes."""
        return self.post(self.find(channel).id, user, text, [], thread_ts=thread_ts)

    def messages(self, channel: str) -> list[Message]:
        """What stands in a channel, oldest first: without the threads, with broadcast replies."""
        with self.lock:
            found = self._messages[self.find(channel).id].values()
            return [one for one in found if not one.is_reply or one.broadcast]

    def thread(self, channel: str, ts: str) -> list[Message]:
        """The replies to a message, oldest first."""
        with self.lock:
            found = self._messages[self.find(channel).id].values()
            return [one for one in found if one.thread_ts == ts and one.is_reply]

    def message(self, channel: str, ts: str) -> Message:
        """One message. Raises SlackError when there is none."""
        with self.lock:
            found = self._messages[self.find(channel).id].get(ts)
            if found is None:
                raise SlackError("message_not_found")
            return found

    def ephemerals(self, channel: str) -> list[Message]:
        """What was shown to one person only."""
        with self.lock:
            wanted = self.find(channel).id
            return [one for one in self._ephemeral if one.channel == wanted]

    def count(self, channel: str | None = None) -> int:
        """Messages and replies in a channel, or in all."""
        with self.lock:
            wanted = [self.find(channel).id] if channel else list(self._messages)
            return sum(len(self._messages[one]) for one in wanted)

    def issue_trigger(self, user: str) -> str:
        """A trigger id as a click brings it: good for one view, for three seconds."""
        with self.lock:
            trigger = f"{self._ids.hex(12)}.{self._ids.hex(12)}"
            self._triggers[trigger] = (user, self.now() + _TRIGGER_LIFE)
            return trigger

    # -- what the API does --

    def find(self, channel: str) -> Channel:
        """A channel by id or name. Raises SlackError (channel_not_found)."""
        with self.lock:
            if channel in self.channels:
                return self.channels[channel]
            name = channel.removeprefix("#")
            for one in self.channels.values():
                if one.name == name:
                    return one
            raise SlackError("channel_not_found")

    def direct(self, user: str) -> Channel:
        """The bot's direct messages with a person; begun when there are none."""
        with self.lock:
            if user not in self.users:
                raise SlackError("channel_not_found")
            channel_id = f"D{user[1:]}"
            if channel_id not in self.channels:
                name = self.users[user].name
                self.channels[channel_id] = Channel(
                    channel_id, name, True, False, True, self.now(), user
                )
                self._messages[channel_id] = {}
            return self.channels[channel_id]

    def post(
        self,
        channel: str,
        user: str,
        text: str,
        blocks: list[Json],
        *,
        metadata: Json | None = None,
        thread_ts: str | None = None,
        broadcast: bool = False,
        ephemeral_to: str | None = None,
    ) -> Message:
        """Take in a message; a reply to a reply goes to the thread's first message."""
        with self.lock:
            if thread_ts is not None:
                parent = self._messages[channel].get(thread_ts)
                if parent is None:
                    raise SlackError("thread_not_found")
                thread_ts = parent.thread_ts or parent.ts
            message = Message(
                channel,
                self._next_ts(channel),
                user,
                text,
                blocks,
                self.now(),
                metadata,
                thread_ts,
                broadcast and thread_ts is not None,
                ephemeral_to,
            )
            if ephemeral_to is None:
                self._messages[channel][message.ts] = message
            else:
                self._ephemeral.append(message)
            method = "chat.postMessage" if ephemeral_to is None else "chat.postEphemeral"
            self._arrive(method, message)
            return message

    def edit(
        self,
        channel: str,
        ts: str,
        text: str | None,
        blocks: list[Json] | None,
        metadata: Json | None,
    ) -> Message:
        """Change one of the bot's messages; what is None stays as it is."""
        with self.lock:
            message = self.message(channel, ts)
            if message.user != self.bot_user:
                raise SlackError("cant_update_message")
            message.versions.append(
                Version(message.text, message.blocks, message.edited_at or message.at)
            )
            message.text = message.text if text is None else text
            message.blocks = message.blocks if blocks is None else blocks
            message.metadata = message.metadata if metadata is None else metadata
            message.edited_at = self.now()
            self._arrive("chat.update", message)
            return message

    def everything(self, channel: str) -> list[Message]:
        """All messages and replies of a channel, oldest first."""
        with self.lock:
            return list(self._messages[self.find(channel).id].values())

    def open_view(self, trigger: str, view: Json) -> Json:
        """Show a modal to whoever clicked. Raises SlackError for a trigger that is not (or no longer) good."""
        with self.lock:
            user, until = self._triggers.get(trigger, ("", None))
            if until is None:
                raise SlackError("invalid_trigger_id")
            if until < self.now():
                raise SlackError("expired_trigger_id")
            del self._triggers[trigger]
            opened = {
                **view,
                "id": f"V{self._ids.hex(10).upper()}",
                "team_id": self.team_id,
                "app_id": self.app_id,
                "bot_id": self.bot_id,
                "hash": f"{int(self.now().timestamp())}.{self._ids.hex(8)}",
                "state": {"values": {}},
            }
            opened["root_view_id"] = opened["id"]
            self.views.append({"user": user, "view": opened})
            return opened

    def _next_ts(self, channel: str) -> str:
        """Seconds and microseconds; never the same twice in a channel, always growing."""
        at = int(self.now().timestamp() * 1_000_000)
        at = max(at, self._last.get(channel, 0) + 1)
        self._last[channel] = at
        return f"{at // 1_000_000}.{at % 1_000_000:06d}"

    def _arrive(self, method: str, message: Message) -> None:
        arrival = Arrival(method, message.channel, message.ts, self.now(), time.perf_counter())
        self.arrivals.append(arrival)
