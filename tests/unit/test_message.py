"""An alert in words, for any medium."""

from __future__ import annotations

from typing import Any

from msgspec.structs import replace

from bridge.domain.alerts import reconcile
from bridge.domain.message import Place, compose
from bridge.domain.model import Alert, Contact, Finding, Line, Message, Severity, Team
from tests.stories import at, opened, reported, ticket

CASE = ticket(opened("09:00"), reported("09:00", title="It <b>broke</b>"))
EMEA = Team(name="EMEA", slack_channel="C1", manager="Ana", manager_slack="U1")
PLACE = Place(desk="zendesk", url="https://z.example/1", link="https://s.example/p1")
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
    alert: Alert | None = None
    for found in days:
        alert, _ = reconcile(alert, CASE, found, {}, at("10:00"))
    assert alert is not None
    return replace(alert, ref="AB12")


def message(alert: Alert, place: Place = PLACE, **more: Any) -> Message:
    return compose(alert, CASE, EMEA, place, playbooks={"rude": "Call."}, **more)


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
    assert (told.team, told.manager, told.manager_slack) == ("EMEA", "Ana", "U1")


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
