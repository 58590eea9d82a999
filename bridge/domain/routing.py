"""Plan deliveries: who is told what, now, and why. Pure decisions; each names its reason."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime

from msgspec import Struct

from bridge.domain.alerts import Change, Step
from bridge.domain.loop import Loop
from bridge.domain.model import (
    Action,
    Alert,
    AlertState,
    Category,
    Contact,
    Delivery,
    Member,
    Reason,
    Severity,
    Ticket,
)
from bridge.domain.saying import BY_PEOPLE, call, goal, reply, waited

SLACK, TICKET, EMAIL, SMS = "slack", "ticket", "email", "sms"
MENTION, DIRECT, DIGEST = "mention", "direct", "digest"
MEDIUMS = (TICKET, SLACK, MENTION, DIRECT, SMS, EMAIL, DIGEST)
"""How an alert may be told: on the ticket, in the team's Slack channel, there with a mention of who is to act, to
them directly, on their phone, by e-mail; or in the daily digest only, in which every live alert stands anyway."""

NO_CALL = frozenset({TICKET, DIGEST})
"""The mediums that call nobody."""

Routes = Mapping[Severity, tuple[str, ...]]
"""The mediums by severity."""

DEFAULT_ROUTES: Routes = {
    Severity.INFO: (DIGEST,),
    Severity.WARNING: (TICKET, SLACK),
    Severity.HIGH: (TICKET, SLACK, MENTION),
    Severity.CRITICAL: (TICKET, SLACK, MENTION, DIRECT, SMS, EMAIL),
}

IN_PRIVATE: Routes = dict.fromkeys(Severity, (DIRECT,))
"""How private alerts are told, see `bridge.domain.viewing`: to whoever is responsible, and nowhere else."""

_OPENING = frozenset({Change.OPENED, Change.ADDED, Change.RAISED, Change.REOPENED})
"""After these an alert is told where it was not told yet."""


class Plan(Struct, frozen=True):
    """What deciding needs to know besides the alert.

    `desk` is the desk that the subject is a ticket of, "" for none. `posted`: the mediums that carry a
    message of this alert already (or are about to). `customer` is how to reach them for the question whether it
    helped. `channels` are those that are configured.
    """

    loop: Loop
    routes: Routes
    desk: str
    posted: frozenset[str] = frozenset()
    customer: Contact = Contact()
    channels: frozenset[str] = frozenset((SLACK, EMAIL, SMS))


def plan(
    alert: Alert, ticket: Ticket, steps: tuple[Step, ...], facts: Plan
) -> tuple[Delivery, ...]:
    """The deliveries for what became of the alert, in the order they are to be sent."""
    if not steps:
        return ()
    return (
        *_on_ticket(alert, ticket, steps, facts),
        *_whispers(alert, steps),
        *_in_slack(alert, steps, facts),
        *_to_people(alert, steps, facts),
        *_to_customer(ticket, steps, facts),
    )


def tag(rule: str) -> str:
    """The tag on a ticket for a rule's finding. Contains no space, so that it is a Jira label too."""
    return f"alert_{rule}"


def _goes_to(medium: str, alert: Alert, facts: Plan) -> bool:
    """By its severity, or because it is there already: what was told is kept current to the end."""
    return medium in facts.posted or medium in facts.routes.get(alert.severity, ())


# --- on the ticket


def _on_ticket(
    alert: Alert, ticket: Ticket, steps: tuple[Step, ...], facts: Plan
) -> Iterator[Delivery]:
    if not facts.desk:
        return
    held = ""
    if ticket.gone:
        held = f"the ticket was {ticket.gone}"
    elif ticket.category is Category.CLOSED:
        held = "the ticket is closed and cannot be written to"

    def deliver(action: Action, why: str, tags: tuple[str, ...] = (), text: str = "") -> Delivery:
        return Delivery(
            channel=facts.desk,
            action=action,
            to=ticket.key,
            why=why,
            held=held,
            tags=tags,
            text=text,
        )

    if obeyed := tuple(dict.fromkeys(s.words for s in steps if s.change is Change.OBEYED)):
        yield deliver(Action.UNTAG, "the command was obeyed", obeyed)
    for step in steps:
        if step.change is Change.REFUSED and step.via == "ticket":
            text = f"Alert {alert.ref}: not done. {step.words}"
            yield deliver(Action.NOTE, "not done", text=text)
    if not _goes_to(TICKET, alert, facts):
        return
    if TICKET not in facts.posted:
        if alert.live and {step.change for step in steps} & _OPENING:
            yield deliver(Action.TAG, "a new alert", _tags(alert.standing))
            yield deliver(Action.NOTE, "a new alert")
        return
    yield from _kept_tagged(alert, steps, deliver)
    if text := _short_note(alert, steps):
        yield deliver(Action.NOTE, "brought up to date", text=text)


