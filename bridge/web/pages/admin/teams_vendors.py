"""What Slack and the helpdesks call things, for pages: asked in the background, and kept for some minutes.

A page waits a moment for an answer and then goes on without it: ids stand in for names while a vendor is away.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future, wait
from datetime import datetime, timedelta
from threading import Lock, Thread
from typing import Generic, TypeVar, cast

from flask import current_app
from msgspec import Struct

from bridge.domain.model import ConfigError, Undeliverable
from bridge.web.pages.here import bridge
from bridge.work.bridge import Bridge
from connectors import channel_kinds
from connectors.channels.slack import Slack
from connectors.channels.slack_list import Room, Rooms, rooms

GOOD_FOR = timedelta(minutes=5)
AGAIN = timedelta(seconds=30)
"""How soon a vendor that gave no answer is asked again."""

PATIENCE = 3.0
"""Seconds that a page waits."""

T = TypeVar("T")
_KEY = "alert-bridge-vendors"
_FAILURES = (Undeliverable, ConfigError)


class Told(Struct, Generic[T], frozen=True):
    """What a vendor said last, None if nothing yet; `trouble` is why it said nothing now, None where it did."""

    value: T | None = None
    trouble: Exception | None = None
    late: bool = False


class Seat(Struct, frozen=True, kw_only=True):
    """A team's channel as people call it; `joined` is None where nobody can tell whether the bot is in it."""

    id: str
    name: str = ""
    private: bool = False
    joined: bool | None = None


class Known(Generic[T]):
    """One question to a vendor, and its last answer."""

    def __init__(self, fetch: Callable[[], T], patience: float = PATIENCE) -> None:
        self.fetch = fetch
        self.patience = patience
        self.value: T | None = None
        self.asked: Future[T] | None = None
        self.asked_at: datetime | None = None
        self.lock = Lock()

    def begin(self, now: datetime) -> Future[T]:
        """Ask the vendor where the last answer is too old; don't wait."""
        with self.lock:
            if self.asked is None or self._stale(now):
                self.asked, self.asked_at = Future(), now
                Thread(target=self._run, args=(self.asked,), daemon=True).start()
            return self.asked

    def told(self, now: datetime) -> Told[T]:
        """The answer, waited for with some patience; else the last one that there was."""
        asked = self.begin(now)
        wait([asked], timeout=self.patience)
        if not asked.done():
            return Told(self.value, late=True)
        if trouble := asked.exception():
            if not isinstance(trouble, _FAILURES):
                raise trouble
            return Told(self.value, trouble)
        self.value = asked.result()
        return Told(self.value)

    def forget(self) -> None:
        """Ask anew the next time."""
        with self.lock:
            self.asked = None

    def _stale(self, now: datetime) -> bool:
        if self.asked is None or self.asked_at is None or not self.asked.done():
            return False
        kept = AGAIN if self.asked.exception() else GOOD_FOR
        return now - self.asked_at >= kept

    def _run(self, asked: Future[T]) -> None:
        try:
            asked.set_result(self.fetch())
        except BaseException as error:  # noqa: BLE001 - raised again where the answer is looked at
            asked.set_exception(error)


class Vendors:
    """All that is asked of vendors for these pages, in one process."""

    def __init__(self, bridge: Bridge) -> None:
        self._bridge = bridge
        self._rooms: dict[int, Known[Rooms]] = {}
        self._groups = {name: Known(self._asking(name)) for name in bridge.settings.desks}

    def rooms(self, pages: int = 3) -> Told[Rooms]:
        """The channels of Slack on so many pages. Without Slack's token the trouble is a ConfigError."""
        known = self._rooms.setdefault(
            pages, Known(lambda: rooms(slack(self._bridge), pages=pages))
        )
        return known.told(self._bridge.now())

    def forget_rooms(self) -> None:
        """Ask Slack anew the next time."""
        for known in self._rooms.values():
            known.forget()

    def groups(self) -> dict[str, str]:
        """The helpdesks' groups and projects as "<desk>:<id>", by name; without those of desks that don't answer."""
        found: dict[str, str] = {}
        for known in self._groups.values():
            known.begin(self._bridge.now())
        for desk, known in self._groups.items():
            told = known.told(self._bridge.now()).value or {}
            found |= {f"{desk}:{number}": name for number, name in told.items()}
        return found

    def _asking(self, name: str) -> Callable[[], Mapping[str, str]]:
        def fetch() -> Mapping[str, str]:
            return self._bridge.desks[name].groups()  # a desk without credentials is told here

        return fetch


def vendors() -> Vendors:
    """Those of the application that serves the page."""
    found = current_app.extensions.setdefault(_KEY, None) or Vendors(bridge())
    current_app.extensions[_KEY] = found
    return cast("Vendors", found)


def seats(told: Told[Rooms]) -> Callable[[str], Seat]:
    """What is known of teams' channels, by their ids."""
    by_id = {one.id: one for one in told.value.found} if told.value else {}
    unseen = False if told.value and told.value.whole else None

    def seat(channel: str) -> Seat:
        found: Room | None = by_id.get(channel)
        if found is None:
            return Seat(id=channel, joined=unseen)
        return Seat(id=channel, name=found.name, private=found.private, joined=found.joined)

    return seat


def slack(bridge: Bridge) -> Slack:
    """Slack alone, whatever else is configured. Raises ConfigError where it isn't, or has no token."""
    section = bridge.settings.slack
    if section is None:
        raise ConfigError("add [channels.slack]; docs/setup-slack.md")
    made = channel_kinds()["slack"](
        name="slack",
        token=bridge.settings.secret(section.token),
        base_url=section.base_url,
        budget=bridge.budget,
    )
    return cast("Slack", made)
