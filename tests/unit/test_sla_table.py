"""docs/sla.md says what happens to each clock; each cell of its tables is a test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bridge.domain.clocks import clocks, used
from bridge.domain.goals import GOALS, Goal
from bridge.domain.model import AnyEvent, Clock, Party
from tests.stories import (
    ROUND_THE_CLOCK,
    agent_answered,
    agent_noted,
    at,
    became,
    customer_wrote,
    gone,
    moved,
    opened,
    promising,
    ranked,
    rated,
    ticket,
)

PAGE = Path(__file__).parent.parent.parent / "docs" / "sla.md"
HOUR = timedelta(hours=1)
Story = tuple[AnyEvent, ...]

# --- the page ------------------------------------------------------------------------------------


def cells_of(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def cells() -> Iterator[tuple[str, str, str]]:
    """Of every table below "What happens to each clock" whose rows are goals: goal, what happens, the cell."""
    told = PAGE.read_text("utf-8").partition("\n## What happens to each clock\n")[2]
    columns: list[str] = []
    for line in told.partition("\n## ")[0].splitlines():
        if line.startswith("| goal |"):
            columns = cells_of(line)[1:]
        elif line.startswith("| `") and columns:
            goal, *row = cells_of(line)
            assert len(row) == len(columns), line
            yield from (
                (goal.strip("`"), what, cell) for what, cell in zip(columns, row, strict=True)
            )
        elif not line.startswith("|"):
            columns = []


CELLS = list(cells())

# --- what happens, each at 13:00 -----------------------------------------------------------------

NOW = "13:00"
OPENED = opened("09:00", id="opened")
ANSWERED = agent_answered("10:00", id="answered")
WROTE = customer_wrote("11:00", id="wrote")


def on(*events: AnyEvent) -> Callable[[Story], tuple[Story, Story]]:
    """It happens to the ticket as it is."""
    return lambda story: (story, events)


def after(first: AnyEvent, *events: AnyEvent) -> Callable[[Story], tuple[Story, Story]]:
    """It happens after something else did."""
    return lambda story: ((*story, first), events)


def instead(*events: AnyEvent) -> Callable[[Story], tuple[Story, Story]]:
    """It happens to nothing: this is the ticket's beginning."""
    return lambda _: ((), events)


SOLVED = became("12:00", "solved", id="solved")
WHAT: dict[str, list[Callable[[Story], tuple[Story, Story]]]] = {
    "the customer opens the ticket": [instead(opened(NOW))],
    "an agent opens it for the customer": [instead(opened(NOW, by=Party.AGENT))],
    "the customer writes": [on(customer_wrote(NOW))],
    "an agent answers publicly": [on(agent_answered(NOW))],
    "an internal note": [on(agent_noted(NOW))],
    "our own note": [
        on(agent_noted(NOW, by=Party.BRIDGE)),
        on(agent_answered(NOW, by=Party.BRIDGE)),
    ],
    "a robot's reply": [on(agent_answered(NOW, by=Party.SYSTEM))],
    "a survey answer": [on(rated(NOW, score=0.0))],
    "set pending": [on(became(NOW, "pending"))],
    "set on hold": [on(became(NOW, "hold"))],
    "back to open": [
        after(became("12:00", "pending"), became(NOW, "open")),
        after(became("12:00", "hold"), became(NOW, "open")),
    ],
    "solved": [on(became(NOW, "solved"))],
    "reopened by the customer": [
        after(SOLVED, customer_wrote(NOW), became(NOW, "open")),
        after(SOLVED, became(NOW, "open"), customer_wrote(NOW)),
    ],
    "reopened by an agent": [after(SOLVED, became(NOW, "open"))],
    "closed": [on(became(NOW, "closed"))],
    "deleted, spam or merged": [
        on(gone(NOW)),
        on(gone(NOW, why="spam")),
        on(gone(NOW, into="17")),
    ],
    "an unknown custom status": [
        on(became(NOW, "awaiting the moon")),
        after(became("12:00", "pending"), became(NOW, "awaiting the moon")),
    ],
    "handed to another team": [on(moved(NOW, team="2"))],
    "another agent": [on(moved(NOW, agent="A2"))],
    "the priority changes": [on(ranked(NOW, "urgent"))],
}

# --- the ticket before ---------------------------------------------------------------------------