def _kept_tagged(
    alert: Alert, steps: tuple[Step, ...], deliver: Callable[..., Delivery]
) -> Iterator[Delivery]:
    changes = {step.change for step in steps}
    if not alert.live and changes & {Change.ENDED, Change.RESOLVED}:
        yield deliver(Action.UNTAG, "it has ended", _tags(alert.reasons))
    elif Change.REOPENED in changes:
        yield deliver(Action.TAG, "opened again", _tags(alert.standing or alert.reasons))
    elif added := {tag(s.finding.rule) for s in steps if s.finding and s.change is Change.ADDED}:
        yield deliver(Action.TAG, "a further reason", tuple(sorted(added)))


def _tags(reasons: Iterable[Reason]) -> tuple[str, ...]:
    return tuple(sorted({tag(reason.finding.rule) for reason in reasons}))


def _short_note(alert: Alert, steps: tuple[Step, ...]) -> str:
    """One line for the agent where somebody else changed what the first note says; "" where nothing is to be said.

    Who takes it in hand and how it ends is told, and what comes between is not: no stream of notes.
    """
    told = {Change.RESOLVED, Change.REOPENED}
    if alert.state is not AlertState.CONTACTED or alert.acknowledged_at == alert.contacted_at:
        told |= {Change.ACKNOWLEDGED, Change.CONTACTED}
    news = [s for s in steps if s.change in told and s.via != "ticket"]
    if not news:
        return ""
    last = news[-1]
    why = last.words if last.change in (Change.RESOLVED, Change.REOPENED) else ""
    words = f": {why}" if why else ""
    return f"Alert {alert.ref}: {last.who or 'The customer'} {BY_PEOPLE[last.change]}{words}."


# --- in the team's channel


def _whispers(alert: Alert, steps: tuple[Step, ...]) -> Iterator[Delivery]:
    """Whoever pressed in Slack hears why nothing came of it, or that their answer is noted, and nobody else does."""
    for step in steps:
        if step.change not in (Change.REFUSED, Change.CHECKED) or not step.reply:
            continue
        refused = step.change is Change.REFUSED
        yield Delivery(
            channel=SLACK,
            action=Action.WHISPER,
            to=step.reply,
            why="not done" if refused else "noted",
            text=f"{alert.ref}: {step.words}" if refused else f"Thank you: noted {step.words}.",
        )


def _in_slack(alert: Alert, steps: tuple[Step, ...], facts: Plan) -> Iterator[Delivery]:
    if not _goes_to(SLACK, alert, facts):
        return
    to = facts.loop.team.slack_channel
    held = "" if to else f"team {facts.loop.team.name!r} has no Slack channel"

    def deliver(
        action: Action, why: str, text: str = "", *, calls: str = "", mention: str = ""
    ) -> Delivery:
        return Delivery(
            channel=SLACK,
            action=action,
            to=to,
            why=why,
            held=held,
            text=text,
            calls=calls,
            mention=mention,
        )

    changes = {step.change for step in steps}
    caller = _mentioned(alert, facts, max(step.at for step in steps))
    loud = caller if MENTION in facts.routes.get(alert.severity, ()) else ""
    if SLACK not in facts.posted:
        if alert.live and changes & _OPENING:
            yield deliver(Action.POST, "a new alert", calls="resolve", mention=loud)
        return
    if changes <= {Change.REFUSED, Change.SAID, Change.OBEYED}:
        return
    yield deliver(Action.EDIT, "kept current")
    raised = Change.RAISED in changes
    ended = [step for step in steps if step.change is Change.ENDED]
    for step in ended or steps:
        if (loudly := call(alert, step)) is not None:
            mention = loud if step.finding else caller
            yield deliver(
                Action.BROADCAST,
                loudly.why,
                loudly.text,
                calls=loudly.until,
                mention=mention if loudly.by_name else "",
            )
        elif (words := reply(alert, step)) and not (raised and step.finding):
            yield deliver(Action.REPLY, step.change.value, words)


