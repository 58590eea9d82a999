"""docs/loop.md says what becomes of an alert; each cell of its tables is a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from bridge.domain.alerts import Change, Step, reconcile
from bridge.domain.commands import TAGS, WORDS
from bridge.domain.loop import follow
from bridge.domain.model import Action, Alert, Coaching, Member, Outcome, Press, Rise, Severity
from bridge.domain.presses import replied
from bridge.domain.routing import DEFAULT_ROUTES, SLACK, TICKET, Plan, plan
from bridge.domain.timers import timers
from tests.casework import (
    ANA,
    BEN,
    DANA,
    LOOP,
    acknowledged,
    alert,
    contacted,
    elapsed,
    finding,
    heard,
    merely_resolved,
    pressed,
    reopened,
    resolved,
    snoozed,
    take,
)
from tests.pages import section
from tests.stories import agent_answered, at, opened, ticket

PAGE = (Path(__file__).parent.parent.parent / "docs" / "loop.md").read_text("utf-8")
CASE = ticket(opened("08:00"))
Steps = tuple[Step, ...]

# --- the page ------------------------------------------------------------------------------------


def cells_of(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def table(heading: str, first: str) -> dict[str, list[str]]:
    """The rows of the table under a heading whose first column is called so, by their names."""
    lines = section(PAGE, heading).splitlines()
    begin = next(i for i, line in enumerate(lines) if line.startswith(f"| {first} |"))
    found = {"": cells_of(lines[begin])[1:]}
    for line in lines[begin + 2 :]:
        if not line.startswith("|"):
            break
        name, *row = cells_of(line)
        assert name.strip("`") not in found, line
        assert len(row) == len(found[""]), line
        found[name.strip("`")] = row
    return found


def cells(heading: str, first: str) -> list[tuple[str, str, str]]:
    """What happens, in which column, and the cell."""
    rows = table(heading, first)
    columns = rows.pop("")
    return [
        (name, column, cell)
        for name, row in rows.items()
        for column, cell in zip(columns, row, strict=True)
    ]


# --- what an alert can be ------------------------------------------------------------------------


def by_itself(case: Alert) -> Alert:
    ended, _ = reconcile(case, CASE, [], {}, at("10:00"))
    assert ended is not None
    return ended


HALF: dict[str, Any] = {"outcome": Outcome.RECOVERED}
IS: dict[str, list[Alert]] = {
    "open": [
        alert(),
        take(alert(), elapsed("09:30", "rise:0")),
        take(alert(), resolved("09:10"), heard("09:15", better=False)),
        take(alert(), pressed("09:10", Press.ASSIGN, ANA, people=(BEN,))),
    ],
    "acknowledged": [
        take(alert(), acknowledged("09:10")),
        take(alert(), contacted("09:10", reached=False)),
        take(alert(), resolved("09:10"), reopened("09:15")),
    ],
    "contacted": [
        take(alert(), contacted("09:10")),
        take(alert(), acknowledged("09:10"), contacted("09:15")),
    ],
    "snoozed": [
        take(alert(), snoozed("09:10", "15:00")),
        take(alert(), acknowledged("09:10"), snoozed("09:15", "15:00")),
    ],
    "resolved": [
        take(alert(), merely_resolved("10:00")),
        take(alert(), contacted("09:10"), merely_resolved("10:00", **HALF)),
        take(alert(), merely_resolved("10:00", cause="tone")),
    ],
    "to coach": [take(alert(), resolved("10:00", coaching=Coaching.NEEDED))],
    "closed": [
        take(alert(), resolved("10:00")),
        take(alert(), merely_resolved("09:30"), resolved("10:00")),
    ],
    "ended": [by_itself(alert()), by_itself(take(alert(), snoozed("09:10", "15:00")))],
}


def state(case: Alert) -> str:
    """What it is, in the words of the page."""
    if case.live:
        return "snoozed" if case.snoozed_until else case.state.value
    if not case.resolved_by:
        return "ended"
    if case.closed_at:
        return "closed"
    return "to coach" if case.outcome and case.cause else "resolved"


# --- what happens, each at 11:00 -----------------------------------------------------------------

NOW = "11:00"


def does(action: Press, **more: Any) -> Callable[[Alert], tuple[Alert, Steps]]:
    return lambda case: follow(case, pressed(NOW, action, BEN, **more), LOOP)


def judged(*graver: Severity) -> Callable[[Alert], tuple[Alert, Steps]]:
    """What is wrong is looked at anew; only an alert that is not over is held against it."""

    def happens(case: Alert) -> tuple[Alert, Steps]:
        if not case.live:
            return case, ()
        first = replace(case, reopened=0)
        after, steps = reconcile(first, CASE, [finding(severity=g) for g in graver], {}, at(NOW))
        assert after is not None
        return after, steps

    return happens


PEOPLE: dict[str, Callable[[Alert], tuple[Alert, Steps]]] = {
    "acknowledge": does(Press.ACKNOWLEDGE),
    "tried to contact": does(Press.CONTACT, reached=False),
    "contacted": does(Press.CONTACT),
    "a public reply": lambda case: replied(case, agent_answered(NOW), BEN),
    "resolve, with outcome and cause": does(
        Press.RESOLVE, outcome=Outcome.NOT_RECOVERED, cause="outage"
    ),
    "resolve, without": does(Press.RESOLVE, words="Done"),
    "resolve, to be coached": does(
        Press.RESOLVE,
        outcome=Outcome.RECOVERED,
        cause="tone",
        coaching=Coaching.NEEDED,
    ),
    "snooze": does(Press.SNOOZE, until=at("tue 09:00")),
    "take it": does(Press.ASSIGN, people=(BEN,)),
    "give it to somebody": does(Press.ASSIGN, people=(DANA,)),
    "add people": does(Press.ADD, people=(DANA,)),
    "note": does(Press.NOTE, words="Hm"),
    "say": does(Press.SAY, words="Hm"),
    "coached": does(Press.COACH),
    "useful": does(Press.USEFUL),
    "not useful": does(Press.USELESS),
    "open again": does(Press.REOPEN),
}
ITSELF: dict[str, Callable[[Alert], tuple[Alert, Steps]]] = {
    "nothing is wrong any more": judged(),
    "something is wrong again": judged(Severity.CRITICAL),
    "the snooze ends": lambda case: follow(case, elapsed("15:00", "snooze"), LOOP),
    "the customer: it was put right": lambda case: follow(case, heard(NOW, better=True), LOOP),
    "the customer: it was not": lambda case: follow(case, heard(NOW, better=False), LOOP),
}

# --- what a cell says ----------------------------------------------------------------------------

REFUSALS = {
    "has it": "Ana has it already since 2026-03-02 ",
    "over": "It is over since 2026-03-02 ",
    "is open": "It is open.",
    "no coaching": "No coaching is open on it.",
}


def becomes(case: Alert, happens: Callable[[Alert], tuple[Alert, Steps]]) -> str:
    """What came of it, in the words of the page."""
    after, steps = happens(case)
    if not steps:
        assert after == case
        return "nothing"
    if steps[0].change is Change.REFUSED:
        assert after == case
        return next(name for name, why in REFUSALS.items() if steps[0].words.startswith(why))
    return "–" if state(after) == state(case) else state(after)


PRESSED = cells("### What people do", "what")
HAPPENED = cells("### What happens by itself", "what")


@pytest.mark.parametrize(
    ("what", "before", "cell"), PRESSED, ids=[f"{w}: {b}" for w, b, _ in PRESSED]
)
def test_a_cell_says_what_comes_of_what_people_do(what: str, before: str, cell: str) -> None:
    assert {becomes(case, PEOPLE[what]) for case in IS[before]} == {cell}


@pytest.mark.parametrize(
    ("what", "before", "cell"), HAPPENED, ids=[f"{w}: {b}" for w, b, _ in HAPPENED]
)
def test_a_cell_says_what_comes_of_what_happens(what: str, before: str, cell: str) -> None:
    assert {becomes(case, ITSELF[what]) for case in IS[before]} == {cell}


def test_each_state_is_what_it_is_called_and_is_explained() -> None:
    for name, cases in IS.items():
        assert {state(case) for case in cases} == {name}
    rows = PAGE.partition("\n## ")[0]
    explained = [cells_of(line)[0].strip("`") for line in rows.splitlines() if "| `" in line]
    assert explained == list(IS)


@pytest.mark.parametrize(("found", "known"), [(PRESSED, PEOPLE), (HAPPENED, ITSELF)])
def test_nothing_that_happens_and_no_state_is_missing(
    found: list[tuple[str, str, str]], known: dict[str, object]
) -> None:
    assert [(w, b) for w, b, _ in found] == [(w, b) for w in known for b in IS]


def test_everything_that_people_can_do_is_in_the_table() -> None:
    done = {step.change for act in PEOPLE.values() for case in alerts() for step in act(case)[1]}
    by_people = set(Change) - {
        *(Change.OPENED, Change.ADDED, Change.UPDATED, Change.NEARED, Change.REMINDED),
        *(Change.RAISED, Change.EASED, Change.ENDED, Change.OBEYED, Change.ESCALATED),
        *(Change.NAGGED, Change.WOKEN, Change.NEAR, Change.MISSED, Change.ASKED),
        *(Change.DUE_A_LOOK, Change.HEARD, Change.CHECKED),
    }
    assert done == by_people


def alerts() -> Iterator[Alert]:
    for cases in IS.values():
        yield from cases


def test_every_refusal_is_quoted() -> None:
    quoted = table("## What comes of it", "cell")
    for name, why in REFUSALS.items():
        assert f"“{why}" in quoted[name][0]
    assert set(quoted) - {"", "a name from above"} == {
        *REFUSALS,
        "–",
        "nothing",
    }
    assert {cell for *_, cell in PRESSED + HAPPENED} <= {*quoted, *IS}


def test_the_snooze_of_a_contacted_one_ends_in_contacted() -> None:
    case = take(alert(), contacted("09:10"), snoozed("09:15", "15:00"))
    assert becomes(case, ITSELF["the snooze ends"]) == "contacted"


# --- timers --------------------------------------------------------------------------------------

TIMERS = cells("## Its timers", "timer")


@pytest.mark.parametrize(
    ("timer", "now", "cell"), TIMERS, ids=[f"{t}: {now}" for t, now, _ in TIMERS]
)
def test_a_cell_says_whether_the_timer_runs(timer: str, now: str, cell: str) -> None:
    for case in IS[now]:
        names = {name.partition(":")[0] for name in timers(case)}
        assert (timer in names) == (cell == "runs")


def test_every_timer_is_in_the_table() -> None:
    assert [timer for timer, now, _ in TIMERS if now == "open"] == [
        *("rise", "nag", "acknowledge", "contact", "resolve", "close", "snooze", "ask", "check")
    ]
    known = {name.partition(":")[0] for case in alerts() for name in timers(case)}
    assert known == {timer for timer, *_ in TIMERS}


# --- commands ------------------------------------------------------------------------------------


def test_every_tag_and_word_is_in_its_table() -> None:
    tags, words = table("## From the ticket", "tag or label"), table("## From the ticket", "word")
    del tags[""], words[""]
    assert {tag: row[0] for tag, row in tags.items()} == {t: a.value for t, a in TAGS.items()}
    assert {word: row[0] for word, row in words.items()} == {w: a.value for w, a in WORDS.items()}


# --- who is told ---------------------------------------------------------------------------------

TELLS = cells("## Who is told", "what happens")
WHERE: dict[str, Callable[[Action], bool]] = {
    "thread": lambda action: action is Action.REPLY,
    "channel": lambda action: action is Action.BROADCAST,
    "directly": lambda action: action is Action.DIRECT,
    "ticket": lambda action: action in (Action.NOTE, Action.TAG, Action.UNTAG),
}


def told(change: Change) -> set[Action]:
    """What is planned where that happens to a critical alert that is on the ticket and in Slack, by Ana."""
    step = Step(
        change=change,
        at=at(NOW) + timedelta(minutes=1),
        finding=finding(severity=Severity.CRITICAL),
        who=Member() if change in (Change.OPENED, Change.RAISED) else ANA,
        words="words",
        goal="contact",
        was=Severity.WARNING,
        rise=Rise(at=at(NOW), who=DANA, by=(SLACK,)),
        people=(BEN,),
    )
    over = change in (Change.ENDED, Change.RESOLVED)
    [case, *_] = IS["closed" if over else "acknowledged"]
    case = replace(case, severity=Severity.CRITICAL)
    facts = Plan(LOOP, DEFAULT_ROUTES, "zendesk", frozenset({TICKET, SLACK}))
    return {delivery.action for delivery in plan(case, CASE, (step,), facts)}


@pytest.mark.parametrize(
    ("what", "where", "cell"), TELLS, ids=[f"{what}: {where}" for what, where, _ in TELLS]
)
def test_a_cell_says_who_is_told(what: str, where: str, cell: str) -> None:
    assert any(map(WHERE[where], told(Change(what)))) == (cell == "yes")


def test_everything_that_happens_is_told_of() -> None:
    assert {what for what, *_ in TELLS} == {change.value for change in Change}
    assert {cell for *_, cell in TELLS} == {"yes", "–"}
