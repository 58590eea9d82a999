"""The words of the domain: immutable values only, and the one family of errors.

The values are `msgspec` structs: frozen, without a `__dict__`, compared by value, and read from and
written to JSON by their types, so that what is stored in the database is exactly what is judged.
All times are timezone-aware, in UTC. All scores are in 0..1 (0 is worst) beside the customer's own raw value.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum, IntEnum

from msgspec import Struct


class Severity(IntEnum):
    """How urgent a finding is. Routes by severity decide who hears of it, and where."""

    INFO = 10
    WARNING = 20
    HIGH = 30
    CRITICAL = 40


class Party(Enum):
    """Who did something."""

    CUSTOMER = "customer"
    AGENT = "agent"
    SYSTEM = "system"  # triggers, bots, timers
    BRIDGE = "bridge"  # our own integration: never counts as an agent's work


class Press(Enum):
    """What people do about an alert."""

    ACKNOWLEDGE = "acknowledge"  # somebody has it in hand: no more reminders


class Category(Enum):
    """What a status means, whatever the helpdesk calls it."""

    NEW = "new"
    OPEN = "open"
    PENDING = "pending"  # waits for the customer
    HOLD = "hold"  # waits for somebody else
    SOLVED = "solved"
    CLOSED = "closed"  # for good: a closed ticket can't be written to

    @property
    def live(self) -> bool:
        """Somebody still has to do something for the customer, now or later."""
        return self not in (Category.SOLVED, Category.CLOSED)


# --- what happened -------------------------------------------------------------------------------


class Contact(Struct, frozen=True, omit_defaults=True):
    """How to reach a customer; each part may be empty."""

    name: str = ""
    email: str = ""
    phone: str = ""

    def __bool__(self) -> bool:
        return bool(self.name or self.email or self.phone)


class Answer(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One survey answer as far as it is known: a score may come first and the words later.

    `id` is stable over repeats and changes of the same answer. `score` is normalised to 0..1 from
    `raw` on the scale `low`..`high`; None where only words are known yet. `resolved` is what the
    customer said about the problem itself; None if not asked.
    """

    id: str
    score: float | None = None
    raw: str = ""  # as the customer or vendor wrote it: "0", "bad", "gold star"
    scale: str = ""  # csat, ces, nps, stars, thumbs, words, colours, number
    low: float | None = None
    high: float | None = None
    words: str = ""
    resolved: bool | None = None
    contact: Contact = Contact()
    recording: str = ""  # link to the customer's voice
    at: datetime | None = None  # set by `fold`: when the newest part of it was given


class Event(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="kind"):
    """Something happened to a subject.

    `id` is unique over all sources and the same for every repeat of the same fact. `subject` is
    "<desk>:<ticket>" ("zendesk:4711"), or "answer:<source>:<answer>" for a survey answer that
    belongs to no ticket. `at` is the vendor's time, `seq` the vendor's order within one instant;
    events are folded in the order (at, seq, id). `save` names the save that caused several events.
    """

    id: str
    subject: str
    at: datetime
    seq: int = 0
    save: str = ""
    by: Party = Party.SYSTEM
    actor: str = ""  # the vendor's id of the person or robot
    seen: Seen | None = None

    @property
    def order(self) -> tuple[datetime, int, str]:
        return (self.at, self.seq, self.id)