HAD = moved("09:00", team="1", agent="A1", id="had")
RUNS: dict[str, Story] = {  # the clock of the goal runs
    "first_response": (OPENED, HAD),
    "next_reply": (OPENED, HAD, ANSWERED, WROTE),
    "periodic_update": (OPENED, HAD, ANSWERED),
    "requester_wait": (OPENED, HAD),
    "agent_work": (OPENED, HAD),
    "resolution": (OPENED, HAD),
}
RUNS_NOT: dict[str, Story] = {  # not yet, but it may begin
    "first_response": (opened("09:00", by=Party.AGENT, id="opened"), HAD),
    "next_reply": (OPENED, HAD, ANSWERED),
    "periodic_update": (OPENED, HAD),
}


def clock(goal: str, story: Story) -> Clock | None:
    """The clock of the goal after these events; its target is 48 hours, for team 2 and urgent tickets 24."""
    if not story:
        return None
    promise = Goal(
        name=goal,
        targets={"": 48 * HOUR, "urgent": 24 * HOUR},
        teams={"zendesk:2": {"": 24 * HOUR}},
    )
    found = clocks(ticket(*story), promising(promise, hours=ROUND_THE_CLOCK))
    return found[0] if found else None


def passed(running: Clock | None, now: datetime) -> timedelta | None:
    return None if running is None else used(running, ROUND_THE_CLOCK, now)


# --- what a cell says ----------------------------------------------------------------------------


def changes(goal: str, before: Story, events: Story) -> str:
    """What came of the clock, in the words of the table."""
    old, new = clock(goal, before), clock(goal, (*before, *events))
    now, later = at(NOW), at(NOW) + HOUR
    if new is None:
        return "–" if old is None else "stops"
    if passed(new, later) == passed(new, now):
        kept = old is not None and passed(new, now) == passed(old, now)
        return "pauses" if kept else "paused, and forgot what had passed"
    if new.started_at == now:
        return "starts" if old is None else "restarts"
    if old is None:  # solved, say: it goes on where it was
        stopped = clock(goal, tuple(event for event in before if event is not SOLVED))
        same = passed(new, now) == passed(stopped, SOLVED.at)
        return "runs on" if same else "forgot what had passed"
    if (new.started_at, passed(new, now)) != (old.started_at, passed(old, now)):
        return "forgot what had passed"
    return "runs on" if new.target == old.target else "retargets"


WORDS = {"starts", "restarts", "runs on", "pauses", "stops", "retargets", "–"}


def word(found: set[str]) -> str:
    """What the cell says if this comes of clocks that run, and of such as do not yet."""
    if "restarts" in found and found <= {"restarts", "starts"}:
        return "restarts"
    if "starts" in found and found <= {"starts", "runs on", "–"}:
        return "starts"
    return " or ".join(sorted(found - {"–"})) or "–"


@pytest.mark.parametrize(("goal", "what", "cell"), CELLS, ids=[f"{g}: {w}" for g, w, _ in CELLS])
def test_a_cell_says_what_happens(goal: str, what: str, cell: str) -> None:
    stories = (RUNS[goal], RUNS_NOT[goal]) if goal in RUNS_NOT else (RUNS[goal],)
    found = {changes(goal, *happens(story)) for story in stories for happens in WHAT[what]}
    assert word(found) == cell


def test_the_first_answer_owes_the_first_update() -> None:
    before = RUNS_NOT["periodic_update"]
    assert changes("periodic_update", before, (agent_answered(NOW),)) == "starts"


def test_no_goal_nothing_that_happens_and_no_cell_is_missing() -> None:
    named = [(goal, what) for goal, what, _ in CELLS]
    assert len(named) == len(set(named))
    assert set(named) == {(goal, what) for goal in GOALS for what in WHAT}


def test_every_word_in_a_cell_is_explained() -> None:
    told = PAGE.read_text("utf-8").partition("\n## What happens to each clock\n")[2]
    explained = {
        cells_of(line)[0].strip("`")
        for line in told.partition("\n### ")[0].splitlines()
        if line.startswith("| `")
    }
    assert explained == WORDS == {cell for _, _, cell in CELLS}


def test_the_goals_are_explained_in_their_order() -> None:
    told = PAGE.read_text("utf-8").partition("\n## The six goals\n")[2].partition("\n## ")[0]
    rows = [cells_of(line)[0] for line in told.splitlines() if line.startswith("| `")]
    assert rows == [f"`{goal}`" for goal in GOALS]
