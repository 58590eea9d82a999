"""The kinds of everything: how grave, by whom, in which state, and what people may do."""

from __future__ import annotations

from enum import Enum, IntEnum


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

    ACKNOWLEDGE = "acknowledge"  # somebody has it in hand: no more reminders, no escalation
    CONTACT = "contact"  # the customer was reached, or somebody tried
    RESOLVE = "resolve"
    REOPEN = "reopen"
    SNOOZE = "snooze"  # taken in hand, to be asked about again later
    ASSIGN = "assign"
    ADD = "add"  # further people
    NOTE = "note"
    SAY = "say"  # between the people on it, in its thread
    COACH = "coach"  # the coaching that it called for was given
    USEFUL = "useful"
    USELESS = "not useful"


class Outcome(Enum):
    """How an alert that somebody resolved came out."""

    RECOVERED = "recovered"
    NOT_RECOVERED = "not recovered"
    UNREACHABLE = "unreachable"
    NOT_JUSTIFIED = "not justified"


class Coaching(Enum):
    """Whether an employee is to be coached on what went wrong; NEEDED keeps an alert from being closed."""

    NOT_NEEDED = "not needed"
    NEEDED = "needed"
    DONE = "done"


class Relation(Enum):
    """What became of the customer, months after an alert was resolved."""

    STAYED = "stayed"
    AT_RISK = "at risk"
    LEFT = "left"
    UNKNOWN = "unknown"


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


class AlertState(Enum):
    """How far an alert has come. The customer was CONTACTED once somebody reached them."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    CONTACTED = "contacted"
    RESOLVED = "resolved"


class Action(Enum):
    """What a delivery does."""

    POST = "post"  # a new message
    EDIT = "edit"  # bring the posted message up to date; notifies nobody
    REPLY = "reply"  # in the message's thread
    BROADCAST = "broadcast"  # in the thread, and shown in the channel: what must be noticed
    DIRECT = "direct"  # to one person, wherever the channel reaches them
    WHISPER = "whisper"  # an answer that only the one who pressed sees
    NOTE = "note"  # an internal note on the ticket
    TAG = "tag"
    UNTAG = "untag"
    FOLLOW_UP = "follow up"  # the one thing that customers are written: whether it was put right
