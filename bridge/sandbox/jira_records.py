"""What a Jira site is made of: people, projects, issues, comments, SLAs, webhooks, and refusals."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from bridge.sandbox.wire import Json

EVENTS = ("jira:issue_created", "jira:issue_updated", "jira:issue_deleted", "comment_created")
"""What an admin webhook can hear here."""

HAPPENINGS = ("created", "updated", "commented", "assigned", "moved", "rated", "deleted")
"""What an automation rule can hear here."""

PRIORITIES = {"Highest": "1", "High": "2", "Medium": "3", "Low": "4", "Lowest": "5"}
RESOLUTION = {"id": "10000", "name": "Done"}

REQUEST_TYPE = "customfield_10010"
ORGANIZATIONS = "customfield_10002"
SATISFACTION = "customfield_10033"
SLA_FIELDS = {
    "Time to resolution": "customfield_10030",
    "Time to first response": "customfield_10031",
}
_GOALS = (
    ("Time to resolution", timedelta(hours=8)),
    ("Time to first response", timedelta(hours=4)),
)
_DESK = "com.atlassian.servicedesk"
FIELDS = {
    REQUEST_TYPE: ("Request Type", "sd-customerrequesttype", f"{_DESK}:vp-origin"),
    ORGANIZATIONS: ("Organizations", "array", f"{_DESK}:sd-customer-organizations"),
    SATISFACTION: ("Satisfaction", "sd-feedback", f"{_DESK}:sd-request-feedback"),
    **{
        key: (name, "sd-servicelevelagreement", f"{_DESK}:sd-sla-field")
        for name, key in SLA_FIELDS.items()
    },
}
"""Custom fields: id to name and type. The ids differ from site to site, the types do not."""

PERMISSIONS = (
    "BROWSE_PROJECTS",
    "EDIT_ISSUES",
    "ADD_COMMENTS",
    "SERVICEDESK_AGENT",
    "ADMINISTER_PROJECTS",
    "ADMINISTER",
)
"""What a token may do here; one without ADMINISTER manages no webhooks."""


@dataclass(frozen=True, slots=True)
class Status:
    """A step of a workflow. `category` is Jira's key: new, indeterminate or done."""

    id: str
    name: str
    category: Literal["new", "indeterminate", "done"]


DESK_STATUSES = (
    Status("10100", "Waiting for support", "new"),
    Status("10101", "In progress", "indeterminate"),
    Status("10102", "Waiting for customer", "indeterminate"),
    Status("10103", "Pending", "indeterminate"),
    Status("10104", "Resolved", "done"),
    Status("10105", "Closed", "done"),
)
PLAIN_STATUSES = (
    Status("10110", "To Do", "new"),
    Status("10111", "Doing", "indeterminate"),
    Status("10112", "Done", "done"),
)
PAUSING = frozenset({"Waiting for customer", "Pending"})
"""SLAs stand still meanwhile."""


class Refused(Exception):
    """The site says no; `status` and `body` are what its API answers."""

    def __init__(self, status: int, body: Json) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body

    @classmethod
    def because(cls, status: int, message: str) -> Refused:
        """One message for the whole call."""
        return cls(status, {"errorMessages": [message], "errors": {}})

    @classmethod
    def field(cls, name: str, why: str) -> Refused:
        """400: one field of the body is wrong."""
        return cls(400, {"errorMessages": [], "errors": {name: why}})

    @classmethod
    def missing(cls) -> Refused:
        """No such issue, or none that the caller may see: Jira does not tell which."""
        return cls.because(404, "Issue does not exist or you do not have permission to see it.")

    @classmethod
    def desk(cls, status: int, message: str) -> Refused:
        """A refusal of the service desk API, which has a shape of its own."""
        return cls(status, {"errorMessage": message, "i18nErrorMessage": {"parameters": []}})


@dataclass(frozen=True, slots=True)
class User:
    """Somebody with an account. `zone` is where JQL's dates are read for this user."""

    account_id: str
    name: str
    email: str
    account_type: Literal["atlassian", "customer", "app"]
    zone: str


@dataclass(frozen=True, slots=True)
class Grant:
    """What an API token stands for."""

    user: User
    permissions: frozenset[str]


