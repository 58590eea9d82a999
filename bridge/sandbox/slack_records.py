"""What a Slack workspace is made of: channels, people, messages with their edits."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from bridge.sandbox.wire import Json


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
    absent: set[str] = field(default_factory=set)
    """People who are not in it; everybody else is."""


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
