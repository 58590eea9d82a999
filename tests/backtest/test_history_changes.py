"""A row for each change of a field: a case begins with the old values of its first changes."""

from __future__ import annotations

from pathlib import Path

from bridge.domain.model import (
    Assigned,
    Opened,
    Party,
    PriorityChanged,
    Rated,
    Replied,
    StatusChanged,
    Tagged,
    Touched,
)
from bridge.domain.ticket import fold_all
from tests.backtest.histories import after, at, example, read, written

HEAD = ("issue", "issue_created", "reporter", "when", "author", "field", "from", "to", "body")
ISSUE = ("HELP-1", at(), "omar")


def test_a_changelog_of_jira(tmp_path: Path) -> None:
    log = written(
        tmp_path,
        [
            HEAD,
            (*ISSUE, at(hours=1), "ana", "status", "Open", "In Progress", ""),
            (*ISSUE, at(hours=1), "ana", "assignee", "", "ana", ""),
            (*ISSUE, at(hours=2), "ana", "Comment", "", "", "We look into it"),
            (*ISSUE, at(hours=3), "ana", "internal comment", "", "", "A known fault"),
            (*ISSUE, at(hours=4), "omar", "comment", "", "", "Hello?"),
            (*ISSUE, at(hours=5), "ana", "Team", "Desk", "Lab", ""),
            (*ISSUE, at(hours=5), "ana", "assignee", "ana", "ben", ""),
            (*ISSUE, at(hours=6), "ben", "priority", "Low", "High", ""),
            (*ISSUE, at(hours=7), "ben", "labels", "web", "web outage", ""),
            (*ISSUE, at(hours=8), "ben", "Fix version", "", "1.2", ""),
            (*ISSUE, at(hours=9), "ben", "status", "In Progress", "Resolved", ""),
            (*ISSUE, at(hours=10), "omar", "status", "Resolved", "Reopened", ""),
            (*ISSUE, at(hours=11), "ben", "status", "Reopened", "Done", ""),
            (*ISSUE, at(hours=12), "omar", "Satisfaction", "", "2", "Slow"),
        ],
    )
    [case], found = read(log, example("jira-changelog"))
    opened, *rest = case.events
    assert isinstance(opened, Opened)
    assert opened.seen is not None
    seen = opened.seen
    assert (seen.status, seen.team, seen.priority, seen.tags) == ("open", "Desk", "low", ("web",))
    assert (seen.agent, seen.requester) == (None, "omar")
    assert [type(event) for event in rest] == [
        StatusChanged, Assigned, Replied, Replied, Replied, Assigned, Assigned, PriorityChanged,
        Tagged, Touched, StatusChanged, StatusChanged, StatusChanged, Rated,
    ]  # fmt: skip
    replies = [event for event in rest if isinstance(event, Replied)]
    assert [(r.public, r.by) for r in replies] == [
        (True, Party.AGENT),
        (False, Party.AGENT),
        (True, Party.CUSTOMER),
    ]
    rated = rest[-1]
    assert isinstance(rated, Rated)
    assert (rated.answer.score, rated.answer.words) == (0.25, "Slow")
    ticket = fold_all(case.events)
    assert ticket is not None
    assert [handoff.of for handoff in ticket.handoffs] == ["team"]  # and the agent in one save
    assert ticket.reopened == (after(hours=10),)
    reopened, low = case.outcomes["reopened"], case.outcomes["low score"]
    assert (reopened.bad, reopened.at) == (True, after(hours=10))
    assert (low.bad, low.at) == (True, after(hours=12))
    assert (case.opened_at, case.resolved_at) == (after(), after(hours=11))
    assert found.flaws == {}


def test_a_reply_may_be_told_by_a_column_as_well(tmp_path: Path) -> None:
    mapping = """
        [file]
        rows = "changes"
        [columns]
        case = "issue"
        time = "when"
        actor = "author"
        field = "field"
        old = "from"
        new = "to"
        text = "body"
        [changes]
        status = "state"
        [replies]
        when = "column"
        column = "seen by"
        values = ["customer"]
        [notes]
        when = "column"
        column = "seen by"
        values = ["us"]
    """
    log = written(
        tmp_path,
        [
            ("issue", "when", "author", "field", "from", "to", "body", "seen by"),
            ("1", at(), "ana", "text", "", "", "Hello", "customer"),
            ("1", at(hours=1), "ana", "text", "", "", "Look", "us"),
        ],
    )
    [case], _ = read(log, mapping)
    said = [event for event in case.events if isinstance(event, Replied)]
    assert [(one.public, one.text) for one in said] == [(True, "Hello"), (False, "Look")]
    assert case.opened_at == after()