@dataclass(slots=True)
class Project:
    """A service desk, or an ordinary software project where every comment is seen by all."""

    id: str
    key: str
    name: str
    is_desk: bool
    issues_made: int = 0

    @property
    def statuses(self) -> tuple[Status, ...]:
        """Its workflow, from the first status on."""
        return DESK_STATUSES if self.is_desk else PLAIN_STATUSES

    def status(self, name: str) -> Status:
        """A status by name. Raises Refused (400) for one that the workflow lacks."""
        found = next((one for one in self.statuses if one.name.lower() == name.lower()), None)
        if found is None:
            raise Refused.because(400, f"It is not on the workflow of {self.key}: {name}")
        return found


@dataclass(frozen=True, slots=True)
class Comment:
    """Words on an issue. `public` is what Jira calls `jsdPublic`: the customer reads them too."""

    id: str
    author: str
    text: str
    public: bool
    created: datetime


@dataclass(frozen=True, slots=True)
class History:
    """One entry of the changelog: all fields that changed at once."""

    id: str
    author: str
    created: datetime
    items: tuple[Json, ...]


@dataclass(frozen=True, slots=True)
class Feedback:
    """How the customer rates the request: 1 to 5, perhaps with words."""

    rating: int
    comment: str | None


@dataclass(slots=True)
class Cycle:
    """One run of an SLA's clock; it may stand still in between."""

    start: datetime
    stop: datetime | None = None
    paused_since: datetime | None = None
    paused: timedelta = timedelta()

    def elapsed(self, now: datetime) -> timedelta:
        """How long it ran, pauses left out."""
        return (self.stop or self.paused_since or now) - self.start - self.paused

    def hold(self, at: datetime) -> None:
        """Stand still from now on."""
        self.paused_since = self.paused_since or at

    def go_on(self, at: datetime) -> None:
        """Run again."""
        if self.paused_since is not None:
            self.paused += at - self.paused_since
            self.paused_since = None


@dataclass(slots=True)
class Sla:
    """A goal and the cycles measured against it. Only the last cycle may still run."""

    id: str
    name: str
    goal: timedelta
    cycles: list[Cycle] = field(default_factory=list)

    @property
    def running(self) -> Cycle | None:
        """The cycle that has not been stopped, if any."""
        return self.cycles[-1] if self.cycles and self.cycles[-1].stop is None else None

    def finish(self, at: datetime) -> None:
        """Stop the clock; harmless when none runs."""
        cycle = self.running
        if cycle is not None:
            cycle.go_on(at)
            cycle.stop = at


def slas_from(at: datetime) -> list[Sla]:
    """The clocks of a request that was opened at this moment."""
    return [Sla(str(n), name, goal, [Cycle(at)]) for n, (name, goal) in enumerate(_GOALS, 1)]


@dataclass(slots=True)
class Issue:
    """The state of an issue. Read it; change it through `Jira` only."""

    id: str
    key: str
    project: Project
    summary: str
    description: str
    status: Status
    priority: str
    reporter: str
    creator: str
    created: datetime
    updated: datetime
    status_changed: datetime
    labels: tuple[str, ...] = ()
    assignee: str | None = None
    resolved: datetime | None = None
    request_type: str | None = None
    """None for an issue that no customer asked for: the service desk API knows nothing of it."""
    organization: str | None = None
    custom: dict[str, Any] = field(default_factory=dict)
    properties: dict[str, Any] = field(default_factory=dict)
    comments: list[Comment] = field(default_factory=list)
    changelog: list[History] = field(default_factory=list)
    slas: list[Sla] = field(default_factory=list)
    feedback: Feedback | None = None
    deleted: bool = False

    @property
    def is_request(self) -> bool:
        """Did a customer ask for it, in a service desk?"""
        return self.project.is_desk and self.request_type is not None


@dataclass(frozen=True, slots=True)
class Webhook:
    """An admin webhook: where to send which events of which issues."""

    id: int
    name: str
    url: str
    secret: str | None
    events: tuple[str, ...]
    jql: str
    created: datetime
    created_by: User | None

    def sign(self, body: bytes) -> str | None:
        """`sha256=` and the HMAC over the raw body in lower-case hex; None without a secret.

        Source: developer.atlassian.com/cloud/jira/platform/webhooks (secure admin webhooks)
        """
        if self.secret is None:
            return None
        return "sha256=" + hmac.new(self.secret.encode(), body, hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class Rule:
    """An automation rule that sends a web request with the issue as its body, unsigned."""

    id: int
    url: str
    header: str
    secret: str
    happenings: frozenset[str]
