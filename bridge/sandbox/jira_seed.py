"""A request with a short past, made at once: for sites that are to hold very many."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from bridge.sandbox.jira_edits import item
from bridge.sandbox.jira_records import Comment, History, Issue, Project, slas_from


def seeded(
    issue_id: str,
    key: str,
    at: datetime,
    *,
    home: Project,
    customer: str,
    agent: str,
    record_id: Callable[[], str],
) -> Issue:
    """An open request: assigned after 20 seconds, taken up after 30, answered after 40, noted upon after 50."""
    taken, answered, noted = (at + timedelta(seconds=n) for n in (30, 40, 50))
    before, after = home.statuses[:2]
    changes = (
        (taken - timedelta(seconds=10), item("assignee", None, agent, lambda _: "Agent")),
        (taken, item("status", before, after, str)),
    )
    issue = Issue(
        id=issue_id,
        key=key,
        project=home,
        summary=f"Request {issue_id}",
        description="Please help.",
        status=after,
        priority="Medium",
        reporter=customer,
        creator=customer,
        created=at,
        updated=noted,
        status_changed=taken,
        assignee=agent,
        request_type="Get help" if home.is_desk else None,
        comments=[
            Comment(record_id(), agent, "We are looking into it.", True, answered),
            Comment(record_id(), agent, "A colleague knows.", not home.is_desk, noted),
        ],
        changelog=[History(record_id(), agent, moment, (one,)) for moment, one in changes],
    )
    if issue.is_request:
        issue.slas = slas_from(at)
        issue.slas[1].finish(answered)
    return issue
