"""The doors of the bridge: sources (in), channels (out), and desks, which are both.

A connector is one file in `surveys/`, `desks/` or `channels/` with one class that has a `kind`. It is found by looking
into the folder; its fields are its settings in `config/bridge.toml`. No Flask, no database, no clock of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from importlib import import_module
from inspect import getmembers, isclass
from pkgutil import iter_modules
from typing import Any, ClassVar, Protocol

from msgspec import Struct

from bridge.domain.model import Action, AnyEvent, Message, Receipt

REPLAY_WINDOW = timedelta(minutes=5)


class Incoming(Struct, frozen=True, kw_only=True):
    """An HTTP request with the framework taken off. Header names are lower case; `url` is as the vendor called it."""

    method: str = "POST"
    url: str = ""
    headers: Mapping[str, str]
    body: bytes = b""
    received_at: datetime


class Response(Struct, frozen=True, kw_only=True):
    """What the vendor is answered. `keep`: once the delivery is kept; else at once, and nothing is kept."""

    status: int = 202
    type: str = "text/plain; charset=utf-8"
    body: str = ""
    keep: bool = False


class Source(Protocol):
    """A door in: one account of one vendor.

    `kind` is the vendor, `name` the section in the configuration ("zendesk-emea" in `[sources.zendesk-emea]`).
    A source is a frozen keyword-only dataclass; its other fields are its settings.
    """

    kind: ClassVar[str]
    signed: ClassVar[
        bool
    ]  # False: the vendor has no way to prove who it is, only a secret header or nothing

    @property
    def name(self) -> str: ...

    @property
    def desk(self) -> str:
        """The desk whose tickets this source speaks of; "" for none."""

    def verify(self, incoming: Incoming, secrets: Sequence[str]) -> None:
        """Raise Forged unless one of `secrets` proves the request, in constant time over the raw bytes."""

    def identify(self, incoming: Incoming) -> str:
        """The delivery's unique key: the same for a repeat of the same delivery. Raises Unreadable."""

    def answer(self, incoming: Incoming) -> Response | None:
        """What to answer to a probe (GET, HEAD, a handshake); None for a delivery that wants no more than a 202.

        A GET or HEAD comes here unverified.
        """

    def read(self, incoming: Incoming) -> Iterator[AnyEvent]:
        """The events in a delivery. Raises Unreadable, naming the field, and never anything else."""


class Dispatch(Struct, frozen=True, kw_only=True):
    """One thing to send. `marker` is unique to it and is left where it can be read back from the vendor."""

    action: Action
    to: str
    marker: str
    message: Message
    previous: Receipt | None = None  # the message to edit or to reply to
    tags: tuple[str, ...] = ()


class Channel(Protocol):
    """A door out. Every call has a time-out and no retries of its own: retrying is the queue's work."""

    kind: ClassVar[str]

    def send(self, dispatch: Dispatch) -> Receipt:
        """Send or edit. Raises Undeliverable, and never anything else, with no secret in its words."""

    def find(self, dispatch: Dispatch, since: datetime) -> Receipt | None:
        """What was already carried out under `dispatch.marker` since then; None if surely nothing was.

        Raises Unsearchable where this can't be known, else Undeliverable.
        """


class Unsearchable(Exception):
    """The channel can't tell whether a message was sent."""


class Person(Struct, frozen=True, kw_only=True):
    """A helpdesk's user."""

    id: str
    name: str = ""
    email: str = ""
    phone: str = ""
    staff: bool = False


class Desk(Channel, Protocol):
    """A helpdesk: its tickets carry our tags and notes, and can be read."""

    def ticket_url(self, key: str) -> str:
        """Where an agent opens the ticket."""

    def me(self) -> Person:
        """The user we write as. Raises Undeliverable."""

    def history(self, key: str) -> list[AnyEvent]:
        """All that is known of one ticket, as events. Raises Undeliverable."""

    def people(self, ids: Iterable[str]) -> list[Person]:
        """Users by id, those that exist. Raises Undeliverable."""

    def find_people(self, email: str, phone: str) -> list[Person]:
        """Customers with this e-mail or phone number. Raises Undeliverable."""

    def groups(self) -> dict[str, str]:
        """The helpdesk's groups: id to name. Raises Undeliverable."""


@cache
def source_kinds() -> dict[str, Any]:
    """Every kind of source, by kind."""
    return _discover("read", "connectors.desks", "connectors.surveys")


@cache
def desk_kinds() -> dict[str, Any]:
    """Every kind of desk, by kind."""
    return _discover("history", "connectors.desks")


@cache
def channel_kinds() -> dict[str, Any]:
    """Every kind of channel but the desks, by kind."""
    return _discover("send", "connectors.channels")


def _discover(method: str, *packages: str) -> dict[str, Any]:
    """Classes with a `kind` of their own and a `method`, from every module of the packages."""
    found: dict[str, Any] = {}
    for package in packages:
        for info in iter_modules(import_module(package).__path__, package + "."):
            module = import_module(info.name)
            for _, cls in getmembers(module, isclass):
                kind = vars(cls).get("kind")
                if cls.__module__ != module.__name__ or not isinstance(kind, str):
                    continue
                if not hasattr(cls, method):
                    continue
                if kind in found:
                    raise ValueError(f"{kind!r} is defined twice: {found[kind]} and {cls}")
                found[kind] = cls
    return found
