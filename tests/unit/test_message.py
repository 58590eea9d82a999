"""An alert in words, for any medium."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from bridge.domain.alerts import reconcile
from bridge.domain.message import Place, compose
from bridge.domain.model import (
    AboutAlert,
    Alert,
    AlertState,
    Coaching,
    Contact,
    Finding,
    Line,
    Message,
    Press,
    Promise,
    Severity,
)
from tests.casework import (
    BEN,
    EMEA,
    acknowledged,
    alert,
    contacted,
    heard,
    merely_resolved,
    reopened,
    resolved,
    snoozed,
    take,
)
from tests.stories import at, opened, reported, ticket

CASE = ticket(opened("09:00"), reported("09:00", title="It <b>broke</b>"))
PLACE = Place(desk="zendesk", url="https://z.example/1", link="https://s.example/p1", mention="U1")
SLOW = Finding(
    rule="slow",
    severity=Severity.WARNING,
    headline="Waiting 2 h",
    since=at("09:30"),
    facts=(("Since", "09:30"),),
    fix="an answer",
)
RUDE = Finding(
    rule="rude",
    severity=Severity.HIGH,
    headline="Rated 0",
    since=at("09:00"),
    words="<!channel> awful",
    contact=Contact(name="Bo", phone="+1 555"),
    recording="https://calls.example/1",
)


def alert_after(*days: tuple[Finding, ...]) -> Alert:
    case: Alert | None = None
    for found in days:
        case, _ = reconcile(case, CASE, found, {}, at("10:00"))
    assert case is not None
    return replace(case, ref="AB12")


def message(case: Alert, place: Place = PLACE, **more: Any) -> Message:
    return compose(case, CASE, EMEA, place, playbooks={"rude": "Call."}, **more)


def test_the_gravest_reason_is_the_headline_and_comes_first() -> None:
    told = message(alert_after((SLOW, RUDE)))
    assert (told.headline, told.severity, told.resolved) == ("Rated 0", Severity.HIGH, False)
    assert told.lines == (
        Line(
            rule="rude",
            severity=Severity.HIGH,
            headline="Rated 0",
            words="<!channel> awful",
            recording="https://calls.example/1",
            playbook="Call.",
        ),
        Line(
            rule="slow",
            severity=Severity.WARNING,
            headline="Waiting 2 h",
            facts=(("Since", "09:30"),),
            fix="an answer",
        ),
    )


def test_it_says_where_the_case_is_and_whose() -> None:
    told = message(alert_after((SLOW, RUDE)))
    assert (told.ref, told.subject, told.title) == ("AB12", "Ticket 1", "It <b>broke</b>")
    assert (told.url, told.link, told.since) == (PLACE.url, PLACE.link, at("09:00"))
    assert (told.team, told.manager, told.mention) == ("EMEA", "Mona", "U1")


def test_what_is_said_about_the_telling_goes_along() -> None:
    place = replace(PLACE, told=("#emea",), remark="The ticket is closed.")
    told = message(alert_after((SLOW,)), place, text="A further reason")
    assert (told.told, told.remark, told.text) == (
        ("#emea",),
        "The ticket is closed.",
        "A further reason",
    )


def test_reasons_that_have_gone_come_last_and_are_no_headline() -> None:
    told = message(alert_after((SLOW, RUDE), (SLOW,)))
    assert told.headline == "Waiting 2 h"
    assert [(line.rule, line.gone) for line in told.lines] == [("slow", False), ("rude", True)]


def test_an_end_is_the_headline() -> None:
    told = message(alert_after((SLOW,), ()))
    assert told.resolved
    assert told.headline == "Resolved itself: nothing is wrong any more"
    assert [line.gone for line in told.lines] == [True]


def test_the_customer_is_whom_the_desk_names_completed_by_the_answers() -> None:
    assert message(alert_after((SLOW,))).customer == Contact()
    bo = message(alert_after((SLOW, RUDE))).customer
    assert bo == Contact(name="Bo", phone="+1 555")
    place = replace(PLACE, customer=Contact(name="Bo Li", email="bo@example.com"))
    bo = message(alert_after((SLOW, RUDE)), place).customer
    assert bo == Contact(name="Bo Li", email="bo@example.com", phone="+1 555")


def test_an_answer_without_a_ticket_is_called_so() -> None:
    assert message(alert_after((RUDE,)), Place()).subject == "Survey answer"


# --- the life of the alert in words


def told(*events: AboutAlert, now: str = "10:00", **more: Any) -> Message:
    """After these events; as it is at that time."""
    return message(take(alert(**more), *events), now=at(now))


def test_it_says_who_has_it_who_is_next_and_what_can_be_done() -> None:
    waits = told()
    assert (waits.state, waits.about, waits.owner) == (AlertState.OPEN, "zendesk:1", "")
    assert waits.next == ("Mona (manager of EMEA)", at("09:30"))
    assert waits.offers[0] is Press.ACKNOWLEDGE
    taken = told(acknowledged("09:10"))
    assert (taken.state, taken.owner, taken.next) == (AlertState.ACKNOWLEDGED, "Ana", None)
    assert taken.offers[0] is Press.CONTACT


def test_it_says_how_far_it_has_come() -> None:
    assert told().remark == ""
    taken = "Acknowledged by Ana, 2026-03-02 09:10 UTC."
    assert told(acknowledged("09:10")).remark == taken
    tried = (acknowledged("09:10"), contacted("09:20", reached=False))
    assert told(*tried).remark == f"{taken} Tried once to reach the customer."
    twice = (*tried, contacted("09:30", reached=False), contacted("09:40", BEN))
    assert told(*twice).remark == (
        f"{taken} Tried 2 times to reach the customer."
        " Customer contacted by Ben, 2026-03-02 09:40 UTC."
    )


def test_who_took_it_by_contacting_the_customer_is_named_once() -> None:
    reached = "Customer contacted by Ana, 2026-03-02 09:20 UTC."
    assert told(contacted("09:20")).remark == reached
    place = replace(PLACE, remark="The ticket is closed.")
    found = message(take(alert(), contacted("09:20")), place)
    assert found.remark == f"{reached} The ticket is closed."


def test_it_says_until_when_it_sleeps_and_that_it_is_open_again() -> None:
    asleep = told(snoozed("09:10", "15:00"))
    assert asleep.remark.endswith(" Snoozed until 2026-03-02 15:00 UTC.")
    again = (resolved("09:10"), reopened("09:20", BEN))
    assert told(*again).remark == "Acknowledged by Ben, 2026-03-02 09:20 UTC. Opened again."
    assert "Opened again." not in told(*again, resolved("09:30")).remark


def test_what_is_still_to_be_done_stands_there_and_what_was_missed() -> None:
    goals = [(goal.what, goal.due_at, goal.missed) for goal in told(now="09:29").goals]
    assert goals == [
        ("Take it in hand", at("09:30"), False),
        ("Contact the customer", at("tue 09:00"), False),
        ("Resolve it", at("fri 09:00"), False),
    ]
    assert [goal.missed for goal in told(now="09:30").goals] == [True, False, False]
    assert [goal.missed for goal in message(alert()).goals] == [False, False, False]


def test_what_was_done_is_no_line_any_more() -> None:
    assert [goal.what for goal in told(contacted("09:10")).goals] == ["Resolve it"]
    [left] = told(merely_resolved("09:10")).goals
    assert (left.what, left.missed) == ("Write down the cause and close it", False)
    assert told(resolved("09:10")).goals == ()
    [other] = message(replace(alert(), promises={"call": Promise(due_at=at("12:00"))})).goals
    assert other.what == "Call"


def test_a_report_is_told_once_it_is_over() -> None:
    over = told(resolved("09:10", coaching=Coaching.NEEDED))
    assert [left.what for left in over.goals] == ["Give the coaching that it calls for"]
    assert over.headline == "Resolved by Ana: recovered"
    assert over.outcome == ("recovered; cause: slow answer; Called and refunded; coaching needed")
    assert told(merely_resolved("09:10")).outcome == ""
    assert told(resolved("09:10"), reopened("09:20")).outcome == ""


def test_what_the_customer_said_of_it_is_told_with_it() -> None:
    asked = (merely_resolved("09:10"),)
    better = told(*asked, heard("09:30", better=True))
    assert better.outcome == "the customer says it was put right"
    worse = message(replace(take(alert(), *asked), better=False))
    assert worse.outcome == "the customer says it was not put right"


def test_an_alert_that_is_open_again_without_a_reason_keeps_its_headline() -> None:
    eased = replace(alert(), reopened=1)
    eased = replace(eased, reasons=(replace(eased.reasons[0], gone_at=at("09:30")),))
    assert message(eased).headline == "It is slow"


def test_a_ticket_has_the_name_that_people_call_it_by() -> None:
    named = ticket(opened("09:00"), reported("09:00", name="HELP-12"))
    found = compose(alert(), named, EMEA, PLACE, playbooks={})
    assert found.subject == "Ticket HELP-12"


def test_a_trial_is_called_so() -> None:
    trial = replace(CASE, id="test:1")
    assert compose(alert(), trial, EMEA, Place(), playbooks={}).subject == "Test"
    lone = replace(CASE, id="answer:nps:1")
    assert compose(alert(), lone, EMEA, Place(), playbooks={}).subject == "Survey answer"