class VendorClock(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A clock of the helpdesk's own service levels that runs or is paused, as it was reported.

    `name` is the helpdesk's own ("first_reply_time", "Time to resolution"). A clock that has stopped is not reported.
    `breach_at` is None while it is paused, or where the helpdesk doesn't say.
    """

    name: str
    paused: bool = False
    breach_at: datetime | None = None
    started_at: datetime | None = None
    target: timedelta | None = None
    elapsed: timedelta | None = None  # of the target, when it was reported


class Seen(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The ticket as it was reported beside an event. None means not reported, "" means empty.

    A source leaves out what the event itself changes, for a report may be rendered later than the event. One that may
    be older than the event is `weak`: it counts only for what is not known yet.
    """

    weak: bool = False
    opened_at: datetime | None = None
    name: str | None = None  # what people call the ticket, where that isn't its key: "HELP-12"
    title: str | None = None
    status: str | None = None  # the helpdesk's own word, lower case
    means: Category | None = None  # what the helpdesk says the status means, if it does
    priority: str | None = None
    type: str | None = None
    team: str | None = None  # the helpdesk's group or project
    agent: str | None = None
    requester: str | None = None
    organisation: str | None = None
    brand: str | None = None
    tags: tuple[str, ...] | None = None
    facts: dict[str, str] | None = None  # what else is worth keeping; joined to what is known
    clocks: tuple[VendorClock, ...] | None = None  # all that run or are paused; () for none


class Opened(Event, frozen=True, tag="opened"):
    """A ticket was opened; `by` is the customer unless an agent opened it for them."""

    text: str = ""


class Replied(Event, frozen=True, tag="replied"):
    """A comment was written: public (the customer sees it) or internal."""

    public: bool
    text: str = ""
    ref: str = ""  # the vendor's comment id


class StatusChanged(Event, frozen=True, tag="status"):
    """`status` is the helpdesk's own word; the map of statuses says what it means, else `means`, else open."""

    status: str
    means: Category | None = None


class PriorityChanged(Event, frozen=True, tag="priority"):
    """Lower case: low, normal, high, urgent, or the helpdesk's own word."""

    priority: str


class Assigned(Event, frozen=True, tag="assigned"):
    """The team or the agent changed; None leaves one as it was, "" means nobody."""

    team: str | None = None
    agent: str | None = None


class Tagged(Event, frozen=True, tag="tagged"):
    """Tags or labels came or went."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


class Touched(Event, frozen=True, tag="touched"):
    """Something else about the ticket changed; `read` asks for the ticket to be read from its desk."""

    read: bool = False


class Gone(Event, frozen=True, tag="gone"):
    """The ticket was deleted, marked as spam, or merged into `into`. `back` undoes it."""

    why: str = "deleted"
    into: str = ""
    back: bool = False


class Rated(Event, frozen=True, tag="rated"):
    """A customer answered a survey, or changed or completed an answer."""

    answer: Answer


class Read(Event, frozen=True, tag="read"):
    """The ticket's whole history up to `at` was read from its desk: no clock on it is unknown any more.

    `seen` is the ticket as the desk showed it, and true whatever the events add up to. `quiet`: what was wrong
    already at `found_at` is not told (a first import).
    """

    quiet: bool = False
    found_at: datetime | None = None


class Due(Event, frozen=True, tag="due"):
    """A timer rang: the clock of `goal` that began at `started_at` reached `stage`, after `need` of working time.

    `late` says why it rang late, where it did. `confirmed`: the ticket was read afresh before. `quiet`: nobody is told.
    """

    goal: str
    stage: str
    started_at: datetime | None = None
    need: timedelta | None = None
    late: str = ""
    confirmed: bool = True
    quiet: bool = False


class Pressed(Event, frozen=True, tag="pressed"):
    """Somebody did something about the alert with the reference `alert`; nothing of the ticket changes by it."""

    alert: str
    action: Press
    who: str  # a name, as people know it


AnyEvent = (
    Opened
    | Replied
    | StatusChanged
    | PriorityChanged
    | Assigned
    | Tagged
    | Touched
    | Gone
    | Rated
    | Read
    | Due
    | Pressed
)

# --- what it adds up to --------------------------------------------------------------------------


class Phase(Struct, frozen=True, array_like=True):
    """From `at` on, the ticket was in `category`."""

    at: datetime
    category: Category


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
    """A ticket as its events add up to; also the state of an answer that belongs to no ticket.

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


# --- what we make of it --------------------------------------------------------------------------


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


class AlertState(Enum):
    OPEN = "open"
    RESOLVED = "resolved"


class Alert(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One case that needs somebody: at most one live alert per subject, with all its reasons.

    `number` is 0 until it is stored. `ref` is short, unique and stands in every message we write, so
    that a message can be found again. `ended` says how it came to be resolved.
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
    owner: str = ""
    ended_at: datetime | None = None
    ended: str = ""
    acknowledged_at: datetime | None = None
    acknowledged_by: str = ""

    @property
    def standing(self) -> tuple[Reason, ...]:
        """The reasons that still hold, gravest first, then oldest."""
        left = [r for r in self.reasons if r.gone_at is None]
        return tuple(sorted(left, key=lambda r: (-r.finding.severity, r.added_at)))


class Team(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A team of ours: who is responsible, and where it hears of alerts.

    `groups` are the helpdesk's groups that are this team's, as "<desk>:<group id>".
    """

    name: str
    parent: str = ""
    slack_channel: str = ""  # channel id, "C0123ABCD"
    manager: str = ""
    manager_slack: str = ""  # member id, "U0123ABCD"
    manager_email: str = ""
    manager_phone: str = ""
    calendar: str = ""
    routes: str = ""
    groups: tuple[str, ...] = ()


class Action(Enum):
    """What a delivery does."""

    POST = "post"  # a new message
    EDIT = "edit"  # bring the posted message up to date; notifies nobody
    REPLY = "reply"  # in the message's thread
    BROADCAST = "broadcast"  # in the thread, and shown in the channel: what must be noticed
    NOTE = "note"  # an internal note on the ticket
    TAG = "tag"
    UNTAG = "untag"


class Delivery(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something to be sent, or held, and why. `to` is the channel's own address (a Slack channel, a ticket)."""

    channel: str  # "slack", or the name of a desk
    action: Action
    to: str
    why: str
    held: str = ""  # the reason it is not sent
    not_before: datetime | None = None
    text: str = ""  # the words of a reply; for the other actions the alert itself is told
    tags: tuple[str, ...] = ()


class Receipt(Struct, frozen=True, omit_defaults=True):
    """What a vendor gave us for what we sent: lets the next message edit it, and us recognise our own."""

    ref: str  # Slack ts; Zendesk comment id
    to: str = ""  # Slack channel id as Slack answered it
    own: tuple[str, ...] = ()  # further ids of our own write ("audit:12", "comment:13")
    remark: str = ""  # "may repeat", say


class Line(Struct, frozen=True, kw_only=True):
    """A reason in words."""

    rule: str
    severity: Severity
    headline: str
    facts: tuple[tuple[str, str], ...] = ()
    words: str = ""
    recording: str = ""
    playbook: str = ""
    fix: str = ""
    gone: bool = False


class Message(Struct, frozen=True, kw_only=True):
    """An alert in words, for any medium. Nothing in it is escaped: that is each medium's own work.

    All that a customer, an agent or a vendor wrote is here as they wrote it: treat every string as hostile.
    """

    ref: str
    severity: Severity
    resolved: bool
    headline: str  # one line: the gravest reason, or how it ended
    lines: tuple[Line, ...]
    subject: str  # "Ticket 4711" or "Survey answer"
    since: datetime
    title: str = ""
    url: str = ""  # the ticket in the helpdesk
    customer: Contact = Contact()
    team: str = ""
    manager: str = ""
    manager_slack: str = ""  # a Slack member id, to mention
    told: tuple[str, ...] = ()  # who was told, where: "#support-emea", "Ana (manager)"
    remark: str = ""  # why there is no note on the ticket, say
    link: str = ""  # where the case is discussed
    text: str = ""  # the words of a reply


# --- errors --------------------------------------------------------------------------------------


class BridgeError(Exception):
    """The family of all errors of ours; its message says what is wrong and what to do."""


class ConfigError(BridgeError):
    """A setting is wrong; the message names the file, the line, the key and the way out."""


class Forged(BridgeError):
    """A request does not prove that it comes from the vendor it claims."""


class Unreadable(BridgeError):
    """A payload isn't what the source can read; the message names the field. It is kept and can be replayed."""


class Undeliverable(BridgeError):
    """Sending failed.

    `retry_after` None: it never will succeed as it is, and a person has to look. Else it may be tried
    again after that time. `unsure` means that the vendor may have carried it out although no answer came.
    `wide` means the cause is not this message but the channel or the account (rate limit, outage).
    """

    def __init__(
        self,
        why: str,
        *,
        retry_after: timedelta | None = None,
        unsure: bool = False,
        wide: bool = False,
    ) -> None:
        super().__init__(why)
        self.retry_after = retry_after
        self.unsure = unsure
        self.wide = wide
