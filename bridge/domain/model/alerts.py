"""An alert: one case that needs somebody, with all that is planned for it and was done about it."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from bridge.domain.model.kinds import AlertState, Coaching, Outcome, Relation, Severity
from bridge.domain.model.people import Member
from bridge.domain.model.tickets import Reason


class Rise(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A step of an alert's ladder, as planned when the alert opened: who is told at `at` unless somebody has it.

    `role` is who that is to the alert ("owner", "manager of Support"). `by` are the mediums, as in routes.
    """

    at: datetime
    who: Member
    role: str = ""
    by: tuple[str, ...] = ()


class Promise(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A goal of the loop on an alert: what is to be done by when, from when on it is near, and when it was done."""

    due_at: datetime
    warn_at: datetime | None = None
    met_at: datetime | None = None


class Alert(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One case that needs somebody: at most one live alert per subject, with all its reasons.

    `number` is 0 until it is stored. `ref` is short, unique and stands in every message we write, so
    that a message can be found again. `ended` says how it came to be resolved. What was planned when it opened
    (`ladder`, `nag`, `promises`) stays, whatever is configured later. `rung` are the timers that have run out.
    """

    subject: str
    ref: str
    number: int = 0
    state: AlertState = AlertState.OPEN
    severity: Severity
    opened_at: datetime
    changed_at: datetime
    reasons: tuple[Reason, ...]
    team: str = ""  # our team's name
    customer: str = ""  # who it is about, as "<desk>:<requester>"
    owner: Member = Member()
    people: tuple[Member, ...] = ()  # who else is on it
    ladder: tuple[Rise, ...] = ()
    nag: timedelta | None = None
    promises: dict[str, Promise] = {}  # "acknowledge", "contact", "resolve", "close"
    rung: tuple[str, ...] = ()
    nags: int = 0
    nagged_at: datetime | None = None
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""
    snoozed_until: datetime | None = None
    attempts: int = 0  # to reach the customer, in vain
    contacted_at: datetime | None = None
    contacted_by: str = ""
    ended_at: datetime | None = None
    ended: str = ""
    resolved_by: str = ""  # "" where it resolved itself
    outcome: Outcome | None = None
    cause: str = ""
    done: str = ""  # what was done
    coaching: Coaching | None = None
    closed_at: datetime | None = None  # resolved, and nothing is left to do
    reopened: int = 0
    reopened_at: datetime | None = None  # the last time
    useful: tuple[str, ...] = ()  # names of those who say that it was of use
    useless: tuple[str, ...] = ()  # and of those who say that it was of none
    ask_at: datetime | None = None  # when the customer is to be asked whether it helped
    checks: dict[str, datetime] = {}  # when to look what became of them, by months: "3", "6", "12"
    better: bool | None = None  # what the customer answered
    better_words: str = ""
    relations: dict[str, Relation] = {}  # by months: "3", "6", "12"

    @property
    def live(self) -> bool:
        """Somebody still has to do something for the customer."""
        return self.state is not AlertState.RESOLVED

    @property
    def waits(self) -> bool:
        """Nobody has it in hand yet."""
        return self.state is AlertState.OPEN

    @property
    def standing(self) -> tuple[Reason, ...]:
        """The reasons that still hold, gravest first, then oldest."""
        left = [r for r in self.reasons if r.gone_at is None]
        return tuple(sorted(left, key=lambda r: (-r.finding.severity, r.added_at)))
