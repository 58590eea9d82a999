"""Zendesk's answers as they come: only what is read of them, and lenient in all else.

Source: developer.zendesk.com/api-reference/ticketing and introduction/pagination.
"""

from __future__ import annotations

import json
from typing import Any, TypeVar
from urllib.parse import parse_qsl, urlsplit

import msgspec
from msgspec import Struct

from connectors import Person
from connectors.desks.zendesk_history import Audit, TicketRecord, Time, clean

T = TypeVar("T")


class Minted(Struct):
    access_token: str
    expires_in: int | None = None


class Meta(Struct):
    has_more: bool = False
    after_cursor: str | None = None


class Links(Struct):
    next: str | None = None


class Page(Struct, kw_only=True):
    """By cursor (`meta`, `links`) as we ask for it, or by offset (`next_page`) where it isn't offered."""

    meta: Meta | None = None
    links: Links | None = None
    next_page: str | None = None

    def following(self) -> dict[str, str]:
        """The parameters of the next page; empty on the last."""
        if self.meta and not self.meta.has_more:
            return {}
        link = (self.links.next if self.links else None) or self.next_page or ""
        return dict(parse_qsl(urlsplit(link).query))


P = TypeVar("P", bound=Page)


class User(Struct):
    id: int | None = None
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    role: str | None = None

    def person(self) -> Person:
        return Person(
            id=str(self.id),
            name=clean(self.name),
            email=clean(self.email),
            phone=clean(self.phone),
            staff=self.role in {"agent", "admin"},
        )


class Me(Struct):
    user: User


class Users(Page, kw_only=True):
    users: list[User]


class Group(Struct):
    id: int
    name: str = ""


class Groups(Page, kw_only=True):
    groups: list[Group]


class Tags(Struct):
    tags: list[str]


class CommentRecord(Struct):
    id: int
    created_at: Time
    author_id: int | None = None
    public: bool = True
    body: str | None = None
    audit_id: int | None = None
    metadata: dict[str, Any] | None = None


class Comments(Page, kw_only=True):
    comments: list[CommentRecord]


class Audits(Page, kw_only=True):
    audits: list[Audit]


class TicketPage(Struct):
    ticket: TicketRecord


class Tickets(Page, kw_only=True):
    tickets: list[TicketRecord]


class Results(Page, kw_only=True):
    results: list[TicketRecord]


# --- incremental exports: https://developer.zendesk.com/api-reference/ticketing/ticket-management/incremental_exports/


class Export(Struct, kw_only=True):
    """A page by time: `end_time` is the epoch second it goes up to. Whether an empty page has one is unconfirmed."""

    end_time: int | None = None
    end_of_stream: bool = True

    def further(self, start: int) -> int:
        """Where to go on: always forward while there is more, lest one full second hold us for ever."""
        end = max(self.end_time or 0, start)
        return end if self.end_of_stream else max(end, start + 1)


class SaveRecord(Struct, kw_only=True):
    """One save of a ticket; see `zendesk_export` for what is in `child_events`."""

    id: int
    ticket_id: int
    created_at: Time | None = None
    timestamp: int = 0
    updater_id: int | None = None
    via: Any = None
    child_events: list[dict[str, Any]] = []


class Saves(Export, kw_only=True):
    ticket_events: list[SaveRecord]


class MetricRecord(Struct, kw_only=True):
    ticket_id: int
    type: str = ""


class Metrics(Export, kw_only=True):
    ticket_metric_events: list[MetricRecord]


# --- what an account is set up with: https://developer.zendesk.com/api-reference/webhooks/webhooks-api/webhooks and
# .../ticketing/business-rules


class Webhook(Struct, kw_only=True):
    id: str
    name: str = ""
    endpoint: str = ""
    status: str = ""
    subscriptions: list[str] | None = None
    http_method: str = ""
    request_format: str = ""


class Webhooks(Page, kw_only=True):
    webhooks: list[Webhook]


class WebhookPage(Struct):
    webhook: Webhook


class SigningSecret(Struct):
    secret: str


class SigningSecretPage(Struct):
    signing_secret: SigningSecret


class Invocation(Struct, kw_only=True):
    """One delivery of a webhook with all its attempts; `status_code` is the last answer's, if there was one."""

    status: str = ""
    status_code: int | None = None
    latest_completed_at: Time | None = None


class Invocations(Page, kw_only=True):
    invocations: list[Invocation]


class Condition(Struct, kw_only=True):
    field: str = ""
    operator: str | None = None
    value: Any = None

    def key(self) -> tuple[str, str, str]:
        """What makes two conditions the same; values come back as text or as they were sent."""
        return self.field, self.operator or "", "" if self.value is None else str(self.value)


class Conditions(Struct, kw_only=True):
    all: list[Condition] = []
    any: list[Condition] = []

    def keys(self) -> tuple[frozenset[tuple[str, str, str]], frozenset[tuple[str, str, str]]]:
        """The same for two that mean the same, in whatever order."""
        return frozenset(c.key() for c in self.all), frozenset(c.key() for c in self.any)


class TriggerAction(Struct, kw_only=True):
    field: str = ""
    value: Any = None


class Trigger(Struct, kw_only=True):
    id: int
    title: str = ""
    active: bool = True
    conditions: Conditions
    actions: list[TriggerAction] = []


class Triggers(Page, kw_only=True):
    triggers: list[Trigger]


class View(Struct, kw_only=True):
    id: int
    title: str = ""
    description: str | None = None
    active: bool = True
    conditions: Conditions


class Views(Page, kw_only=True):
    views: list[View]


class OwnToken(Struct, kw_only=True):
    scopes: list[str]


class OwnTokenPage(Struct):
    token: OwnToken


def decode(body: bytes, shape: type[T]) -> T | None:
    """The answer as `shape`; None if it is something else. Half emoji in it become question marks."""
    try:
        return convert(msgspec.json.decode(body), shape)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    try:  # the standard library takes half of a surrogate pair, which cut-off texts end with
        return convert(json.loads(body), shape)
    except (ValueError, RecursionError):
        return None


def convert(found: Any, shape: type[T]) -> T | None:
    """The same for what is decoded already."""
    try:
        return msgspec.convert(found, shape, strict=False)
    except msgspec.ValidationError:
        return None
