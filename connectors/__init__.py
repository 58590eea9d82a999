"""The doors of the bridge: sources (in), channels (out), and desks, which are both.

A connector is one file in `surveys/`, `calls/`, `feeds/`, `desks/` or `channels/` with one class that has a `kind`. It
is found by looking into the folder; its fields are its settings in `config/bridge.toml`. It knows no Flask, no database
and no clock.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from importlib import import_module
from inspect import getmembers, isclass
from pkgutil import iter_modules
from typing import Any, ClassVar, Protocol, runtime_checkable

from msgspec import Struct

from bridge.domain.accounts import Change
from bridge.domain.model import Action, AnyEvent, Message, Receipt, Seen, Undeliverable

REPLAY_WINDOW = timedelta(minutes=5)
KEPT_HEADERS = ("content-type", "user-agent", "webhook-id", "webhook-timestamp")


class Incoming(Struct, frozen=True, kw_only=True):
    """An HTTP request with the framework taken off. Header names are lower case; `url` is as the vendor called it.

    `fetched` is what a `Fetching` source was given when it asked the vendor what the delivery is about.
    """

    method: str = "POST"
    url: str = ""
    headers: Mapping[str, str]
    body: bytes = b""
    received_at: datetime
    fetched: bytes = b""


class Response(Struct, frozen=True, kw_only=True):
    """What the vendor is answered. `keep`: once the delivery is kept; else at once, and nothing is kept."""

    status: int = 202
    type: str = "text/plain; charset=utf-8"
    body: str = ""
    keep: bool = False


class Source(Protocol):
    """A door in: one account of one vendor.

    `kind` is the vendor, `name` the section in the configuration ("zendesk-emea" in `[sources.zendesk-emea]`).
    A source is a frozen keyword-only dataclass; its other fields are its settings. `signed` is False where the
    vendor has no signature of its own, only a secret header or nothing. `keeps` are the headers, in lower case, that
    `identify` and `read` need of a kept delivery besides `KEPT_HEADERS`. `setup` tells an admin in numbered steps what
    to paste where at the vendor's; `{name}`, `{url}`, `{variable}` and `{secret}` in it are filled in.
    """

    kind: ClassVar[str]
    signed: ClassVar[bool]
    keeps: ClassVar[tuple[str, ...]]
    setup: ClassVar[str]

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


@runtime_checkable
class Fetching(Protocol):
    """A Source whose deliveries hold ids only: what they are about is asked for once, and kept beside them."""

    def fetch(self, incoming: Incoming, token: str) -> bytes:
        """What `read` then finds in `incoming.fetched`; `token` is the vendor's API token.

        Raises Unreadable where the delivery doesn't say what to ask for, and Undeliverable.
        """


@runtime_checkable
class Telling(Protocol):
    """A Source that tells of customers' accounts: rows that change once a delivery is read, beside its events."""

    def changes(self, incoming: Incoming) -> tuple[Change, ...]:
        """What the delivery says of accounts. Raises Unreadable, naming the field."""


class Scrubbing(Protocol):
    """A Source whose secret comes in the body, where it is not to be kept."""

    def scrub(self, incoming: Incoming) -> bytes:
        """The body without the secret. Never raises: what can't be read is given back as it is."""


class Polled(Struct, frozen=True, kw_only=True):
    """What a poll found: deliveries as (key, body), and from where to go on.

    `more`: at once, there is more. `failure` is what stopped the poll half way: what it found until then is kept,
    and it goes on from the cursor once that has passed.
    """

    deliveries: tuple[tuple[str, bytes], ...]
    cursor: str
    more: bool = False
    failure: Undeliverable | None = None


@runtime_checkable
class Polling(Protocol):
    """A Source that nobody calls: it is asked for news every so often. What it finds goes the way of all deliveries.

    It has a setting `every`, a timedelta. Its `verify` refuses everything, for nothing is to come in from outside.
    """

    def poll(self, desk: Desk, cursor: str, now: datetime) -> Polled:
        """News since `cursor` ("" at the very first time: only what is new from now on, or the last day's).

        Raises Undeliverable. Repeats are harmless: the key of a delivery is what it was called before.
        """


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


class Letter(Struct, frozen=True, kw_only=True):
    """An e-mail to one person, in words that are escaped for each of its two forms already.

    `marker` makes the Message-ID: the same for every repeat. `unsubscribe` is an https or a mailto address for
    List-Unsubscribe, `reply_to` an address; each may be empty.
    """

    to: str
    subject: str
    text: str
    html: str
    marker: str
    unsubscribe: str = ""
    reply_to: str = ""


class Unsearchable(Exception):
    """The channel can't tell whether a message was sent."""


class Declined(Undeliverable):
    """The receiver wants no messages from us. Nobody else is concerned, and only they can change it."""

    def __init__(self, why: str) -> None:
        super().__init__(why)


class Person(Struct, frozen=True, kw_only=True):
    """A helpdesk's user."""

    id: str
    name: str = ""
    email: str = ""
    phone: str = ""
    staff: bool = False


class Found(Struct, frozen=True):
    """One thing that was looked at: what it is, whether all is well, and the next step where it isn't."""

    ok: bool
    what: str
    fix: str = ""


