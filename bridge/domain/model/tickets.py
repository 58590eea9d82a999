"""What events add up to: a ticket, the clocks on it, and what is wrong with it."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from bridge.domain.model.events import Answer, VendorClock
from bridge.domain.model.kinds import Category, Severity
from bridge.domain.model.people import Contact


class Phase(Struct, frozen=True, array_like=True):
    """From `at` on, the ticket was in `category`."""

    at: datetime
    category: Category


class Said(Struct, frozen=True, array_like=True):
    """A public message: when, who wrote it, what tells it from others, and the beginning of its words."""

    at: datetime
    by: str
    ref: str
    text: str


class Measure(Struct, frozen=True, array_like=True):
    """A figure of a subject at a moment. See `Measured` for the members."""

    at: datetime
    value: float
    of: float | None = None
    usual: float | None = None
    chance: float | None = None


class Handoff(Struct, frozen=True, omit_defaults=True):
    """The ticket went from one team or agent to another, counted once however many events told of it."""

    at: datetime
    of: str  # "team" or "agent"
    source: str
    target: str
    save: str = ""


class Shift(Struct, frozen=True, array_like=True):
    """From `at` on, `team` had the ticket."""

    at: datetime
    team: str


class Rung(Struct, frozen=True, omit_defaults=True):
    """How far the timers of a goal have rung: what `Due` said of the last one. See `Due` for the members."""

    stage: str
    due_at: datetime
    started_at: datetime | None = None
    need: timedelta | None = None
    late: str = ""
    confirmed: bool = True
    quiet: bool = False


class Ticket(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A ticket as its events add up to; also the state of an answer that belongs to no ticket, and of every other
    subject that is judged: a topic, team, agent, account or metric, of which `measures` tell.

    `as_of` is the order of the newest event in it. Replies by our own integration are not counted. `whole`: all of its
    life is known, so that clocks may run on it. `known_at` is the newest moment that its desk told of.
    """

    id: str
    as_of: tuple[datetime, int, str]
    whole: bool = False
    known_at: datetime | None = None
    set_at: dict[str, datetime] = {}  # when an event of its own last told status, team, agent
    opened_at: datetime | None = None
    name: str = ""  # what people call it, where that isn't its key
    title: str = ""
    status: str = ""
    phases: tuple[Phase, ...] = ()
    priority: str = ""
    type: str = ""
    team: str = ""
    shifts: tuple[Shift, ...] = ()
    agent: str = ""
    agent_since: datetime | None = None
    last_agent: str = ""  # who had it last in this team, for counting handoffs over a gap
    last_team: str = ""
    requester: str = ""
    organisation: str = ""
    brand: str = ""
    tags: tuple[str, ...] = ()
    facts: dict[str, str] = {}  # request type and the like, as last seen
    clocks: tuple[VendorClock, ...] = ()  # the helpdesk's own, as last seen
    rung: dict[str, Rung] = {}  # by goal
    gone: str = ""  # "deleted", "spam", "merged into 17"
    waiting_since: datetime | None = None  # the customer's oldest message nobody has answered
    first_reply_at: datetime | None = None  # public, by an agent
    first_reply_by: str = ""
    last_reply_at: datetime | None = None
    last_reply_by: str = ""
    public_replies: int = 0
    internal_at: datetime | None = None
    internal_by: str = ""
    internal_notes: int = 0
    customer_at: datetime | None = None
    customer_messages: int = 0
    handoffs: tuple[Handoff, ...] = ()
    reopened: tuple[datetime, ...] = ()
    answers: tuple[Answer, ...] = ()
    messages: tuple[Said, ...] = ()  # the customer's last public ones, oldest first
    updates: tuple[Said, ...] = ()  # the agents' last public ones, oldest first
    measures: dict[str, tuple[Measure, ...]] = {}  # by metric, oldest first

    @property
    def category(self) -> Category:
        return self.phases[-1].category if self.phases else Category.NEW

    @property
    def live(self) -> bool:
        """Open in the widest sense, and still there."""
        return not self.gone and self.category.live

    @property
    def desk(self) -> str:
        """The desk this ticket lives in; "answer" for an answer without a ticket."""
        return self.id.partition(":")[0]

    @property
    def key(self) -> str:
        """The desk's own id of the ticket."""
        return self.id.partition(":")[2]


class Stage(Struct, frozen=True, array_like=True):
    """A stage of a clock, reached after `need` of working time; of a vendor's clock without a target, `need` is
    negative: the time before the breach, at 0."""

    name: str
    need: timedelta


class Clock(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One goal running on a ticket.

    `elapsed` is the working time used up to `running_since`; while `running_since` is None the clock is
    paused. `stages` are in rising order, the last is the breach; `due` are the moments they are reached if nothing
    changes, empty while paused. `nag`: how much working time lies between two reminders after the breach.
    `source` is "" for a clock of ours, else the desk whose own it is; `policy` is what chose its target.
    """

    goal: str
    started_at: datetime
    target: timedelta
    elapsed: timedelta
    running_since: datetime | None
    stages: tuple[Stage, ...]
    due: tuple[datetime, ...] = ()
    nag: timedelta | None = None
    source: str = ""
    policy: str = ""


class Deadline(Struct, frozen=True, array_like=True):
    """A row of the timer table: when the clock of `goal` that began at `started_at` reaches `stage`."""

    goal: str
    stage: str
    due_at: datetime
    started_at: datetime | None = None
    need: timedelta | None = None


class Finding(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A rule holds for a subject, now.

    `about` tells two findings of one rule on one subject apart (two survey answers, say).
    `occurrence` tells this time from an earlier time: what was told once under it is not told again
    after its alert has ended, unless it is graver. `level` changes when the words are worth an update.
    """

    rule: str
    severity: Severity
    headline: str
    since: datetime
    about: str = ""
    occurrence: str = ""
    level: str = ""
    stage: str = ""  # of a clock: "warn1", "breach", "nag2"
    facts: tuple[tuple[str, str], ...] = ()
    words: str = ""  # the customer's own
    contact: Contact = Contact()
    recording: str = ""
    fix: str = ""  # what would put it right

    @property
    def key(self) -> tuple[str, str]:
        return (self.rule, self.about)


class Reason(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A finding as part of an alert; `gone_at` is set once it no longer holds."""

    finding: Finding
    added_at: datetime
    gone_at: datetime | None = None