def _mentioned(alert: Alert, facts: Plan, at: datetime) -> str:
    """Who is to act, as Slack knows them or by e-mail address; "" where they have neither."""
    who = facts.loop.responsible(alert, at)
    return who.email if not who.slack else who.slack if who.slack[:1] in ("U", "W") else ""


# --- to people


def _to_people(alert: Alert, steps: tuple[Step, ...], facts: Plan) -> Iterator[Delivery]:
    """Each once for everything that is told to them by these steps."""
    seen: set[tuple[str, str, str]] = set()
    for step in steps:
        for delivery in _told(alert, step, facts):
            if (key := (delivery.channel, delivery.to, delivery.held)) not in seen:
                seen.add(key)
                yield delivery


def _told(alert: Alert, step: Step, facts: Plan) -> Iterator[Delivery]:
    loop = facts.loop
    routed = facts.routes.get(alert.severity, ())
    match step.change:
        case Change.OPENED | Change.RAISED | Change.REOPENED if not step.who:
            before = facts.routes.get(step.was, ()) if step.was else ()
            by = [medium for medium in routed if medium not in before]
            who = loop.responsible(alert, step.at)
            yield from _reach(who, by, step.change.value, facts, calls="acknowledge")
        case Change.ESCALATED if step.rise:
            who = loop.roster.present(step.rise.who, step.at)
            by = [DIRECT if medium == SLACK else medium for medium in step.rise.by]
            text = f"Nobody has taken this in hand{waited(alert, step.at)}."
            yield from _reach(who, by, "escalated", facts, calls="acknowledge", text=text)
        case Change.MISSED if step.goal != "acknowledge":
            manager = loop.roster.present(loop.roster.manager(loop.team), step.at)
            if not manager.same(loop.responsible(alert, step.at)):
                text = goal(alert, step)
                yield from _reach(
                    manager, [DIRECT], "a goal was missed", facts, calls=step.goal, text=text
                )
        case Change.ASSIGNED | Change.JOINED:
            given = step.change is Change.ASSIGNED
            for person in step.people:
                if not person.same(step.who):
                    text = f"{step.who} {'gave this to you' if given else 'asks you to help with this'}."
                    why = "assigned" if given else "added"
                    yield from _reach(person, [_own_medium(person)], why, facts, text=text)
        case Change.WOKEN if SLACK not in facts.posted:
            who = loop.responsible(alert, step.at)
            yield from _reach(who, [_own_medium(who)], "the snooze is over", facts, calls="resolve")
        case _:
            return


def _own_medium(who: Member) -> str:
    """Where a person is told what is for them alone."""
    return DIRECT if who.slack or not (who.email or who.phone) else EMAIL if who.email else SMS


def _reach(
    who: Member,
    by: Collection[str],
    why: str,
    facts: Plan,
    *,
    calls: str = "",
    text: str = "",
) -> Iterator[Delivery]:
    """One delivery for each medium; held with the reason where it doesn't reach the person.

    A medium that isn't configured is left out, unless the person would not be told at all.
    """
    addresses = (
        (DIRECT, SLACK, who.slack or who.email, "is not known in Slack"),
        (SMS, SMS, who.phone, "has no phone number"),
        (EMAIL, EMAIL, who.email, "has no e-mail address"),
    )
    wanted = [address for address in addresses if address[0] in by]
    usable = [address for address in wanted if address[1] in facts.channels]
    for _, channel, to, lacks in usable or wanted:
        held = "" if to else f"{who or 'nobody'} {lacks}"
        if channel not in facts.channels:
            held = f"no channel {channel!r} is configured"
        yield Delivery(
            channel=channel,
            action=Action.DIRECT,
            to=to,
            why=why,
            held=held,
            calls=calls,
            text=text,
        )


# --- to the customer


def _to_customer(ticket: Ticket, steps: tuple[Step, ...], facts: Plan) -> Iterator[Delivery]:
    """The one thing that customers are written: the question whether it was put right, where the team wants that."""
    if not any(step.change is Change.ASKED for step in steps):
        return
    by = facts.loop.team.follow_up
    if by == EMAIL:
        channel, to = EMAIL, facts.customer.email
        held = "" if to else "the customer's e-mail address is not known"
    elif by == TICKET and facts.desk:
        channel, to = facts.desk, ticket.key
        held = f"the ticket was {ticket.gone}" if ticket.gone else ""
        if ticket.category is Category.CLOSED:
            held = "the ticket is closed and cannot be written to"
    else:
        return
    why = "whether it helped"
    yield Delivery(channel=channel, action=Action.FOLLOW_UP, to=to, why=why, held=held)