class Door(Struct, frozen=True, kw_only=True):
    """One of our sources as the vendor is to call it; `secret` is "" while its `variable` isn't set."""

    name: str
    kind: str
    url: str
    variable: str
    secret: str = ""


class Step(Struct, frozen=True, kw_only=True):
    """One step of setting up a vendor's side.

    `do` is one of "create", "change", "keep", "remove", "by hand". Where the step yields a secret for our
    side, `variable` is the name it is to be given and `secret` its value; both "" otherwise.
    """

    do: str
    what: str
    detail: str = ""
    variable: str = ""
    secret: str = ""


class Setup(Protocol):
    """The vendor's side of the doors, made and looked after by us. Idempotent; touches only what is ours."""

    def run(self, *, dry: bool = False) -> Iterator[Step]:
        """Make what is missing and mend what differs, telling each step as it is done. Raises Undeliverable."""

    def remove(self, *, dry: bool = False) -> Iterator[Step]:
        """Take away what `run` has made. Raises Undeliverable."""

    def inspect(self, now: datetime) -> Iterator[Found]:
        """Credentials, scopes, webhooks and their last deliveries, clocks: what is wrong, and what to do.

        Raises nothing: what can't be looked at is a finding.
        """


class State(Struct, frozen=True, kw_only=True):
    """A ticket as its desk shows it now.

    `gone` says why it isn't there any more ("deleted"); then nothing else is known. `seen` has all that is tracked,
    and `clocks` where the desk is asked for its own service levels; None where it can't be read.
    """

    key: str
    updated_at: datetime | None = None
    seen: Seen | None = None
    gone: str = ""


Known = Callable[[Collection[str]], Collection[str]]
"""Tells which of these event ids are known already, so that nothing more is asked about them."""


class Swept(Struct, frozen=True, kw_only=True):
    """What a sweep found: events, known or not, and from where to go on.

    `states` are of tickets that changed, where the desk is asked for its own service levels. `more`: at once, there is
    more. `failure` is what stopped the sweep half way; it goes on from the cursor once that has passed.
    """

    events: tuple[AnyEvent, ...]
    cursor: str
    states: tuple[State, ...] = ()
    more: bool = False
    failure: Undeliverable | None = None


class Past(Struct, frozen=True, kw_only=True):
    """A step of reading all open tickets with their past.

    A ticket's history is complete once its `Read` has come; `unread` are keys of tickets whose history has to be read
    one by one. `cursor` is where to begin again after a break. `done` of `total` tickets are finished.
    """

    cursor: str
    done: int
    total: int
    events: tuple[AnyEvent, ...] = ()
    unread: tuple[str, ...] = ()


class Desk(Channel, Protocol):
    """A helpdesk: its tickets carry our tags and notes, and can be read.

    A desk is a frozen keyword-only dataclass. Handed in are its `name` and `token`, which gives the current access
    token, or with True a new one after a refusal; its other fields are its settings. One that mints its tokens from
    client credentials has a static `mint`; the others live on one token in a variable.
    """

    def ticket_url(self, key: str, name: str = "") -> str:
        """Where an agent opens the ticket; `name` is what people call it, where that isn't its key."""

    def ask(self, key: str, text: str, marker: str) -> Receipt:
        """Ask the customer in public whether it was put right: the only way to write what a customer sees.

        It takes no Message, so that nothing of an alert is in it. Raises Undeliverable.
        """

    def asked(self, key: str, marker: str, since: datetime) -> Receipt | None:
        """The question with this marker, if it was asked since then; None if surely it wasn't.

        Raises Unsearchable where this can't be known, else Undeliverable.
        """

    def setup(self, doors: Sequence[Door]) -> Setup:
        """The helpdesk's side of these doors."""

    def me(self) -> Person:
        """The user we write as. Raises Undeliverable."""

    def history(self, key: str) -> list[AnyEvent]:
        """All that is known of one ticket, as events, the last of them a `Read`. Raises Undeliverable.

        The same fact has the same event id here, in `sweep`, in `past`, and in the desk's webhooks.
        """

    def states(self, keys: Sequence[str]) -> list[State]:
        """Tickets as they are now, each once; what is gone is told as gone. Raises Undeliverable.

        They are asked for in batches, as big as the vendor takes.
        """

    def sweep(self, cursor: str, now: datetime, known: Known) -> Swept:
        """What happened to any ticket since `cursor` ("" at the very first time: from now on).

        Windows overlap, for what a vendor tells last may come late: what is known is told again. Raises Undeliverable.
        """

    def past(self, cursor: str, now: datetime) -> Iterator[Past]:
        """Every open ticket with its history, from `cursor` ("" from the start). Raises Undeliverable half way."""

    def people(self, ids: Iterable[str]) -> list[Person]:
        """Users by id, those that exist. Raises Undeliverable."""

    def find_people(self, email: str, phone: str) -> list[Person]:
        """Customers with this e-mail or phone number. Raises Undeliverable."""

    def groups(self) -> dict[str, str]:
        """The helpdesk's groups: id to name. Raises Undeliverable."""


@cache
def source_kinds() -> dict[str, Any]:
    """Every kind of source, by kind."""
    return _discover(
        "read",
        "connectors.desks",
        "connectors.surveys",
        "connectors.calls",
        "connectors.people",
        "connectors.feeds",
    )


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
