"""What is sent: a delivery, what it says, and what came of it."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from bridge.domain.model.kinds import Action, AlertState, Press, Severity
from bridge.domain.model.people import Contact


class Delivery(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Something to be sent, or held, and why. `to` is the channel's own address (a Slack channel, a ticket)."""

    channel: str  # "slack", "email", "sms", or the name of a desk
    action: Action
    to: str
    why: str
    held: str = ""  # the reason it is not sent
    not_before: datetime | None = None
    text: str = ""  # the words of a reply; for the other actions the alert itself is told
    tags: tuple[str, ...] = ()
    calls: str = ""  # for somebody to "acknowledge", "contact", "resolve" or "close": it waits for quiet hours and
    # mutes, and is not sent once that is done
    mention: str = ""  # who is to be called by name: a Slack member, or their e-mail address


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


class Goalpost(Struct, frozen=True, kw_only=True):
    """A goal of the loop in words ("Contact the customer"), and whether it was met or missed."""

    what: str
    due_at: datetime
    met: bool = False
    missed: bool = False


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
    mention: str = ""  # a Slack member id, to be called by name
    state: AlertState = AlertState.OPEN
    about: str = ""  # the alert's subject, for buttons
    owner: str = ""  # who has it
    next: tuple[str, datetime] | None = None  # who is told next unless somebody takes it, and when
    goals: tuple[Goalpost, ...] = ()
    offers: tuple[Press, ...] = ()  # what can be done about it now; () for no buttons
    outcome: str = ""  # how it came out, in a sentence
    told: tuple[str, ...] = ()  # who was told, where: "#support-emea", "Ana (manager)"
    remark: str = ""  # why there is no note on the ticket, say
    link: str = ""  # where the case is discussed
    text: str = ""  # the words of a reply
    asks: int = (
        0  # the months after which it is asked what became of the customer; 0 where it isn't
    )
