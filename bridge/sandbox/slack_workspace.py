"""What a Slack workspace holds: channels, people, tokens, messages with their threads and edits.

What the app does to it over HTTP is in `slack_api`, what people do in `slack`.
Shapes and errors follow docs.slack.dev/reference/methods and docs.slack.dev/apis/web-api/rate-limits.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

from bridge.sandbox.slack_answers import REPLY_TIME, ReplyAddress
from bridge.sandbox.slack_records import Arrival, Channel, Message, SlackError, User, Version
from bridge.sandbox.slack_views import Views
from bridge.sandbox.wire import Bucket, Clock, Ids, Json, Window

SCOPES = (
    "channels:history",
    "channels:join",
    "channels:read",
    "chat:write",
    "commands",
    "groups:history",
    "groups:read",
    "im:history",
    "im:write",
    "users:read",
    "users:read.email",
)
"""What `add_token` grants when not told otherwise."""


class Workspace:
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
        self.arrivals: list[Arrival] = []
        self.calls: Counter[str] = Counter()
        """Calls that arrived, by method, as `chat.postMessage`."""
        self.post_limit = Bucket(now, messages_per_second, burst)
        self.method_limit = Window(now, calls_per_minute, timedelta(minutes=1))
        self.lock = threading.RLock()
        self._messages: dict[str, dict[str, Message]] = {}
        self._ephemeral: list[Message] = []
        self._last: dict[str, int] = {}  # channel -> microseconds of its last ts
        self._ids = Ids(f"slack:{team}")
        self.views = Views(now, self._ids, self.lock)
        self.hooks_url = "https://hooks.slack.com"
        """What stands before the path of every response_url."""
        self.reply_addresses: dict[str, ReplyAddress] = {}
        """Each response_url that was handed out, by its path."""

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

    def leave(self, channel: str, user: str) -> None:
        """A person goes out of a channel: nothing can be whispered to them there."""
        with self.lock:
            self.find(channel).absent.add(user)

    def revoke(self, token: str) -> None:
        """The app was uninstalled: `token_revoked` from now on."""
        with self.lock:
            self.revoked.add(token)

    # -- what people see --

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

    def ephemerals(self, channel: str | None = None, user: str | None = None) -> list[Message]:
        """What was shown to one person only: in a channel or in all, to somebody or to anybody."""
        with self.lock:
            wanted = self.find(channel).id if channel else None
            return [
                one
                for one in self._ephemeral
                if wanted in {None, one.channel} and user in {None, one.ephemeral_to}
            ]

    def seen(self, user: str, ts: str) -> list[Message]:
        """The messages with this ts that a person can see, whispers with them."""
        with self.lock:
            found = [kept[ts] for kept in self._messages.values() if ts in kept]
            found += [one for one in self.ephemerals(user=user) if one.ts == ts]
            return [one for one in found if self.is_in(user, self.channels[one.channel])]

    def is_in(self, user: str, channel: Channel) -> bool:
        """Does a person belong to a channel, or are these their direct messages?"""
        return channel.user in {None, user} and user not in channel.absent

    def permalink(self, message: Message) -> str:
        """The address of a message (docs.slack.dev/reference/methods/chat.getPermalink)."""
        link = f"https://{self.team}.slack.com/archives/{message.channel}/p{message.ts.replace('.', '')}"
        return (
            f"{link}?thread_ts={message.thread_ts}&cid={message.channel}"
            if message.is_reply
            else link
        )

    def count(self, channel: str | None = None) -> int:
        """Messages and replies in a channel, or in all."""
        with self.lock:
            wanted = [self.find(channel).id] if channel else list(self._messages)
            return sum(len(self._messages[one]) for one in wanted)

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
            self.change(message, text, blocks, metadata)
            self._arrive("chat.update", message)
            return message

    def change(
        self,
        message: Message,
        text: str | None,
        blocks: list[Json] | None,
        metadata: Json | None = None,
    ) -> None:
        """The message as it reads from now on; what is None stays as it is."""
        with self.lock:
            before = Version(message.text, message.blocks, message.edited_at or message.at)
            message.versions.append(before)
            message.text = message.text if text is None else text
            message.blocks = message.blocks if blocks is None else blocks
            message.metadata = message.metadata if metadata is None else metadata
            message.edited_at = self.now()

    def response_url(self, channel: str, user: str, message: Message | None = None) -> str:
        """An address for answers to what somebody just did in a channel, perhaps to a message."""
        with self.lock:
            path = f"/actions/{self.team_id}/{int(self._ids.hex(10), 16)}/{self._ids.hex(24)}"
            until = self.now() + REPLY_TIME
            self.reply_addresses[path] = ReplyAddress(channel, user, message, until)
            return self.hooks_url + path

    def delete(self, message: Message) -> None:
        """Take a message away, or a whisper."""
        with self.lock:
            if message.ephemeral_to is None:
                self._messages[message.channel].pop(message.ts, None)
            elif message in self._ephemeral:
                self._ephemeral.remove(message)

    def everything(self, channel: str) -> list[Message]:
        """All messages and replies of a channel, oldest first."""
        with self.lock:
            return list(self._messages[self.find(channel).id].values())

    def _next_ts(self, channel: str) -> str:
        """Seconds and microseconds; never the same twice in a channel, always growing."""
        at = int(self.now().timestamp() * 1_000_000)
        at = max(at, self._last.get(channel, 0) + 1)
        self._last[channel] = at
        return f"{at // 1_000_000}.{at % 1_000_000:06d}"

    def _arrive(self, method: str, message: Message) -> None:
        arrival = Arrival(method, message.channel, message.ts, self.now(), time.perf_counter())
        self.arrivals.append(arrival)
