"""Who hears what people and time did to an alert: the ticket, the channel, the people on it, and the customer."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from bridge.domain.alerts import Change, Step, reconcile
from bridge.domain.loop import Loop
from bridge.domain.model import (
    AboutAlert,
    Action,
    Alert,
    Coaching,
    Contact,
    Delivery,
    Member,
    Press,
    Rise,
    Severity,
    Team,
    Ticket,
)
from bridge.domain.people import Absence, Roster
from bridge.domain.presses import replied
from bridge.domain.routing import (
    DEFAULT_ROUTES,
    DIRECT,
    EMAIL,
    MEDIUMS,
    MENTION,
    SLACK,
    SMS,
    TICKET,
    Plan,
    plan,
)
from tests.casework import (
    ALL,
    ANA,
    BEN,
    DANA,
    EMEA,
    LOOP,
    MONA,
    acknowledged,
    alert,
    contacted,
    elapsed,
    finding,
    heard,
    last,
    merely_resolved,
    pressed,
    reopened,
    resolved,
    snoozed,
    take,
)
from tests.stories import agent_answered, at, became, gone, opened, ticket

CASE = ticket(opened("08:00"))
TOLD = frozenset({TICKET, SLACK})
CRITICAL, HIGH, WARNING, INFO = Severity.CRITICAL, Severity.HIGH, Severity.WARNING, Severity.INFO


def facts(loop: Loop = LOOP, **more: Any) -> Plan:
    told = {"routes": DEFAULT_ROUTES, "desk": "zendesk", "posted": TOLD, **more}
    return Plan(loop=loop, **told)


def planned(case: Alert, *steps: Step, ticket: Ticket = CASE, **more: Any) -> list[Delivery]:
    return list(plan(case, ticket, steps, facts(**more)))


def after(case: Alert, *events: AboutAlert, loop: Loop = LOOP, **more: Any) -> list[Delivery]:
    """What is planned after the last of the events."""
    changed, steps = last(case, *events, loop=loop)
    return planned(changed, *steps, loop=loop, **more)


def on_ticket(found: list[Delivery]) -> list[tuple[Action, str]]:
    return [(d.action, d.text or " ".join(d.tags)) for d in found if d.channel == "zendesk"]


def in_channel(found: list[Delivery]) -> list[tuple[Action, str, str]]:
    return [(d.action, d.text, d.mention) for d in found if d.to == "C1"]


def to_people(found: list[Delivery]) -> list[tuple[str, str, str]]:
    return [(d.channel, d.to, d.text) for d in found if d.action is Action.DIRECT]


# --- an alert that opens


def test_a_critical_alert_reaches_who_is_to_act_by_every_medium() -> None:
    case = alert(finding(severity=CRITICAL))
    step = Step(change=Change.OPENED, at=at("09:00"), finding=finding())
    found = planned(case, step, posted=frozenset())
    assert [(d.channel, d.action, d.to, d.mention, d.calls) for d in found[2:]] == [
        ("slack", Action.POST, "C1", "U0MONA", "resolve"),
        ("slack", Action.DIRECT, "U0MONA", "", "acknowledge"),
        ("sms", Action.DIRECT, "+4930111", "", "acknowledge"),
        ("email", Action.DIRECT, "mona@example.com", "", "acknowledge"),
    ]


def test_a_high_one_calls_them_by_name_and_a_warning_does_not() -> None:
    step = Step(change=Change.OPENED, at=at("09:00"))
    for severity, mention in ((HIGH, "U0MONA"), (WARNING, "")):
        *_, post = planned(alert(finding(severity=severity)), step, posted=frozenset())
        assert (post.action, post.mention) == (Action.POST, mention)


def test_a_minor_one_waits_for_the_digest() -> None:
    step = Step(change=Change.OPENED, at=at("09:00"))
    assert planned(alert(finding(severity=INFO)), step, posted=frozenset()) == []


def test_who_is_away_is_stood_in_for() -> None:
    off = Absence(member="Mona", deputy="ben", starts_at=at("08:00"), ends_at=at("12:00"))
    loop = replace(LOOP, roster=Roster((ALL, EMEA), (ANA, BEN), (off,)))
    step = Step(change=Change.OPENED, at=at("09:00"))
    found = planned(alert(finding(severity=CRITICAL)), step, posted=frozenset(), loop=loop)
    assert [d.to for d in found if d.action is Action.DIRECT and not d.held] == [
        "U0BEN",
        "ben@example.com",
    ]


def test_who_lacks_an_address_is_not_silently_left_out() -> None:
    lone = Team(name="EMEA", slack_channel="C1", manager="Mona")
    loop = replace(LOOP, team=lone, roster=Roster((lone,)))
    step = Step(change=Change.OPENED, at=at("09:00"))
    found = planned(alert(finding(severity=CRITICAL)), step, posted=frozenset(), loop=loop)
    assert [(d.channel, d.held) for d in found if d.action is Action.DIRECT] == [
        ("slack", "Mona is not known in Slack"),
        ("sms", "Mona has no phone number"),
        ("email", "Mona has no e-mail address"),
    ]
    assert [d.mention for d in found if d.action is Action.POST] == [""]


@pytest.mark.parametrize(
    ("channels", "told"),
    [
        ({SLACK}, [("slack", "")]),
        ({SLACK, EMAIL}, [("slack", ""), ("email", "")]),
        (
            set[str](),
            [(name, f"no channel {name!r} is configured") for name in ("slack", "sms", "email")],
        ),
    ],
)
def test_a_medium_that_is_not_configured_is_named_where_there_is_no_other(
    channels: set[str], told: list[tuple[str, str]]
) -> None:
    step = Step(change=Change.OPENED, at=at("09:00"))
    case = alert(finding(severity=CRITICAL))
    found = planned(case, step, posted=frozenset(), channels=frozenset(channels))
    assert [(d.channel, d.held) for d in found if d.action is Action.DIRECT] == told


def test_a_channel_is_never_called_by_name() -> None:
    team = replace(EMEA, manager_slack="C0ROOM")
    loop = replace(LOOP, team=team, roster=Roster((team,)))
    step = Step(change=Change.OPENED, at=at("09:00"))
    *_, post = planned(alert(), step, posted=frozenset(), loop=loop)
    assert post.mention == ""


def test_a_raised_severity_reaches_only_by_what_is_new() -> None:
    live, routes = alert(), {HIGH: (TICKET, SLACK, DIRECT), CRITICAL: (TICKET, SLACK, DIRECT, SMS)}
    raised, steps = reconcile(live, CASE, [finding(severity=CRITICAL)], {}, at("10:00"))
    assert raised is not None
    found = planned(raised, *steps, routes=routes)
    assert to_people(found) == [("sms", "+4930111", "")]
    assert [d.mention for d in found if d.action is Action.BROADCAST] == [""]
    loud = planned(raised, *steps, routes={**routes, CRITICAL: (SLACK, MENTION)})
    assert [d.mention for d in loud if d.action is Action.BROADCAST] == ["U0MONA"]


# --- what people do


def test_who_has_it_is_said_in_the_thread_and_in_one_note() -> None:
    found = after(alert(), acknowledged("09:10"))
    assert in_channel(found) == [
        (Action.EDIT, "", ""),
        (Action.REPLY, "Acknowledged by Ana: no more reminders.", ""),
    ]
    assert on_ticket(found) == [(Action.NOTE, "Alert AB-1: Ana has it in hand.")]
    assert to_people(found) == []


@pytest.mark.parametrize(
    ("events", "note"),
    [
        ([contacted("09:10")], "Alert AB-1: Ana contacted the customer."),
        ([acknowledged("09:10"), contacted("09:20")], ""),
        ([acknowledged("09:10", via="ticket")], ""),
        ([contacted("09:10", reached=False)], ""),
        ([merely_resolved("09:10")], "Alert AB-1: Ana resolved it."),
        ([resolved("09:10"), reopened("09:20", BEN)], "Alert AB-1: Ben opened it again."),
        (
            [resolved("09:10"), heard("09:20", better=False)],
            "Alert AB-1: The customer opened it again: the customer says that it was not put right.",
        ),
        ([snoozed("09:10", "15:00")], ""),
        ([merely_resolved("09:10"), resolved("09:20")], ""),
    ],
    ids=[
        "contacted",
        "contacted later",
        "on the ticket itself",
        "tried",
        "resolved",
        "opened again",
        "by the customer",
        "snoozed",
        "completed",
    ],
)
def test_the_ticket_gets_few_notes(events: list[AboutAlert], note: str) -> None:
    notes = [text for action, text in on_ticket(after(alert(), *events)) if action is Action.NOTE]
    assert notes == ([note] if note else [])


def test_a_reply_on_the_ticket_needs_no_note_there() -> None:
    case, steps = replied(alert(), agent_answered("09:30"), BEN)
    found = planned(case, *steps)
    assert on_ticket(found) == []
    assert (Action.REPLY, "Ben contacted the customer: a public reply", "") in in_channel(found)


def test_its_end_takes_the_tags_away_and_opening_it_again_brings_them_back() -> None:
    report = "recovered; cause: slow answer; Called and refunded; coaching not needed"
    assert on_ticket(after(alert(), resolved("09:10"))) == [
        (Action.UNTAG, "alert_slow"),
        (Action.NOTE, f"Alert AB-1: Ana resolved it: {report}."),
    ]
    over = take(alert(), resolved("09:10"))
    assert on_ticket(after(over, reopened("09:20", via="ticket"))) == [(Action.TAG, "alert_slow")]
    eased = replace(over, reasons=(replace(over.reasons[0], gone_at=at("09:15")),))
    assert on_ticket(after(eased, reopened("09:20", via="ticket"))) == [(Action.TAG, "alert_slow")]


def test_what_was_resolved_and_opened_again_at_once_keeps_its_tags() -> None:
    case, first = last(alert(), resolved("09:10"))
    case, then = last(case, reopened("09:20", BEN))
    found = on_ticket(planned(case, *first, *then))
    assert [action for action, _ in found] == [Action.TAG, Action.NOTE]


def test_who_is_given_it_hears_of_it_and_who_takes_it_does_not() -> None:
    given = after(alert(), pressed("09:10", Press.ASSIGN, ANA, people=(BEN,)))
    assert to_people(given) == [("slack", "U0BEN", "Ana gave this to you.")]
    assert given[-1].why == "assigned"
    assert to_people(after(alert(), pressed("09:10", Press.ASSIGN, ANA, people=(ANA,)))) == []


@pytest.mark.parametrize(
    ("who", "where"),
    [
        (Member(name="Eve", slack="U0EVE", email="eve@example.com"), ("slack", "U0EVE")),
        (
            Member(name="Eve", email="eve@example.com", phone="+49301"),
            ("email", "eve@example.com"),
        ),
        (Member(name="Eve", phone="+49301"), ("sms", "+49301")),
        (Member(name="Eve"), ("slack", "")),
    ],
)
def test_who_is_added_hears_of_it_where_they_are(who: Member, where: tuple[str, str]) -> None:
    found = to_people(after(alert(), pressed("09:10", Press.ADD, ANA, people=(ANA, who))))
    assert found == [(*where, "Ana asks you to help with this.")]


def test_who_was_on_it_already_does_not_hear_of_it_again() -> None:
    case = take(alert(), pressed("09:10", Press.ADD, ANA, people=(BEN,)))
    found = after(case, pressed("09:20", Press.ADD, ANA, people=(BEN, DANA)))
    assert [to for _, to, _ in to_people(found)] == ["U0DANA"]


def test_what_is_said_in_the_thread_is_not_said_again() -> None:
    assert after(alert(), pressed("09:10", Press.SAY, words="On it")) == []
    noted = in_channel(after(alert(), pressed("09:10", Press.NOTE, words="A depot strike")))
    assert noted[1:] == [(Action.REPLY, "Ana noted: A depot strike", "")]


# --- what is refused, and commands on the ticket


def test_who_pressed_in_vain_hears_why_and_nobody_else() -> None:
    case = take(alert(), acknowledged("09:10"))
    [whisper] = after(case, acknowledged("09:11", BEN))
    assert (whisper.channel, whisper.action, whisper.to) == ("slack", Action.WHISPER, "C1/U0BEN")
    assert whisper.text.startswith("AB-1: Ana has it already since ")


def test_who_asked_in_vain_on_the_ticket_hears_it_there() -> None:
    found = after(alert(), reopened("09:10", via="ticket", reply=""))
    assert on_ticket(found) == [(Action.NOTE, "Alert AB-1: not done. It is open.")]
    assert [d.channel for d in found] == ["zendesk"]


@pytest.mark.parametrize("posted", [TOLD, frozenset[str]()])
def test_a_command_is_taken_off_the_ticket_whether_or_not_the_alert_is_told_there(
    posted: frozenset[str],
) -> None:
    minor = take(alert(finding(severity=INFO)), acknowledged("09:10", via="ticket"))
    told = Step(change=Change.OBEYED, at=at("09:10"), via="ticket", words="do_alert_ack")
    refused = Step(change=Change.REFUSED, at=at("09:10"), via="ticket", words="It is open.")
    found = planned(minor, told, told, refused, posted=posted)
    assert on_ticket(found) == [
        (Action.UNTAG, "do_alert_ack"),
        (Action.NOTE, "Alert AB-1: not done. It is open."),
    ]
    assert in_channel(found) == []
    assert planned(minor, told, desk="", posted=posted) == []


# --- what time does


def test_an_escalation_is_told_to_whom_it_says_and_shown_in_the_channel() -> None:
    found = after(alert(), elapsed("09:30", "rise:0"))
    text = "Nobody has taken this in hand for 30 min"
    assert in_channel(found)[1:] == [
        (Action.BROADCAST, f"{text}: Mona (manager of EMEA) is told.", "")
    ]
    assert to_people(found) == [("slack", "U0MONA", f"{text}.")]
    assert {d.calls for d in found if d.action is not Action.EDIT} == {"acknowledge"}
    assert on_ticket(found) == []


def test_an_escalation_goes_by_the_mediums_of_its_step_and_to_who_is_there() -> None:
    off = Absence(member="Mona", deputy="ben", starts_at=at("09:20"), ends_at=at("12:00"))
    loop = replace(LOOP, roster=Roster((ALL, EMEA), (ANA, BEN), (off,)))
    rise = Rise(at=at("09:30"), who=MONA, role="manager", by=(SMS, EMAIL))
    step = Step(change=Change.ESCALATED, at=at("09:30"), rise=rise)
    [_, mail] = [d for d in planned(alert(), step, loop=loop) if d.action is Action.DIRECT]
    assert (mail.channel, mail.to) == ("email", "ben@example.com")
    assert to_people(planned(alert(), replace(step, rise=None))) == []


def test_a_reminder_calls_who_is_to_act_by_name() -> None:
    found = after(alert(), elapsed("12:00", "nag:0"))
    text = "Nobody has taken this in hand for 3 h."
    assert in_channel(found)[1:] == [(Action.BROADCAST, text, "U0MONA")]


def test_a_goal_that_is_near_calls_who_has_it() -> None:
    found = after(alert(), acknowledged("09:10"), elapsed("tue 03:00", "contact:near"))
    text = "To do by 2026-03-03 09:00 UTC: contact the customer."
    assert in_channel(found)[1:] == [(Action.BROADCAST, text, "U0ANA")]
    assert to_people(found) == []
    assert {d.calls for d in found if d.text} == {"contact"}


def test_a_goal_that_is_missed_is_told_to_the_manager_too() -> None:
    found = after(alert(), acknowledged("09:10"), elapsed("tue 09:00", "contact:missed"))
    text = "Missed, was due 2026-03-03 09:00 UTC: contact the customer."
    assert to_people(found) == [("slack", "U0MONA", text)]


def test_a_manager_who_has_it_is_called_once_and_the_ladder_tells_of_what_nobody_took() -> None:
    mine = after(alert(), acknowledged("09:10", MONA), elapsed("tue 09:00", "contact:missed"))
    assert to_people(mine) == []
    given = take(alert(), pressed("09:10", Press.ASSIGN, ANA, people=(BEN,)))
    assert to_people(after(given, elapsed("09:30", "acknowledge:missed"))) == []


def test_the_end_of_a_snooze_is_told_in_the_channel_or_else_directly() -> None:
    asleep = take(alert(), snoozed("09:10", "15:00"))
    assert in_channel(after(asleep, elapsed("15:00", "snooze")))[1:] == [
        (Action.BROADCAST, "The snooze is over.", "U0ANA")
    ]
    [alone] = after(asleep, elapsed("15:00", "snooze"), posted=frozenset())
    assert (alone.action, alone.to, alone.calls) == (Action.DIRECT, "U0ANA", "resolve")


def test_what_happens_at_once_is_told_together() -> None:
    raised = Step(change=Change.RAISED, at=at("10:00"), finding=finding(), was=WARNING)
    added = Step(change=Change.ADDED, at=at("10:00"), finding=finding("rude"))
    case, taken = last(alert(), acknowledged("10:00"))
    assert in_channel(planned(case, added, raised, *taken))[1:] == [
        (Action.BROADCAST, "Now high: It is slow", "U0ANA"),
        (Action.REPLY, "Acknowledged by Ana: no more reminders.", ""),
    ]


def test_where_nobody_is_responsible_it_is_said_that_nobody_is_told() -> None:
    alone = replace(LOOP, team=Team(name="Alone", slack_channel="C1"))
    case = alert(finding(severity=CRITICAL))
    step = Step(change=Change.OPENED, at=at("09:00"))
    found = planned(case, step, posted=frozenset(), loop=alone, channels=frozenset({SLACK}))
    assert [d.held for d in found if d.action is Action.DIRECT] == ["nobody is not known in Slack"]


def test_everybody_is_told_once_by_each_medium() -> None:
    case = alert(finding(severity=CRITICAL))
    rise = Rise(at=at("09:30"), who=MONA, by=(SLACK,))
    steps = (
        Step(change=Change.REOPENED, at=at("09:30")),
        Step(change=Change.ESCALATED, at=at("09:30"), rise=rise),
    )
    found = [(d.channel, d.to) for d in planned(case, *steps) if d.action is Action.DIRECT]
    assert len(found) == len(set(found)) == 3


# --- the customer


ASKED = Step(change=Change.ASKED, at=at("tue 10:00"))


def asked(
    follow_up: str, *, case: Ticket = CASE, desk: str = "zendesk", email: str = "bo@example.com"
) -> list[tuple[str, str, str]]:
    loop = replace(LOOP, team=replace(EMEA, follow_up=follow_up))
    over = take(alert(), resolved("10:00"))
    known = Contact(email=email)
    found = planned(over, ASKED, loop=loop, desk=desk, customer=known, ticket=case)
    return [(d.channel, d.to, d.held) for d in found if d.action is Action.FOLLOW_UP]


def test_the_customer_is_asked_as_the_team_wants_it() -> None:
    assert asked("email") == [("email", "bo@example.com", "")]
    assert asked("ticket") == [("zendesk", "1", "")]
    assert asked("") == []


def test_what_cannot_be_asked_is_held_with_the_reason() -> None:
    assert asked("email", email="") == [("email", "", "the customer's e-mail address is not known")]
    spam = ticket(gone("09:00", why="spam"))
    assert asked("ticket", case=spam) == [("zendesk", "1", "the ticket was spam")]
    closed = ticket(became("09:00", "closed"))
    held = "the ticket is closed and cannot be written to"
    assert asked("ticket", case=closed) == [("zendesk", "1", held)]
    assert asked("ticket", desk="") == []


# --- laws

_changes = st.sampled_from(sorted(set(Change) - {Change.ASKED}, key=lambda c: c.value))
_steps = st.builds(
    lambda change, who, via, reply: Step(
        change=change,
        at=at("10:00"),
        finding=finding(),
        who=who,
        via=via,
        reply=reply,
        words="words",
        goal="contact",
        was=HIGH,
        rise=Rise(at=at("10:00"), who=DANA, by=(SLACK, SMS)),
        people=(BEN,),
    ),
    _changes,
    st.sampled_from([Member(), ANA, BEN]),
    st.sampled_from(["slack", "ticket", ""]),
    st.sampled_from(["", "C1/U0ANA"]),
)
_cases = st.sampled_from(
    [
        alert(),
        alert(finding(severity=CRITICAL)),
        take(alert(), contacted("09:10")),
        take(alert(), resolved("09:10", coaching=Coaching.NEEDED)),
    ]
)


@given(_cases, st.lists(_steps, max_size=4).map(tuple), st.sets(st.sampled_from(MEDIUMS)))
def test_nothing_but_the_question_ever_goes_to_a_customer(
    case: Alert, steps: tuple[Step, ...], posted: set[str]
) -> None:
    contact = Contact(email="bo@example.com", phone="+4930999")
    found = planned(case, *steps, posted=frozenset(posted), customer=contact)
    assert all(d.action is not Action.FOLLOW_UP for d in found)
    assert not {d.to for d in found} & {contact.email, contact.phone}
    assert all(d.why for d in found)
    assert bool(steps) or not found
