"""What the thread of an alert says of each step, and what calls somebody."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from bridge.domain.alerts import Change, Step
from bridge.domain.model import AlertState, Member, Rise, Severity
from bridge.domain.saying import BY_PEOPLE, GOALS, Call, call, goal, reply, waited
from tests.casework import ANA, BEN, DANA, LOOP, alert, finding, take
from tests.stories import at

SILENT = {
    Change.OPENED,
    Change.UPDATED,
    Change.EASED,
    Change.CLOSED,
    Change.SAID,
    Change.REFUSED,
    Change.OBEYED,
    Change.DUE_A_LOOK,
}
"""The message itself says it, or it was said in the thread already, or to one person alone."""

CALLS = {
    Change.RAISED,
    Change.REMINDED,
    Change.ESCALATED,
    Change.NAGGED,
    Change.WOKEN,
    Change.NEAR,
    Change.MISSED,
}


def step(change: Change, **more: Any) -> Step:
    told: dict[str, Any] = {
        "at": at("10:30"),
        "finding": finding(),
        "who": ANA,
        "goal": "contact",
    } | more
    return Step(change=change, **told)


# --- which steps say something


@pytest.mark.parametrize("change", Change)
def test_each_step_calls_or_replies_or_is_silent(change: Change) -> None:
    told = step(change, words="so", people=(BEN,))
    assert (call(alert(), told) is not None) == (change in CALLS)
    assert bool(reply(alert(), told)) == (change not in CALLS | SILENT)


# --- what the thread says


@pytest.mark.parametrize(
    "change", [change for change in BY_PEOPLE if change is not Change.ACKNOWLEDGED]
)
def test_what_somebody_did_is_said_behind_their_name(change: Change) -> None:
    assert reply(alert(), step(change)) == f"Ana {BY_PEOPLE[change]}."
    assert reply(alert(), step(change, words="by phone")) == f"Ana {BY_PEOPLE[change]}: by phone"


@pytest.mark.parametrize(
    ("told", "said"),
    [
        (step(Change.ADDED), "A further reason: It is slow"),
        (step(Change.ADDED, finding=None), "A further reason: "),
        (step(Change.NEARED), "It is slow"),
        (step(Change.ACKNOWLEDGED), "Acknowledged by Ana: no more reminders."),
        (step(Change.ASSIGNED, people=(BEN,)), "Ana gave it to Ben."),
        (step(Change.JOINED, people=(BEN, DANA)), "Ana added Ben, Dana."),
        (step(Change.ASKED), "The customer is asked whether it was put right."),
        (
            step(Change.HEARD, who=Member(), words="it was put right: Thanks"),
            "The customer answered: it was put right: Thanks",
        ),
        (
            step(Change.REOPENED, who=Member(), words="it was not put right"),
            "The customer opened it again: it was not put right",
        ),
        (
            step(Change.CHECKED, words="after 3 months: stayed"),
            "What became of the customer, after 3 months: stayed",
        ),
    ],
    ids=lambda told: told.change.value if isinstance(told, Step) else "",
)
def test_what_else_happens_is_said_in_a_sentence(told: Step, said: str) -> None:
    assert reply(alert(), told) == said


def test_its_end_says_why() -> None:
    ended = replace(alert(), state=AlertState.RESOLVED, ended="the ticket is solved")
    assert reply(ended, step(Change.ENDED)) == "Resolved itself: the ticket is solved."


# --- what is shown in the channel


def test_an_escalation_names_who_is_told_and_calls_nobody_else() -> None:
    rise = Rise(at=at("10:30"), who=DANA, role="manager of All")
    assert call(alert(), step(Change.ESCALATED, rise=rise)) == Call(
        "escalated",
        "Nobody has taken this in hand for 1 h 30 min: Dana (manager of All) is told.",
        "acknowledge",
        by_name=False,
    )
    plainly = call(alert(), step(Change.ESCALATED, rise=replace(rise, role="")))
    assert plainly is not None
    assert plainly.text.endswith(": Dana is told.")
    nobody = call(alert(), step(Change.ESCALATED))
    assert nobody is not None
    assert nobody.text.endswith(": nobody is told.")


def test_what_calls_says_until_when_it_matters() -> None:
    found = {c: told for c in CALLS if (told := call(alert(), step(c))) is not None}
    assert {change: told.until for change, told in found.items()} == {
        Change.RAISED: "resolve",
        Change.REMINDED: "acknowledge",
        Change.ESCALATED: "acknowledge",
        Change.NAGGED: "acknowledge",
        Change.WOKEN: "resolve",
        Change.NEAR: "contact",
        Change.MISSED: "contact",
    }
    assert [change for change, told in found.items() if not told.by_name] == [Change.ESCALATED]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (Change.RAISED, "Now critical: It is slow"),
        (Change.REMINDED, "Still open: It is slow"),
        (Change.NAGGED, "Nobody has taken this in hand for 1 h 30 min."),
        (Change.WOKEN, "The snooze is over."),
        (Change.NEAR, "To do by 2026-03-02 10:00 UTC: contact the customer."),
        (Change.MISSED, "Missed, was due 2026-03-02 10:00 UTC: contact the customer."),
    ],
    ids=lambda said: said.value if isinstance(said, Change) else "",
)
def test_what_calls_says_what_it_is_about(change: Change, said: str) -> None:
    found = call(alert(finding(severity=Severity.CRITICAL)), step(change))
    assert found is not None
    assert found.text == said


# --- goals, and how long nobody had it


@pytest.mark.parametrize(("name", "words"), GOALS.items())
def test_a_goal_says_what_is_to_be_done(name: str, words: str) -> None:
    assert goal(alert(), step(Change.NEAR, goal=name)).endswith(f" UTC: {words}.")


def test_every_goal_has_words() -> None:
    assert set(GOALS) == set(alert().promises)


def test_a_goal_that_is_one_no_more_is_told_without_its_time() -> None:
    dropped = take(replace(alert(), promises={}), loop=LOOP)
    told = step(Change.MISSED, goal="close")
    assert goal(dropped, told) == "Goal missed: write down the cause and close it."
    assert goal(dropped, step(Change.NEAR, goal="call")) == "Goal near: call."


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, ""),
        (0, ""),
        (59, ""),
        (60, " for 1 min"),
        (3600, " for 1 h"),
        (5400, " for 1 h 30 min"),
        (30 * 3600 + 59, " for 30 h"),
    ],
)
def test_how_long_nobody_had_it_is_told_to_the_minute(seconds: int, words: str) -> None:
    case = alert()
    assert waited(case, case.opened_at + timedelta(seconds=seconds)) == words
