"""What happened, in our words. Everything that we know of tickets and alerts is the sum of these."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct

from bridge.domain.model.kinds import Category, Coaching, Outcome, Party, Press, Relation
from bridge.domain.model.people import Contact, Member


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
    questions: dict[str, float] = {}  # further ones by name ("communication"), each in 0..1
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


class Measured(Event, frozen=True, tag="measured"):
    """A figure of a subject that is no ticket: "topic:…", "team:…", "agent:…", "account:…" or "metric:…".

    `value` is the figure of the window that ends at `at`, `of` how many it is out of (low scores of all scores), None
    where that has no sense. Where it was compared with the subject's own past or with others, `usual` is what they
    make it expected to be, and `chance` how likely it is to be so far off by chance alone, in 0..1. `team` is the
    name of our team that answers for the subject; `seen` may give it a title and facts.
    """

    metric: str
    value: float
    of: float | None = None
    usual: float | None = None
    chance: float | None = None
    team: str = ""


class Pressed(Event, frozen=True, tag="pressed"):
    """Somebody did something about the alert with the reference `alert`; nothing of the ticket changes by it.

    `who` did it, `via` "slack", "ticket", "page" or "command line". `words` are a note, what was said or done.
    `reply` is where they are to hear why it is refused: a Slack channel and member as "C0123/U0123", "/U0123" for a
    direct message, "" for nowhere.
    """

    alert: str
    action: Press
    who: Member
    via: str = ""
    words: str = ""
    reply: str = ""
    until: datetime | None = None  # of a snooze
    people: tuple[Member, ...] = ()  # to assign (one) or to add
    reached: bool = True  # of a contact: False for an attempt
    how: str = ""  # of a contact: "phone", "e-mail", "ticket", ...
    outcome: Outcome | None = None
    cause: str = ""  # of the taxonomy in the configuration
    coaching: Coaching | None = None


class Elapsed(Event, frozen=True, tag="elapsed"):
    """A timer of the alert with the reference `alert` ran out: see `bridge.domain.timers`."""

    alert: str
    timer: str


class Heard(Event, frozen=True, tag="heard"):
    """The customer answered our question whether the alert's case was put right."""

    alert: str
    better: bool
    words: str = ""


class Checked(Event, frozen=True, tag="checked"):
    """What became of the customer `months` after the alert was resolved, and how it is known.

    `reply` is where whoever said so is thanked, as in `Pressed`.
    """

    alert: str
    months: int
    relation: Relation
    why: str = ""
    who: Member = Member()  # who said so, where no signal did
    via: str = ""
    reply: str = ""


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
    | Measured
    | Pressed
    | Elapsed
    | Heard
    | Checked
)


AboutAlert = Pressed | Elapsed | Heard | Checked
"""Events of an alert; the ticket stays as it is."""
