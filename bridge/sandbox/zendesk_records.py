"""What a Zendesk account is made of: people, tickets, ratings, tokens, webhooks, and refusals."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

from bridge.sandbox.wire import Json, iso

STATUSES = ("new", "open", "pending", "hold", "solved", "closed")
PRIORITIES = ("low", "normal", "high", "urgent")
TYPES = ("problem", "incident", "question", "task")
EVENTS = (
    "created",
    "comment_added",
    "status_changed",
    "priority_changed",
    "type_changed",
    "subject_changed",
    "group_assignment_changed",
    "agent_assignment_changed",
    "tags_changed",
    "custom_field_changed",
    "merged",
    "soft_deleted",
)
"""What an event webhook can hear here; a trigger can hear `rated` too, which has no event type."""


class Refused(Exception):
    """The account says no; `status` and `body` are what its API answers."""

    def __init__(self, status: int, body: Json) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body

    @classmethod
    def missing(cls) -> Refused:
        """No such record, or no longer."""
        return cls(404, {"error": "RecordNotFound", "description": "Not found"})

    @classmethod
    def invalid(cls, field_name: str, why: str, error: str = "InvalidValue") -> Refused:
        """The record would not be valid with this change."""
        return cls(
            422,
            {
                "error": "RecordInvalid",
                "description": "Record validation errors",
                "details": {field_name: [{"description": why, "error": error}]},
            },
        )

    @classmethod
    def outdated(cls) -> Refused:
        """A safe update came too late."""
        return cls(
            409,
            {
                "error": "UpdateConflict",
                "description": "Safe Update prevented the update due to outdated ticket data. "
                "Please fetch the latest ticket data and try again.",
            },
        )


@dataclass(frozen=True, slots=True)
class User:
    """A person: an agent or an end user."""

    id: int
    name: str
    email: str
    phone: str | None
    role: Literal["end-user", "agent", "admin"]
    created_at: datetime

    @property
    def is_staff(self) -> bool:
        """Agents and admins are staff."""
        return self.role != "end-user"


@dataclass(frozen=True, slots=True)
class Group:
    """A team of agents."""

    id: int
    name: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Comment:
    """Words on a ticket: a public reply, or an internal note that only agents see."""

    author_id: int
    text: str
    public: bool
    html: str | None = None


@dataclass(frozen=True, slots=True)
class Rating:
    """A legacy satisfaction rating: good or bad, perhaps with a comment."""

    id: int
    ticket_id: int
    score: str
    comment: str | None
    reason: str | None
    requester_id: int
    assignee_id: int | None
    group_id: int | None
    created_at: datetime
    updated_at: datetime


@dataclass(slots=True)
class Ticket:
    """The state of a ticket. Read it; change it through `Zendesk` only."""

    id: int
    subject: str
    description: str
    status: str
    priority: str | None
    type: str | None
    requester_id: int
    submitter_id: int
    assignee_id: int | None
    group_id: int | None
    brand_id: int
    tags: tuple[str, ...]
    channel: str
    created_at: datetime
    updated_at: datetime
    external_id: str | None = None
    custom_fields: tuple[tuple[int, Any], ...] = ()
    rating: Rating | None = None
    audits: list[Json] = field(default_factory=list)
    deleted: bool = False
    merged_into: int | None = None

    @property
    def comments(self) -> list[Json]:
        """The Comment events of all audits, oldest first, with their audit's `created_at`."""
        return [
            event | {"created_at": audit["created_at"], "via": audit["via"]}
            for audit in self.audits
            for event in audit["events"]
            if event["type"] == "Comment"
        ]


@dataclass(frozen=True, slots=True)
class Saved:
    """One save of a ticket, as a trigger's condition sees it."""

    before: Ticket | None
    after: Ticket
    events: frozenset[str]
    """Names out of `EVENTS`, and `rated`."""
    actor_id: int


When: TypeAlias = Callable[[Saved], bool] | Collection[str]


@dataclass(frozen=True, slots=True)
class Webhook:
    """Where to send what. Event webhooks name subscriptions; trigger webhooks have a template."""

    id: str
    name: str
    endpoint: str
    secret: str
    subscriptions: tuple[str, ...]
    created_at: datetime
    created_by: int
    headers: tuple[tuple[str, str], ...] = ()
    when: Callable[[Saved], bool] | None = None
    template: str | None = None
    status: str = "active"

    def wants(self, event_type: str) -> bool:
        """Is this event type subscribed to?"""
        return self.status == "active" and event_type in self.subscriptions

    def sign(self, body: bytes, at: datetime) -> str:
        """Base64 HMAC-SHA256 over the timestamp's text and the raw body, keyed by the secret's text.

        Source: developer.zendesk.com/documentation/webhooks/verifying
        """
        signed = hmac.new(self.secret.encode(), iso(at).encode() + body, hashlib.sha256)
        return base64.b64encode(signed.digest()).decode()


@dataclass(frozen=True, slots=True)
class Client:
    """An OAuth client and the user that its tokens act as."""

    secret: str
    user_id: int
    scopes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Grant:
    """What an access token stands for."""

    user_id: int
    scopes: tuple[str, ...]
    expires_at: datetime | None
    client_id: str | None = None


@dataclass(slots=True)
class Job:
    """A bulk update, queued or completed."""

    id: str
    queued_at: datetime
    updates: list[tuple[int, Json]]
    user_id: int
    results: list[Json] | None = None
    completed_at: datetime | None = None


def event_type(name: str) -> str:
    """The full event type of a short name; full ones are left alone."""
    return name if ":" in name else f"zen:event-type:ticket.{name}"
